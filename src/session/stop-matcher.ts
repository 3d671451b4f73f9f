/** Finds stop strings in text that arrives piece by piece. */
export class StopMatcher {
  readonly #stops: readonly string[]

  /** `stops` must not contain empty strings. */
  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  /**
   * The stop string that is complete first, however the text was cut into pieces; the longest of those that end at the
   * same position.
   */
  find(text: string): { readonly stop: string; readonly start: number } | undefined {
    let found: { stop: string; start: number } | undefined
    let end = Number.POSITIVE_INFINITY
    for (const stop of this.#stops) {
      const start = text.indexOf(stop)
      if (start < 0) continue
      const endOfThis = start + stop.length
      if (endOfThis > end || (endOfThis === end && found && found.start <= start)) continue
      found = { stop, start }
      end = endOfThis
    }
    return found
  }

  /** Length of the longest end of `text` that is the beginning of a stop string. */
  undecided(text: string): number {
    let longest = 0
    for (const stop of this.#stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length
      }
    }
    return longest
  }
}
