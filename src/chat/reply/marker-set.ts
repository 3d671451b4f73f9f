import { StopMatcher } from '../../session/stop-matcher.js'

/** A marker and its offset. */
export interface FoundMarker {
  readonly marker: string
  readonly start: number
}

/** Finds a set of markers in text; no marker is a prefix of another one. */
export class MarkerSet {
  readonly #pattern: RegExp | undefined
  readonly #matcher: StopMatcher

  constructor(markers: readonly string[]) {
    const escaped = markers.map((marker) => marker.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    this.#pattern = markers.length === 0 ? undefined : new RegExp(escaped.join('|'), 'g')
    this.#matcher = new StopMatcher(markers)
  }

  /** The first marker at or after `from`, found in one pass for any number of markers. */
  find(text: string, from: number): FoundMarker | undefined {
    if (!this.#pattern) return undefined
    this.#pattern.lastIndex = from
    const found = this.#pattern.exec(text)
    return found ? { marker: found[0], start: found.index } : undefined
  }

  /** How many characters at the end of `text` may be the beginning of a marker. */
  undecided(text: string): number {
    return this.#matcher.undecided(text)
  }
}
