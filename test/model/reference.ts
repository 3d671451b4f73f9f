/**
 * Interprets a program in f64, one token and one scalar at a time, simple and slow: the reference for the engine's
 * logits, for all families. It shares the file reader and the program with the engine, and nothing
 * that computes.
 */
import {
  allTensors,
  type DraftHead,
  type Op,
  type PositionBias,
  type Program,
  type Value,
} from '../../src/backend/program.js'
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import type { ModelFile } from '../../src/gguf/model-file.js'
import { planModel } from '../../src/model/plan.js'
import { REFERENCE_FORMATS } from '../kernels/reference/blocks.js'
import { tensorBytes } from '../support/model-files.js'
import { computeRow, headOf, linear, type Row, sliceOf, softmax, type Vector } from './reference-ops.js'
import { computeRecurrent, isRecurrent } from './reference-recurrent.js'

/** What keys and values are rounded to when they are cached. */
export type Rounding = 'f16' | 'f32' | 'f64'

const ROUND: Record<Rounding, (value: number) => number> = {
  f16: (value) => f16ToF32(f32ToF16(value)),
  f32: Math.fround,
  f64: (value) => value,
}

/** A program and its weights in f64. */
export class ReferenceModel {
  readonly program: Program
  readonly #tensors: ReadonlyMap<string, Vector>

  private constructor(program: Program, tensors: ReadonlyMap<string, Vector>) {
    this.program = program
    this.#tensors = tensors
  }

  /** Plans the model, and its draft head if it is wanted, and reads and dequantizes every tensor. */
  static async read(file: ModelFile, options: { draftHead?: boolean } = {}): Promise<ReferenceModel> {
    const { program } = planModel(file, undefined, options)
    const tensors = new Map<string, Vector>()
    for (const name of allTensors(program).keys()) tensors.set(name, await dequantized(file, name))
    return new ReferenceModel(program, tensors)
  }

  /** The draft head as a model of its own. */
  get draftHead(): ReferenceModel {
    return new ReferenceModel(this.program.draftHead!, this.#tensors)
  }

  tensor(name: string): Vector {
    const found = this.#tensors.get(name)
    if (!found) throw new Error(`the reference misses ${name}`)
    return found
  }
}

async function dequantized(file: ModelFile, name: string): Promise<Vector> {
  const tensor = file.tensors.get(name)!
  const format = REFERENCE_FORMATS.find((each) => each.name === tensor.format.name)
  if (!format) throw new Error(`the reference knows no ${tensor.format.name}`)
  const { buffer } = await tensorBytes(file, name)
  // Half of the time went into blocks of one number each.
  if (format.name === 'F32') return new Float64Array(new Float32Array(buffer))
  const blocks = new DataView(buffer)
  const values = new Float64Array(tensor.elements)
  let element = 0
  for (let at = 0; at < blocks.byteLength; at += tensor.format.blockBytes) {
    for (const { product, offset } of format.block(blocks, at, ROUND.f64)) {
      values[element++] = product + offset
    }
  }
  return values
}

/** What attention remembers: a vector of all heads per position. */
interface KvMemory {
  readonly window: number
  readonly keys: Vector[]
  readonly values: Vector[]
}

/** One token and what its operations have yielded. */
class ComputedRow implements Row {
  readonly id: number
  readonly position: number
  readonly contextLength: number
  /** By the value's id. */
  readonly #results: Vector[] = []

  constructor({ id, position, contextLength }: Omit<Row, 'of'>) {
    this.id = id
    this.position = position
    this.contextLength = contextLength
  }

  of({ id, width }: Value): Vector {
    const found = this.#results[id]
    if (found?.length !== width) throw new Error(`value ${id} of width ${width} was not computed`)
    return found
  }

  set({ id }: Value, result: Vector): void {
    this.#results[id] = result
  }
}

/** Rows that run together. */
const ROWS = 16

/** One sequence of tokens on a reference model. */
export class ReferenceSequence {
  readonly #model: ReferenceModel
  readonly #round: (value: number) => number
  /** By memory number: keys and values, or a recurrent state. */
  readonly #caches = new Map<number, KvMemory>()
  readonly #states = new Map<number, Vector>()
  /** What the last tokens' operations have yielded, by the value's id. */
  #rows: readonly ComputedRow[] = []
  readonly #contextLength: number
  #position = 0

  constructor(model: ReferenceModel, cache: Rounding, { contextLength = 0 } = {}) {
    this.#model = model
    this.#contextLength = contextLength
    this.#round = ROUND[cache]
    for (const [memory, spec] of model.program.memories.entries()) {
      if (spec.kind === 'recurrent') this.#states.set(memory, new Float64Array(spec.values))
      else {
        const { window = Number.POSITIVE_INFINITY } = spec
        this.#caches.set(memory, { window, keys: [], values: [] })
      }
    }
  }

  /** Appends tokens. Each operation runs on several before the next one, so that its weights stay in the processor's cache. */
  push(...ids: readonly number[]): void {
    for (let from = 0; from < ids.length; from += ROWS) {
      const contextLength = this.#contextLength
      this.#rows = ids
        .slice(from, from + ROWS)
        .map((id) => new ComputedRow({ id, position: this.#position++, contextLength }))
      for (const op of this.#model.program.ops) {
        for (const row of this.#rows) row.set(op.out, this.#computed(op, row))
      }
    }
  }

  /** Appends a token to a draft head, with the hidden state of the token before it. */
  pushAfter(state: Vector, id: number): void {
    const row = new ComputedRow({ id, position: this.#position++, contextLength: this.#contextLength })
    row.set((this.#model.program as DraftHead).state, state)
    this.#rows = [row]
    for (const op of this.#model.program.ops) row.set(op.out, this.#computed(op, row))
  }

  #computed(op: Op, row: ComputedRow): Vector {
    if (op.kind === 'encoderAttention') throw new Error('an encoder has no sequence')
    if (op.kind === 'attention') return this.#attention(op, row)
    if (!isRecurrent(op)) return computeRow(op, this.#model, row)
    return computeRecurrent(op, this.#model, (value) => row.of(value), this.#states.get(op.memory)!)
  }

  /** The hidden state of the last token, from which logits are made, f64[embedding length]. */
  hiddenState(): Vector {
    const row = this.#rows.at(-1)
    if (!row) throw new Error('nothing has been evaluated')
    return row.of(this.#model.program.hidden)
  }

  /** The logits after the last token, f64[vocabulary]. */
  logits(): Vector {
    const { logits: head } = this.#model.program
    if (!head) throw new Error('an encoder has no logits')
    const { scale = 1, softcap } = head
    const logits = linear(this.#model, this.hiddenState(), { matrix: head.matrix, bias: head.bias })
    return logits.map((logit) => capped(scale * logit, softcap))
  }

  #attention(
    { q, k, v, memory, scale, softcap, sinks, bias }: Op & { kind: 'attention' },
    row: ComputedRow,
  ): Vector {
    const { window, keys, values } = this.#caches.get(memory)!
    if (k && v) {
      keys.push(row.of(k).map(this.#round))
      values.push(row.of(v).map(this.#round))
    }
    // A memory that is shared already has the rows after this one.
    const end = row.position + 1
    const first = Math.max(0, end - window)
    const spec = this.#model.program.memories[memory]
    if (spec.kind !== 'kv') throw new Error('attention reads a state')
    const { keyDim, valueDim, kvHeads } = spec
    const queriesPerKey = q.heads / kvHeads
    const out = new Float64Array(q.heads * valueDim)
    for (let head = 0; head < q.heads; head++) {
      const shared = Math.floor(head / queriesPerKey)
      const query = headOf(row.of(q), head, keyDim)
      const scores: number[] = []
      for (let position = first; position < end; position++) {
        const score = capped(scale * product(query, keys[position], shared * keyDim), softcap)
        const distance = end - 1 - position
        scores.push(bias ? score + biasOf(bias, { head, heads: q.heads, distance }) : score)
      }
      // A sink takes its share of the softmax, for nothing.
      const weights = softmax(sinks ? [...scores, sliceOf(this.#model, sinks)[head]] : scores)
      for (let i = 0; i < scores.length; i++) {
        const [weight, value] = [weights[i], values[first + i]]
        for (let d = 0; d < valueDim; d++) {
          out[head * valueDim + d] += weight * value[shared * valueDim + d]
        }
      }
    }
    return out
  }
}

/** The dot product of a query with the key that begins at `at` in a vector of all heads. */
function product(query: Vector, keys: Vector, at: number): number {
  let sum = 0
  for (let d = 0; d < query.length; d++) sum += query[d] * keys[at + d]
  return sum
}

function capped(x: number, cap: number | undefined): number {
  return cap === undefined ? x : cap * Math.tanh(x / cap)
}

/** ALiBi's bias for a key that is `distance` positions before its query. Source: Press et al. 2022. */
function biasOf(
  bias: PositionBias,
  { head, heads, distance }: { head: number; heads: number; distance: number },
): number {
  if (bias.kind !== 'alibi') throw new Error('causal attention has no relative bias')
  return -alibiSlope(head, heads, bias.maxBias) * Math.abs(distance)
}

export function alibiSlope(head: number, heads: number, maxBias: number): number {
  const closest = 2 ** Math.floor(Math.log2(heads))
  return head < closest
    ? 2 ** ((-maxBias / closest) * (head + 1))
    : 2 ** ((-maxBias / 2 / closest) * (2 * (head - closest) + 1))
}
