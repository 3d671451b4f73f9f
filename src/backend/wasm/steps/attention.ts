import { PAGE_POSITIONS } from '../../memory.js'
import type { Program } from '../../program.js'
import type { Engine } from '../engine.js'
import { checkNumbers } from '../finite.js'
import type { Pointer } from '../kernels.js'
import { kvFormat } from '../kv-layout.js'
import { pageOf } from '../pages.js'
import type { Buffer, Scheduled } from '../scheduled.js'
import type { Scratch } from '../scratch.js'
import type { WorkKind } from '../slicer.js'
import type { Pass, PassRun, Step } from './step.js'

/** Fewest rows of a batch in a slice of attention. */
const MIN_QUERIES_PER_SLICE = 4

/** Buffers of an attention operation. */
interface AttentionBuffers {
  readonly q: Pointer
  readonly k: Pointer
  readonly v: Pointer
  readonly out: Pointer
}

/** Stores a run's keys and values in its memory, then computes attention for its queries; one unit per run. */
export class AttentionStep implements Step {
  readonly #engine: Engine
  readonly #buffers: AttentionBuffers
  readonly #memory: number
  /** f32 values in a row of queries, and in a row of keys or values. */
  readonly #queryWidth: number
  readonly #keyWidth: number
  readonly #window: number
  /** The record of `attention`. */
  readonly #shape: Pointer

  constructor(
    engine: Engine,
    { program, scratch }: { program: Program; scratch: Scratch },
    op: Scheduled & { kind: 'attention' },
    shape: Pointer,
  ) {
    const spec = program.memories[op.memory]
    if (spec.kind !== 'kv') throw new Error(`memory ${op.memory} holds no keys and values`)
    const addressOf = ({ index }: Buffer) => scratch.buffers[index]
    this.#engine = engine
    this.#buffers = { q: addressOf(op.q), k: addressOf(op.k), v: addressOf(op.v), out: addressOf(op.out) }
    this.#memory = op.memory
    this.#queryWidth = op.heads * spec.keyDim
    this.#keyWidth = spec.kvHeads * spec.keyDim
    this.#window = spec.window ?? Number.POSITIVE_INFINITY
    this.#shape = shape
    const { buffer } = engine.arena.memory
    new Int32Array(buffer, shape, 3).set([op.heads, spec.kvHeads, spec.keyDim])
    new Float32Array(buffer, shape + 12, 1)[0] = op.scores.scale
    new Uint32Array(buffer, shape + 16, 2).set([spec.window ?? 0, scratch.attention])
  }

  units({ runs }: Pass): number {
    return runs.length
  }

  kind(): WorkKind {
    return 'attention'
  }

  size({ runs }: Pass, unit: number): number {
    const { rows, position } = runs[unit]
    return 2 * this.#queryWidth * rows * Math.min(this.#window, position + rows / 2)
  }

  maxSlices({ runs }: Pass, unit: number): number {
    return Math.floor(runs[unit].rows / MIN_QUERIES_PER_SLICE)
  }

  run({ runs }: Pass, unit: number, slice: number, slices: number): void {
    const run = runs[unit]
    const { memory, firstRow, rows, position, pageTables } = run
    if (slice === 0) this.#storeKv(run)
    const { group, layer } = memory.layout.byMemory[this.#memory]
    const first = Math.floor((rows * slice) / slices)
    const end = Math.floor((rows * (slice + 1)) / slices)
    const offset = (firstRow + first) * this.#queryWidth * 4
    this.#engine.kernels.attention(
      this.#shape,
      kvFormat(memory.type).id,
      (this.#buffers.q + offset) as Pointer,
      pageTables[group],
      layer.keys,
      layer.values,
      (this.#buffers.out + offset) as Pointer,
      end - first,
      position + first,
    )
  }

  #storeKv(run: PassRun): void {
    const { q, k, v } = this.#buffers
    // Attention would hide a NaN or infinity: an f16 cache stores it as a large number, and a softmax may give it no weight.
    // In all other operations it spreads to the logits.
    this.#checkNumbers(q, this.#queryWidth, run, 'queries')
    this.#checkNumbers(k, this.#keyWidth, run, 'keys')
    this.#checkNumbers(v, this.#keyWidth, run, 'values')
    const { layer } = run.memory.layout.byMemory[this.#memory]
    this.#append(run, k, layer.keys)
    this.#append(run, v, layer.values)
  }

  #checkNumbers(at: Pointer, width: number, { firstRow, rows }: PassRun, what: string): void {
    checkNumbers(this.#engine, (at + firstRow * width * 4) as Pointer, rows * width, what)
  }

  /** Writes a run's rows to their positions in the cache. */
  #append({ memory, firstRow, rows, position }: PassRun, from: Pointer, offset: number): void {
    const { group, layer } = memory.layout.byMemory[this.#memory]
    const table = memory.tables[group]
    for (let row = 0; row < rows; ) {
      const page = pageOf(position + row)
      const inPage = position + row - page * PAGE_POSITIONS
      const count = Math.min(rows - row, PAGE_POSITIONS - inPage)
      this.#engine.kernels.store(
        kvFormat(memory.type).id,
        (from + (firstRow + row) * this.#keyWidth * 4) as Pointer,
        (table.pointer(page) + offset + inPage * layer.rowBytes) as Pointer,
        count * this.#keyWidth,
      )
      row += count
    }
  }
}
