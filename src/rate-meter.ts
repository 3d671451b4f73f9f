/** Milliseconds over which a rate is averaged, so that it follows changes. */
const WINDOW = 5000

/** How fast bytes arrive. */
export class RateMeter {
  /** Samples of the last seconds, oldest first. */
  readonly #marks: { readonly at: number; readonly loaded: number }[]

  /** `loaded`: what had arrived before. */
  constructor(loaded = 0, now = performance.now()) {
    this.#marks = [{ at: now, loaded }]
  }

  /** Takes the bytes that have arrived so far; returns bytes per second, 0 where that is not known yet. */
  update(loaded: number, now = performance.now()): number {
    this.#marks.push({ at: now, loaded })
    while (this.#marks.length > 2 && now - this.#marks[1].at > WINDOW) this.#marks.shift()
    const [first] = this.#marks
    return now > first.at ? Math.max(0, ((loaded - first.loaded) * 1000) / (now - first.at)) : 0
  }
}
