import { MAX_ROWS } from '../../batch.js'
import type { PooledHead, Program } from '../../program.js'
import type { Engine } from '../engine.js'
import { checkNumbers } from '../finite.js'
import { type Boundary, schedule } from '../schedule.js'
import type { Schedule } from '../scheduled.js'
import { allocateScratch, type Scratch, scratchBytes } from '../scratch.js'
import type { StepRunner } from '../step-runner.js'
import { compiledBytes, compileSteps } from '../steps/compile.js'
import type { Step } from '../steps/step.js'
import type { Weights } from '../weights.js'

/** The operations after pooling, in scratch of their own. */
export class PooledHeadRunner {
  readonly #engine: Engine
  readonly #runner: StepRunner
  readonly #head: PooledHead
  readonly #schedule: Schedule
  readonly #scratch: Scratch
  readonly #steps: readonly Step[]

  /** Throws `OUT_OF_MEMORY`. */
  constructor(
    { engine, weights, runner }: { engine: Engine; weights: Weights; runner: StepRunner },
    program: Program,
    head: PooledHead,
  ) {
    const own = programOf(program, head)
    this.#engine = engine
    this.#runner = runner
    this.#head = head
    this.#schedule = schedule(own, boundaryOf(head))
    this.#scratch = allocateScratch(own, this.#schedule, engine)
    const input = { program: own, schedule: this.#schedule, weights, scratch: this.#scratch }
    this.#steps = compileSteps(engine, input).steps
  }

  /** f32[count][embeddingLength] → f32[count][output.width]. Each vector has the bits of a call of that vector alone. */
  async run(vectors: Float32Array, signal: AbortSignal | undefined): Promise<Float32Array> {
    const { input, output } = this.#head
    const count = vectors.length / input.width
    const results = new Float32Array(count * output.width)
    const { arena } = this.#engine
    const from = this.#scratch.buffers[this.#schedule.inputs[0].index]
    const to = this.#scratch.buffers[this.#schedule.outputs[0].index]
    for (let first = 0; first < count; first += MAX_ROWS) {
      const rows = Math.min(MAX_ROWS, count - first)
      const part = vectors.subarray(first * input.width, (first + rows) * input.width)
      arena.floats(from, part.length).set(part)
      const segments = [{ firstRow: 0, rows, phase: 'decode' }] as const
      await this.#runner.run(this.#steps, { ids: [], positions: [], rows, runs: [], segments }, signal)
      checkNumbers(this.#engine, to, rows * output.width, 'scores')
      results.set(arena.floats(to, rows * output.width), first * output.width)
    }
    return results
  }
}

/** Bytes that a `PooledHeadRunner` takes besides the weights. */
export function pooledHeadBytes(program: Program, engine: Engine): number {
  if (!program.afterPooling) return 0
  const own = programOf(program, program.afterPooling)
  const plan = schedule(own, boundaryOf(program.afterPooling))
  return scratchBytes(own, plan, engine) + compiledBytes(plan, engine)
}

function boundaryOf({ input, output }: PooledHead): Boundary {
  return { inputs: [input], outputs: [output] }
}

function programOf(program: Program, { ops, output }: PooledHead): Program {
  return {
    ...program,
    ops,
    hidden: output,
    logits: undefined,
    memories: [],
    ropes: [],
    afterPooling: undefined,
  }
}
