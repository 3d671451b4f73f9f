/** Tokens per second over the last seconds, of everything that runs. */
const WINDOW_MS = 2000

export class TokenMeter {
  /** When tokens came, in pairs of time and number. */
  #arrivals: (readonly [number, number])[] = []

  count(tokens = 1): void {
    this.#arrivals.push([performance.now(), tokens])
  }

  /** Forgets what came before a pause. */
  reset(): void {
    this.#arrivals = []
  }

  /** `undefined` with less than two arrivals in the window. */
  rate(): number | undefined {
    const now = performance.now()
    this.#arrivals = this.#arrivals.filter(([time]) => now - time < WINDOW_MS)
    const [first] = this.#arrivals
    if (this.#arrivals.length < 2) return undefined
    const counted = this.#arrivals.reduce((sum, [, tokens]) => sum + tokens, 0) - first[1]
    const elapsed = this.#arrivals[this.#arrivals.length - 1][0] - first[0]
    return elapsed > 0 ? (counted * 1000) / elapsed : undefined
  }
}
