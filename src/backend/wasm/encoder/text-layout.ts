import { PAGE_POSITIONS } from '../../memory.js'
import type { PositionBias, Program } from '../../program.js'
import { aligned } from '../arena.js'
import type { Schedule, Scheduled } from '../scheduled.js'

/** A scheduled attention in both directions. */
export type EncoderAttention = Scheduled & { kind: 'encoderAttention' }

/** The attentions of a schedule, in order. */
function attentionsOf({ steps }: Pick<Schedule, 'steps'>): EncoderAttention[] {
  return steps.filter((step): step is EncoderAttention => step.kind === 'encoderAttention')
}

/** Says which attentions share a table of biases. */
export function biasKey({ bias, heads }: EncoderAttention): string | undefined {
  return bias && JSON.stringify([bias, heads])
}

/** Where the parts of a text's memory are, in bytes from its beginning; everything is f32 unless stated otherwise. */
export interface TextLayout {
  /** Queries of one layer, [positions][heads][headDim], which the results replace. */
  readonly queries: number
  /** Pages of one layer's keys and values, `pageBytes` each: keys, then at `valuesOffset` values, PAGE_POSITIONS of both. */
  readonly pages: number
  readonly pageBytes: number
  readonly valuesOffset: number
  /** The addresses of the pages, u32. */
  readonly pageTable: number
  /** Values that later layers read, [positions][width]: the residual stream. By index in `carried`. */
  readonly carried: readonly number[]
  /** The tables of rotary embeddings, [positions][dims]. */
  readonly ropes: readonly number[]
  /** Biases by head and distance, [heads][2 · positions - 1], by `biasKey`. */
  readonly biases: ReadonlyMap<
    string,
    { readonly at: number; readonly bias: PositionBias; readonly heads: number }
  >
  readonly bytes: number
}

/** The layout of a text of `positions` tokens: one layer at a time is complete. */
export function textLayout(program: Program, schedule: Schedule, positions: number): TextLayout {
  const attentions = attentionsOf(schedule)
  let bytes = 0
  const take = (size: number): number => {
    const at = bytes
    bytes += aligned(size)
    return at
  }
  const widest = (width: (step: EncoderAttention) => number) => Math.max(0, ...attentions.map(width))
  const queries = take(positions * widest(({ q }) => q.width) * 4)
  const valuesOffset = PAGE_POSITIONS * widest(({ k }) => k.width) * 4
  const pageBytes = 2 * valuesOffset
  const pageCount = Math.ceil(positions / PAGE_POSITIONS)
  const pages = take(pageCount * pageBytes)
  const pageTable = take(pageCount * 4)
  const slots = widest(({ carried }) => carried.length)
  const carried = Array.from({ length: slots }, (_, slot) =>
    take(positions * widest((step) => step.carried[slot]?.width ?? 0) * 4),
  )
  const ropes = program.ropes.map(({ dims }) => take(positions * dims * 4))
  const biases = new Map<string, { at: number; bias: PositionBias; heads: number }>()
  for (const step of attentions) {
    const key = biasKey(step)
    if (key === undefined || biases.has(key)) continue
    const at = take(step.heads * (2 * positions - 1) * 4)
    biases.set(key, { at, bias: step.bias!, heads: step.heads })
  }
  return { queries, pages, pageBytes, valuesOffset, pageTable, carried, ropes, biases, bytes }
}
