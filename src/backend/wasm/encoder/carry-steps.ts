import { MAX_ROWS } from '../../batch.js'
import type { Engine } from '../engine.js'
import { checkNumbers } from '../finite.js'
import type { Pointer } from '../kernels.js'
import type { Buffer } from '../scheduled.js'
import type { Scratch } from '../scratch.js'
import { type Step, shortStep } from '../steps/step.js'
import type { EncoderAttention } from './text-layout.js'

/** Steps between the passes of a text's batches: they move rows between the scratch of a batch and the text's memory. */
interface CarryParts {
  readonly engine: Engine
  readonly scratch: Scratch
}

/** Stores a batch's queries, keys, values, and whatever later layers read, before attention `step`. */
export function storeStep({ engine, scratch }: CarryParts, { q, k, v, carried }: EncoderAttention): Step {
  const addressOf = ({ index }: Buffer) => scratch.buffers[index]
  const check = (buffer: Buffer, rows: number, what: string) =>
    checkNumbers(engine, addressOf(buffer), rows * buffer.width, what)
  return shortStep(({ rows, positions, text }) => {
    // Attention would hide a NaN or infinity: a softmax may give it no weight.
    check(q, rows, 'queries')
    check(k, rows, 'keys')
    check(v, rows, 'values')
    const [first] = [positions[0]]
    const { layout } = text!
    const page = text!.page(first / MAX_ROWS)
    copyRows(engine, addressOf(q), text!.at(layout.queries + first * q.width * 4), rows * q.width)
    copyRows(engine, addressOf(k), page, rows * k.width)
    copyRows(engine, addressOf(v), (page + layout.valuesOffset) as Pointer, rows * v.width)
    for (const [slot, buffer] of carried.entries()) {
      const to = text!.at(layout.carried[slot] + first * buffer.width * 4)
      copyRows(engine, addressOf(buffer), to, rows * buffer.width)
    }
  })
}

/** Loads a batch's results of attention `step`, and what the layers before have carried. */
export function loadStep({ engine, scratch }: CarryParts, { out, carried }: EncoderAttention): Step {
  const addressOf = ({ index }: Buffer) => scratch.buffers[index]
  return shortStep(({ rows, positions, text }) => {
    const [first] = [positions[0]]
    const { layout } = text!
    copyRows(engine, text!.at(layout.queries + first * out.width * 4), addressOf(out), rows * out.width)
    for (const [slot, buffer] of carried.entries()) {
      const from = text!.at(layout.carried[slot] + first * buffer.width * 4)
      copyRows(engine, from, addressOf(buffer), rows * buffer.width)
    }
  })
}

/** Loads the angles of a batch's rows. */
export function loadRopesStep({ engine, scratch }: CarryParts, dims: readonly number[]): Step {
  return shortStep(({ rows, positions, text }) => {
    for (const [rope, width] of dims.entries()) {
      const from = text!.at(text!.layout.ropes[rope] + positions[0] * width * 4)
      copyRows(engine, from, scratch.ropes[rope], rows * width)
    }
  })
}

function copyRows({ arena }: Engine, from: Pointer, to: Pointer, count: number): void {
  arena.floats(to, count).set(arena.floats(from, count))
}
