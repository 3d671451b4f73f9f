import { StopMatcher } from '../../session/stop-matcher.js'

/** A marker, and where it begins. */
export interface FoundMarker {
  readonly marker: string
  readonly start: number
}

/** A set of markers that are looked for in text; none begins with another one. */
export class MarkerSet {
  readonly #pattern: RegExp | undefined
  readonly #matcher: StopMatcher

  constructor(markers: readonly string[]) {
    const escaped = markers.map((marker) => marker.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    this.#pattern = markers.length === 0 ? undefined : new RegExp(escaped.join('|'), 'g')
    this.#matcher = new StopMatcher(markers)
  }

  /** The first marker from `from` on; one look over the text, however many markers there are. */
  find(text: string, from: number): FoundMarker | undefined {
    if (!this.#pattern) return undefined
    this.#pattern.lastIndex = from
    const found = this.#pattern.exec(text)
    return found ? { marker: found[0], start: found.index } : undefined
  }

  /** How many characters at the end of `text` a marker may begin with. */
  undecided(text: string): number {
    return this.#matcher.undecided(text)
  }
}
