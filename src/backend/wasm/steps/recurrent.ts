import type { Program } from '../../program.js'
import type { Engine } from '../engine.js'
import { checkNumbers } from '../finite.js'
import type { Pointer, Recurrent } from '../kernels.js'
import type { Buffer } from '../scheduled.js'
import type { WorkKind } from '../slicer.js'
import { stateLayout } from '../state-layout.js'
import type { Weights } from '../weights.js'
import { type ScheduledRecurrent, writeRecurrent } from './recurrent-records.js'
import type { Pass, PassRun, Step } from './step.js'

/** Fewest channels, or rows of a state, in a slice. */
const MIN_CHANNELS_PER_SLICE = 64

/** The silu after a convolution, in multiply-adds. */
const SILU_COST = 12

/**
 * An operation that remembers earlier rows in a state of constant size; one unit per run. Slices are ranges of channels, or of
 * rows of the state, each of which goes through all rows of the run.
 */
export class RecurrentStep implements Step {
  readonly #engine: Engine
  readonly #kernel: Recurrent
  readonly #record: Pointer
  /** Of the operation's state in a span of states, in bytes. */
  readonly #offset: number
  readonly #kind: WorkKind
  /** Multiply-adds per row. */
  readonly #work: number
  readonly #channels: number
  /** A buffer that is not finite if the state is not, f32[rows][width], and what it holds. */
  readonly #checked: { readonly at: Pointer; readonly width: number; readonly what: string }

  constructor(
    engine: Engine,
    { program, weights }: { program: Program; weights: Weights },
    step: ScheduledRecurrent,
    addressOf: (buffer: Buffer) => Pointer,
  ) {
    const { kernels } = engine
    const spec = program.memories[step.memory]
    if (spec.kind !== 'recurrent') throw new Error(`memory ${step.memory} is not a recurrent state`)
    this.#engine = engine
    this.#record = writeRecurrent(engine, step, weights, addressOf)
    this.#offset = stateLayout(program.memories).offsets[step.memory]
    this.#channels = step.out.width
    if (step.kind === 'conv') {
      const { x, taps, silu } = step
      this.#kernel = kernels.conv
      this.#kind = 'conv'
      this.#work = x.width * (taps + (silu ? SILU_COST : 0))
      this.#checked = { at: addressOf(x), width: x.width, what: 'inputs of a convolution' }
    } else {
      const { kind, out } = step
      this.#kernel = kind === 'deltaRule' ? kernels.delta_rule : kernels.state_scan
      this.#kind = 'recurrence'
      this.#work = 4 * spec.values
      this.#checked = { at: addressOf(out), width: out.width, what: 'recurrent states' }
    }
  }

  units({ runs }: Pass): number {
    return runs.length
  }

  kind(): WorkKind {
    return this.#kind
  }

  size({ runs }: Pass, unit: number): number {
    return this.#work * runs[unit].rows
  }

  maxSlices(): number {
    return Math.floor(this.#channels / MIN_CHANNELS_PER_SLICE)
  }

  run({ runs }: Pass, unit: number, slice: number, slices: number): void {
    const run = runs[unit]
    const { firstRow, rows, states } = run
    if (!states) throw new Error('a run without states')
    const { from, after } = states
    const calls = after.length
    let before = from
    for (let i = 0; i < calls; i++) {
      // A decode run keeps the state after each of its rows, a prompt only that after the last one.
      const [first, count] = calls === rows ? [firstRow + i, 1] : [firstRow, rows]
      const at = (before + this.#offset) as Pointer
      this.#kernel(this.#record, first, count, at, (after[i] + this.#offset) as Pointer, slice, slices)
      before = after[i]
    }
    if (slice === slices - 1) this.#check(run)
  }

  /**
   * A NaN or infinity would stay in the state for ever, and only output rows are checked at the end of a pass. A state's product
   * with a row shows it: infinity times zero is NaN.
   */
  #check({ firstRow, rows }: PassRun): void {
    const { at, width, what } = this.#checked
    checkNumbers(this.#engine, (at + firstRow * width * 4) as Pointer, rows * width, what)
  }
}
