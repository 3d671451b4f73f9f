import { SLICE_MS } from '../../platform/pacer.js'

/** Kinds of operations, whose speeds are measured separately: batched products, decode of one and of several tokens,
 * attention, batched products with experts, decode with experts, convolutions, recurrences. */
export type WorkKind =
  | 'matmul'
  | 'matvec'
  | 'few-tokens'
  | 'attention'
  | 'experts'
  | 'few-experts'
  | 'conv'
  | 'recurrence'

/** Target duration of a slice in milliseconds: with the time since the last pause, far below 50. */
const TARGET_MS = 0.75 * SLICE_MS

/** Multiply-adds per millisecond before anything has been measured: a slow phone whose engine has not optimised yet. */
const SLOWEST = 250_000

/** Milliseconds of measurements that are kept: older ones decay, so slices adapt to a processor that slows down. */
const MEMORY_MS = 200

interface Speed {
  ms: number
  size: number
}

/** Chooses into how many slices to cut an operation, by the measured speed of its kind. */
export class Slicer {
  readonly #speeds = new Map<WorkKind, Speed>()

  /** Number of slices, at least 1, of an operation of `size` multiply-adds, each expected to take at most TARGET_MS. */
  slices(kind: WorkKind, size: number): number {
    const speed = this.#speed(kind)
    return Math.max(1, Math.ceil((size * speed.ms) / speed.size / TARGET_MS))
  }

  /**
   * Records the duration of an operation. The speed comes from sums, not from single measurements: a clock that is coarser
   * than an operation is right on average.
   */
  record(kind: WorkKind, size: number, ms: number): void {
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
      // The weight of one slice, so that the first measurement has effect.
      speed = { ms: TARGET_MS, size: TARGET_MS * SLOWEST }
      this.#speeds.set(kind, speed)
    }
    return speed
  }
}
