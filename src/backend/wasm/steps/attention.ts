import { PAGE_POSITIONS } from '../../memory.js'
import type { Program } from '../../program.js'
import { alibiSlope } from '../encoder/biases.js'
import type { Engine } from '../engine.js'
import { checkNumbers } from '../finite.js'
import type { Pointer } from '../kernels.js'
import { kvFormat, type Plane } from '../kv-layout.js'
import { pageOf } from '../pages.js'
import type { Buffer, Scheduled } from '../scheduled.js'
import type { Scratch } from '../scratch.js'
import type { WorkKind } from '../slicer.js'
import type { Pass, PassRun, Step } from './step.js'

/** Fewest rows of a batch in a slice of attention. */
const MIN_QUERIES_PER_SLICE = 4

/** Memory for an attention step's tables. */
export interface AttentionTables {
  /** `attention_shape_bytes`. */
  readonly shape: Pointer
  /** f32[heads], written if scores have a bias. */
  readonly slopes: Pointer
  /** f32[heads]; 0: none. */
  readonly sinks: Pointer | 0
}

/** Writes an AttentionShape of assembly/attention/call.ts. */
function writeShape(
  { arena }: Engine,
  at: Pointer,
  shape: Readonly<
    Record<
      | 'heads'
      | 'kvHeads'
      | 'keyDim'
      | 'valueDim'
      | 'scale'
      | 'window'
      | 'scratch'
      | 'softcap'
      | 'sinks'
      | 'slopes',
      number
    >
  >,
): void {
  const { heads, kvHeads, keyDim, valueDim, scale, window, scratch, softcap, sinks, slopes } = shape
  const words = [heads, kvHeads, keyDim, 0, window, scratch, valueDim, 0, sinks, slopes]
  new Uint32Array(arena.memory.buffer, at, words.length).set(words)
  const floats = arena.floats(at, words.length)
  floats[3] = scale
  floats[7] = softcap
}

/** Buffers of an attention operation; without `k` and `v` it stores nothing. */
interface AttentionBuffers {
  readonly q: Pointer
  readonly k: Pointer | undefined
  readonly v: Pointer | undefined
  readonly out: Pointer
}

/** Stores a run's keys and values, if it has its own, in its memory, then computes attention for its queries; one unit per run. */
export class AttentionStep implements Step {
  readonly #engine: Engine
  readonly #buffers: AttentionBuffers
  readonly #memory: number
  /** f32 values in a row of queries, of results, of keys and of values. */
  readonly #queryWidth: number
  readonly #outWidth: number
  readonly #keyWidth: number
  readonly #valueWidth: number
  readonly #window: number
  /** The record of `attention`. */
  readonly #shape: Pointer

  constructor(
    engine: Engine,
    { program, scratch }: { program: Program; scratch: Scratch },
    op: Scheduled & { kind: 'attention' },
    tables: AttentionTables,
  ) {
    const spec = program.memories[op.memory]
    if (spec.kind !== 'kv') throw new Error(`memory ${op.memory} holds no keys and values`)
    const addressOf = ({ index }: Buffer) => scratch.buffers[index]
    this.#engine = engine
    const [k, v] = [op.k && addressOf(op.k), op.v && addressOf(op.v)]
    this.#buffers = { q: addressOf(op.q), k, v, out: addressOf(op.out) }
    this.#memory = op.memory
    this.#queryWidth = op.heads * spec.keyDim
    this.#outWidth = op.heads * spec.valueDim
    this.#keyWidth = spec.kvHeads * spec.keyDim
    this.#valueWidth = spec.kvHeads * spec.valueDim
    this.#window = spec.window ?? Number.POSITIVE_INFINITY
    this.#shape = tables.shape
    const { scale, softcap = 0, bias } = op.scores
    if (bias) {
      const slopes = engine.arena.floats(tables.slopes, op.heads)
      for (const head of slopes.keys()) slopes[head] = alibiSlope(head, op.heads, bias.maxBias)
    }
    writeShape(engine, tables.shape, {
      ...{ heads: op.heads, kvHeads: spec.kvHeads, keyDim: spec.keyDim, valueDim: spec.valueDim },
      ...{ scale, window: spec.window ?? 0, scratch: scratch.attention },
      ...{ softcap, sinks: tables.sinks, slopes: bias ? tables.slopes : 0 },
    })
  }

  units({ runs }: Pass): number {
    return runs.length
  }

  kind(): WorkKind {
    return 'attention'
  }

  size({ runs }: Pass, unit: number): number {
    const { rows, position } = runs[unit]
    return (this.#queryWidth + this.#outWidth) * rows * Math.min(this.#window, position + rows / 2)
  }

  maxSlices({ runs }: Pass, unit: number): number {
    return Math.floor(runs[unit].rows / MIN_QUERIES_PER_SLICE)
  }

  run({ runs }: Pass, unit: number, slice: number, slices: number): void {
    const run = runs[unit]
    const { memory, firstRow, rows, position, pageTables } = run
    if (slice === 0) this.#storeKv(run)
    const { group, layer } = memory.layout.byMemory[this.#memory]!
    const first = Math.floor((rows * slice) / slices)
    const end = Math.floor((rows * (slice + 1)) / slices)
    this.#engine.kernels.attention(
      this.#shape,
      kvFormat(memory.type).id,
      (this.#buffers.q + (firstRow + first) * this.#queryWidth * 4) as Pointer,
      pageTables[group],
      layer.keys.offset,
      layer.values.offset,
      (this.#buffers.out + (firstRow + first) * this.#outWidth * 4) as Pointer,
      end - first,
      position + first,
    )
  }

  #storeKv(run: PassRun): void {
    const { q, k, v } = this.#buffers
    // Attention would hide a NaN or infinity: an f16 cache stores it as a large number, and a softmax may give it no weight.
    // In all other operations it spreads to the logits.
    this.#checkNumbers(q, this.#queryWidth, run, 'queries')
    if (k === undefined || v === undefined) return
    this.#checkNumbers(k, this.#keyWidth, run, 'keys')
    this.#checkNumbers(v, this.#valueWidth, run, 'values')
    const { layer } = run.memory.layout.byMemory[this.#memory]!
    this.#append(run, k, this.#keyWidth, layer.keys)
    this.#append(run, v, this.#valueWidth, layer.values)
  }

  #checkNumbers(at: Pointer, width: number, { firstRow, rows }: PassRun, what: string): void {
    checkNumbers(this.#engine, (at + firstRow * width * 4) as Pointer, rows * width, what)
  }

  /** Writes a run's rows to their positions in the cache. */
  #append({ memory, firstRow, rows, position }: PassRun, from: Pointer, width: number, plane: Plane): void {
    const { group } = memory.layout.byMemory[this.#memory]!
    const table = memory.tables[group]
    for (let row = 0; row < rows; ) {
      const page = pageOf(position + row)
      const inPage = position + row - page * PAGE_POSITIONS
      const count = Math.min(rows - row, PAGE_POSITIONS - inPage)
      this.#engine.kernels.store(
        kvFormat(memory.type).id,
        (from + (firstRow + row) * width * 4) as Pointer,
        (table.pointer(page) + plane.offset + inPage * plane.rowBytes) as Pointer,
        count * width,
      )
      row += count
    }
  }
}
