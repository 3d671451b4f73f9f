/** Streams that are tried: the kernels' default, and one. */
const CHOICES = [8, 1] as const

/** Passes before the first that counts: the engine still compiles the kernels while they run. */
const WARM_UP = 8
/** Passes per choice that count; the choices take turns. */
const TRIALS = 6

/**
 * Chooses in how many sequential streams repacked weights are read in decode, by the times of passes with a single row. The
 * prefetchers of Intel's servers need eight streams (14 GB/s; 5 with one), those of AMD's Zen 5 prefer one (15 GB/s; 12 with
 * eight; bench/kernels/README.md). The results do not depend on it.
 */
export class StreamChooser {
  readonly #set: (streams: number) => void
  readonly #ms: number[][] = CHOICES.map(() => [])
  #passes = 0
  #current = 0

  /** `set` is called with the number of streams for the following passes. */
  constructor(set: (streams: number) => void) {
    this.#set = set
  }

  /** Records the milliseconds of a pass with a single row. */
  record(ms: number): void {
    const counted = this.#passes - WARM_UP
    if (counted >= CHOICES.length * TRIALS) return
    if (counted >= 0) this.#ms[this.#current].push(ms)
    this.#passes++
    if (counted < -1) return
    const next = counted + 1 < CHOICES.length * TRIALS ? (counted + 1) % CHOICES.length : this.#best()
    if (next !== this.#current) this.#set(CHOICES[next])
    this.#current = next
  }

  /** The choice with the smallest median; the default where they are equal. */
  #best(): number {
    const [first, second] = this.#ms.map(median)
    return second < first ? 1 : 0
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
