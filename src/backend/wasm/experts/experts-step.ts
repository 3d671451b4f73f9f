import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { Buffer, Scheduled } from '../scheduled.js'
import type { Scratch } from '../scratch.js'
import type { WorkKind } from '../slicer.js'
import type { Pass, Step } from '../steps/step.js'
import type { Weights } from '../weights.js'
import { EXPERTS_BYTES, writeExperts } from './expert-records.js'

type ScheduledExperts = Scheduled & { kind: 'experts' }

/** Bytes that a mixture's step allocates. */
export function expertsBytes(): number {
  return EXPERTS_BYTES
}

/** Computes the experts of all rows. Throws `OUT_OF_MEMORY`. */
export function expertsStep(
  engine: Engine,
  step: ScheduledExperts,
  { weights, scratch }: { readonly weights: Weights; readonly scratch: Scratch },
  addressOf: (buffer: Buffer) => Pointer,
): Step {
  const record = engine.arena.allocate(EXPERTS_BYTES, 'a mixture of experts')
  const [x, routes, out] = [step.x, step.routes, step.out].map(addressOf)
  writeExperts(engine, record, weights, { ...step, x, routes, out, scratch: scratch.experts })
  return new ExpertsStep(engine, step, record)
}

/** Fewest rows of each expert's matrix in a slice: the rows of a tile. */
const MIN_ROWS_PER_SLICE = 8

/** The experts of each token; one unit per segment. The first slices compute what `down` reads, the others the sums. */
class ExpertsStep implements Step {
  readonly #engine: Engine
  readonly #record: Pointer
  readonly #innerRows: number
  readonly #outRows: number
  /** Multiply-adds per token, and the share of them before `down`. */
  readonly #work: number
  readonly #innerShare: number

  constructor(engine: Engine, { gate, up, down, used }: ScheduledExperts, record: Pointer) {
    this.#engine = engine
    this.#record = record
    this.#innerRows = up.rows
    this.#outRows = down.rows
    const inner = (gate ? 2 : 1) * up.rows * up.columns
    this.#work = used * (inner + down.rows * down.columns)
    this.#innerShare = (used * inner) / this.#work
  }

  units({ segments }: Pass): number {
    return segments.length
  }

  kind({ segments }: Pass, unit: number): WorkKind {
    return segments[unit].phase === 'prefill' ? 'experts' : 'few-experts'
  }

  size({ segments }: Pass, unit: number): number {
    return this.#work * segments[unit].rows
  }

  maxSlices(): number {
    const most = Math.min(this.#innerRows / this.#innerShare, this.#outRows / (1 - this.#innerShare))
    return Math.floor(most / MIN_ROWS_PER_SLICE)
  }

  run({ segments }: Pass, unit: number, slice: number, slices: number): void {
    const { firstRow, rows, phase } = segments[unit]
    const { experts_inner, experts_sum } = this.#engine.kernels
    const isBatched = phase === 'prefill'
    if (slices === 1) {
      experts_inner(this.#record, firstRow, rows, isBatched, 0, 1)
      experts_sum(this.#record, firstRow, rows, isBatched, 0, 1)
      return
    }
    const inner = Math.min(slices - 1, Math.max(1, Math.round(slices * this.#innerShare)))
    if (slice < inner) experts_inner(this.#record, firstRow, rows, isBatched, slice, inner)
    else experts_sum(this.#record, firstRow, rows, isBatched, slice - inner, slices - inner)
  }
}
