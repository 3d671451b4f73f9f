import { SLICE_MS } from '../../platform/pacer.js'

/** Kinds of operations, each with a speed of its own: products of batches and of single tokens, attention. */
export type WorkKind = 'matmul' | 'matvec' | 'attention'

/** Milliseconds that a slice is to take: with what a pause has been put off for already, far below 50. */
const TARGET_MS = 0.75 * SLICE_MS

/** Multiply-adds per millisecond as long as nothing has been measured: a slow phone before its engine has optimised. */
const SLOWEST = 250_000

/** Milliseconds that are remembered: old measurements fade away, so slices follow a processor that slows down. */
const MEMORY_MS = 200

interface Speed {
  ms: number
  size: number
}

/** Says into how many slices to cut an operation, by how fast those of its kind have been. */
export class Slicer {
  readonly #speeds = new Map<WorkKind, Speed>()

  /** Slices, at least 1, of an operation of `size` multiply-adds, each expected to take no longer than a slice may. */
  slices(kind: WorkKind, size: number): number {
    const speed = this.#speed(kind)
    return Math.max(1, Math.ceil((size * speed.ms) / speed.size / TARGET_MS))
  }

  /**
   * Learns from what an operation took. Sums, not single measurements, make the speed: a clock that is coarser than an
   * operation is right on average.
   */
  took(kind: WorkKind, size: number, ms: number): void {
    const speed = this.#speed(kind)
    speed.ms += ms
    speed.size += size
    if (speed.ms < MEMORY_MS) return
    const share = MEMORY_MS / 2 / speed.ms
    speed.ms *= share
    speed.size *= share
  }

  #speed(kind: WorkKind): Speed {
    let speed = this.#speeds.get(kind)
    if (!speed) {
      // Weighs as much as one slice, so the first real one counts.
      speed = { ms: TARGET_MS, size: TARGET_MS * SLOWEST }
      this.#speeds.set(kind, speed)
    }
    return speed
  }
}
