/** Streams that are tried: the kernels' default, and one. */
const CHOICES = [8, 1] as const

/** Passes before the first that counts: the engine still compiles the kernels while they run. */
const WARM_UP = 6
/** Passes per choice that count, which take turns: from how many on a clear difference decides, and at most. */
const TRIALS = { fewest: 2, most: 6 }
/** How many times longer the other's passes all take, where a difference is clear. */
const CLEAR = 1.1

/**
 * Chooses in how many sequential streams repacked weights are read in decode, by the times of passes with a single row. The
 * prefetchers of Intel's servers need eight streams (14 GB/s; 5 with one), those of AMD's Zen 5 prefer one (18 GB/s; 13 with
 * eight; bench/kernels/README.md). The results do not depend on it.
 */
export class StreamChooser {
  readonly #set: (streams: number) => void
  readonly #ms: number[][] = CHOICES.map(() => [])
  #passes = 0
  #current = 0
  #isDecided = false

  /** `set` is called with the number of streams for the following passes. */
  constructor(set: (streams: number) => void) {
    this.#set = set
  }

  /** Records the milliseconds of a pass with a single row. */
  record(ms: number): void {
    if (this.#isDecided) return
    if (this.#passes >= WARM_UP) this.#ms[this.#current].push(ms)
    this.#passes++
    if (this.#passes <= WARM_UP) return
    const best = this.#current === CHOICES.length - 1 ? this.#best() : undefined
    this.#isDecided = best !== undefined
    const next = best ?? (this.#current + 1) % CHOICES.length
    if (next !== this.#current) this.#set(CHOICES[next])
    this.#current = next
  }

  /** The faster choice, the default where they are equal, or undefined before that can be told. */
  #best(): number | undefined {
    const [some, others] = this.#ms
    if (some.length < TRIALS.fewest) return undefined
    if (Math.max(...others) * CLEAR < Math.min(...some)) return 1
    if (Math.max(...some) * CLEAR < Math.min(...others)) return 0
    if (some.length < TRIALS.most) return undefined
    return median(others) < median(some) ? 1 : 0
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
