import type { Batch, TakeOutput } from '../batch.js'
import type { Program } from '../program.js'
import type { Engine } from './engine.js'
import { checkNumbers } from './finite.js'
import type { Pointer } from './kernels.js'
import type { Schedule } from './scheduled.js'
import { LOGIT_ROWS, type Scratch } from './scratch.js'
import type { StepRunner } from './step-runner.js'
import { type CompiledProgram, outputPass } from './steps/compile.js'
import { ProjectStep } from './steps/project.js'

/** What `Outputs` works with. */
export interface OutputsParts {
  readonly engine: Engine
  readonly program: Program
  readonly schedule: Schedule
  readonly scratch: Scratch
  readonly compiled: CompiledProgram
  readonly runner: StepRunner
  /** Throws once the executable has been disposed. */
  readonly assertOpen: () => void
}

/** Computes the results of output rows, from the residual stream that a pass has left in the scratch. */
export class Outputs {
  readonly #parts: OutputsParts

  constructor(parts: OutputsParts) {
    this.#parts = parts
  }

  /**
   * Computes the results of the output rows of the pass that has just run, in `passMs`, and calls `take` with them. Resolves
   * with the milliseconds of both.
   */
  async take(
    { outputs, want = 'logits', signal }: Pick<Batch, 'outputs' | 'want' | 'signal'>,
    take: TakeOutput,
    passMs: number,
  ): Promise<number> {
    const { engine, program, scratch, assertOpen } = this.#parts
    let ms = passMs
    for (let first = 0; first < outputs.length; first += LOGIT_ROWS) {
      const rows = outputs.slice(first, first + LOGIT_ROWS)
      const x = this.#gather(rows)
      const { vocabSize, embeddingLength } = program
      if (want !== 'hidden') {
        ms += await this.#logits(x, rows.length, signal)
        checkNumbers(engine, scratch.logits, rows.length * vocabSize, 'logits')
      }
      const hidden = want === 'logits' ? undefined : this.#hidden(x, rows.length)
      if (hidden) checkNumbers(engine, hidden, rows.length * embeddingLength, 'hidden states')
      const part = (at: Pointer, index: number, width: number) =>
        engine.arena.floats((at + index * width * 4) as Pointer, width)
      for (const [index, row] of rows.entries()) {
        const state = hidden && part(hidden, index, embeddingLength)
        const logits = want === 'hidden' ? undefined : part(scratch.logits, index, vocabSize)
        const values = logits && state ? joined(logits, state) : (logits ?? state!)
        const taking = take(row, values, ms)
        if (!taking) continue
        await taking
        assertOpen()
        signal?.throwIfAborted()
      }
    }
    return ms
  }

  /** The residual stream of `rows`, contiguous, f32[rows][embeddingLength]. */
  #gather(rows: readonly number[]): Pointer {
    const { engine, program, schedule, scratch } = this.#parts
    const { arena } = engine
    const { embeddingLength } = program
    const from = scratch.buffers[schedule.head.x.index]
    const address = (row: number) => (from + row * embeddingLength * 4) as Pointer
    const [first] = rows
    if (rows.at(-1)! - first === rows.length - 1) return address(first)
    const gathered = arena.floats(scratch.gathered, rows.length * embeddingLength)
    for (const [index, row] of rows.entries()) {
      gathered.set(arena.floats(address(row), embeddingLength), index * embeddingLength)
    }
    return scratch.gathered
  }

  async #logits(x: Pointer, rows: number, signal: AbortSignal | undefined): Promise<number> {
    const { engine, program, scratch, compiled, runner } = this.#parts
    const { kernels, pool } = engine
    if (!program.logits || !compiled.output) throw new Error('an encoder has no logits')
    const { scale, softcap } = program.logits
    const count = rows * program.vocabSize
    const step = new ProjectStep(engine, compiled.output, x, scratch.workspace)
    const ms = await runner.run([step], outputPass(rows), signal)
    if (scale !== undefined) pool.run(() => kernels.scale(scratch.logits, count, scale))
    if (softcap !== undefined) pool.run(() => kernels.softcap(scratch.logits, count, softcap))
    return ms
  }

  #hidden(x: Pointer, rows: number): Pointer {
    const { engine, program, scratch, compiled } = this.#parts
    const { norm } = compiled
    if (!norm) return x
    const { normed } = scratch
    engine.pool.run(() => engine.kernels.norm_rows(norm, x, normed, rows, program.embeddingLength, 1))
    return normed
  }
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
