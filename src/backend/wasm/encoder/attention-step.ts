import { blockFormat } from '../../../gguf/block-formats.js'
import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { WorkKind } from '../slicer.js'
import type { Pass, Step } from '../steps/step.js'
import type { EncoderAttention } from './text-layout.js'

const F32 = /* @__PURE__ */ blockFormat('F32')

/** Fewest tokens in a slice: those of a tile. */
const MIN_QUERIES_PER_SLICE = 4

/** Attention over a whole text, whose queries, keys and values are in its memory; the results replace the queries. */
export class EncoderAttentionStep implements Step {
  readonly #engine: Engine
  readonly #step: EncoderAttention
  /** The record of the kernel. */
  readonly #shape: Pointer

  constructor(
    engine: Engine,
    step: EncoderAttention,
    { shape, scratch }: { shape: Pointer; scratch: Pointer },
  ) {
    this.#engine = engine
    this.#step = step
    this.#shape = shape
    const { heads, kvHeads, q, scale, window } = step
    const { buffer } = engine.arena.memory
    new Int32Array(buffer, shape, 3).set([heads, kvHeads, q.width / heads])
    new Float32Array(buffer, shape + 12, 1)[0] = scale
    const reach = window === undefined ? 0 : Math.floor(window / 2) + 1
    new Uint32Array(buffer, shape + 16, 2).set([reach, scratch])
  }

  units(): number {
    return 1
  }

  kind(): WorkKind {
    return 'attention'
  }

  size({ rows }: Pass): number {
    const { q, window = Number.POSITIVE_INFINITY } = this.#step
    return 2 * q.width * rows * Math.min(rows, window + 1)
  }

  maxSlices({ rows }: Pass): number {
    return Math.floor(rows / MIN_QUERIES_PER_SLICE)
  }

  run({ rows, text }: Pass, _unit: number, slice: number, slices: number): void {
    const first = Math.floor((rows * slice) / slices)
    const end = Math.floor((rows * (slice + 1)) / slices)
    const { queries, pageTable, valuesOffset } = text!.layout
    const at = text!.at(queries + first * this.#step.q.width * 4)
    this.#engine.kernels.attention_both_ways(
      this.#shape,
      F32.id,
      at,
      text!.at(pageTable),
      0,
      valuesOffset,
      at,
      end - first,
      first,
      text!.positions,
      text!.biasesOf(this.#step),
    )
  }
}
