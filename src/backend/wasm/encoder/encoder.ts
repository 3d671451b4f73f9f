import type { TakeOutput } from '../../batch.js'
import type { Program } from '../../program.js'
import type { RopeFrequencies } from '../../rope.js'
import type { Text } from '../../text.js'
import type { Engine } from '../engine.js'
import type { Outputs } from '../outputs.js'
import type { Schedule } from '../scheduled.js'
import type { Scratch } from '../scratch.js'
import type { StepRunner } from '../step-runner.js'
import type { Pass, Step } from '../steps/step.js'
import type { FileTables } from '../tables/file-tables.js'
import type { Weights } from '../weights.js'
import { loadRopesStep, loadStep, storeStep } from './carry-steps.js'
import { textLayout } from './text-layout.js'
import { rowsOfBatch, TextMemory } from './text-memory.js'

/** What `Encoder` works with. */
export interface EncoderParts {
  readonly engine: Engine
  readonly program: Program
  readonly schedule: Schedule
  readonly scratch: Scratch
  readonly weights: Weights
  readonly tables: FileTables | undefined
  readonly frequencies: readonly RopeFrequencies[]
  /** One for each step of the schedule. */
  readonly steps: readonly Step[]
  readonly runner: StepRunner
  readonly outputs: Outputs
}

/** What lies between two attentions, row by row, and the attention that follows it. */
interface Stage {
  readonly rows: readonly Step[]
  /** Whether among them are rows of tables by token. */
  readonly embeds: boolean
  /** `undefined` in the last stage. */
  readonly attention: Step | undefined
}

/**
 * Runs whole texts, layer by layer: all batches of a text's rows go through the operations between two attentions, then the
 * attention sees the whole text. The memory of a text holds one layer at a time.
 */
export class Encoder {
  readonly #parts: EncoderParts
  readonly #stages: readonly Stage[]

  constructor(parts: EncoderParts) {
    this.#parts = parts
    this.#stages = stagesOf(parts)
  }

  /** Like `Executable.runText`, but the text has been checked. */
  async run({ ids, outputs, signal }: Text, take: TakeOutput): Promise<number> {
    const { engine, program, schedule, weights, tables, frequencies, runner } = this.#parts
    const positions = ids.length
    const text = new TextMemory(engine, textLayout(program, schedule, positions), positions)
    try {
      text.fillBiases(weights)
      const whole = passOf(ids, text, 0, positions)
      let ms = 0
      for (const [index, stage] of this.#stages.entries()) {
        const isLast = stage.attention === undefined
        for (let batch = 0; batch < text.pages; batch++) {
          const { first, rows } = rowsOfBatch(positions, batch)
          const wanted = isLast ? outputs.filter((row) => row >= first && row < first + rows) : []
          if (isLast && wanted.length === 0) continue
          if (index === 0) text.fillRopes(frequencies, first, rows)
          const pass = passOf(ids, text, first, rows)
          if (tables && stage.embeds) await tables.prepare(pass.ids, signal)
          ms += await runner.run(stage.rows, pass, signal)
          if (!isLast) continue
          const ofBatch = { outputs: wanted.map((row) => row - first), want: 'hidden', signal } as const
          const takeRow: TakeOutput = (row, values, at) => take(first + row, values, at)
          ms = await this.#parts.outputs.take(ofBatch, takeRow, ms)
        }
        if (stage.attention) ms += await runner.run([stage.attention], whole, signal)
      }
      return ms
    } finally {
      text.free()
    }
  }
}

/** Bytes that a text of `positions` tokens takes while it runs. */
export function textBytes(program: Program, schedule: Schedule, positions: number): number {
  return textLayout(program, schedule, positions).bytes
}

function stagesOf({ engine, program, schedule, scratch, steps }: EncoderParts): Stage[] {
  const stages: Stage[] = []
  const dims = program.ropes.map((rope) => rope.dims)
  const begin = () => [loadRopesStep({ engine, scratch }, dims)]
  let rows: Step[] = begin()
  let embeds = false
  for (const [index, scheduled] of schedule.steps.entries()) {
    if (scheduled.kind !== 'encoderAttention') {
      rows.push(steps[index])
      embeds ||= scheduled.kind === 'embed' && scheduled.row === 'token'
      continue
    }
    rows.push(storeStep({ engine, scratch }, scheduled))
    stages.push({ rows, embeds, attention: steps[index] })
    embeds = false
    rows = [...begin(), loadStep({ engine, scratch }, scheduled)]
  }
  return [...stages, { rows, embeds, attention: undefined }]
}

/** A pass of rows `first` to `first + rows` of a text, all of them in the prefill phase. */
function passOf(ids: ArrayLike<number>, text: TextMemory, first: number, rows: number): Pass {
  return {
    ids: Array.prototype.slice.call(ids, first, first + rows),
    positions: Array.from({ length: rows }, (_, row) => first + row),
    rows,
    runs: [],
    segments: [{ firstRow: 0, rows, phase: 'prefill' }],
    text,
  }
}
