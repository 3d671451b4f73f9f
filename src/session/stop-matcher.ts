/** Finds stop strings in text that arrives piece by piece. */
export class StopMatcher {
  readonly #stops: readonly string[]

  /** `stops`: none of them empty. */
  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  /**
   * The stop string that is complete first, whatever the pieces were that brought the text; the longest of those that
   * end at the same place.
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

  /** How many characters at the end of `text` a stop string may begin with. */
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
