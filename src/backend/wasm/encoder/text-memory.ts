import { mebibytes } from '../../../describe.js'
import { DasllamaError } from '../../../errors.js'
import { MAX_ROWS } from '../../batch.js'
import { PAGE_POSITIONS } from '../../memory.js'
import { fillRopeTable, type RopeFrequencies } from '../../rope.js'
import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { Weights } from '../weights.js'
import { fillBiases } from './biases.js'
import { biasKey, type EncoderAttention, type TextLayout } from './text-layout.js'

/** What passes of a text keep between them: one allocation, as long as the text runs. */
export class TextMemory {
  readonly positions: number
  readonly layout: TextLayout
  readonly #engine: Engine
  readonly #base: Pointer

  /** Throws `OUT_OF_MEMORY`. */
  constructor(engine: Engine, layout: TextLayout, positions: number) {
    const { arena } = engine
    if (layout.bytes > arena.limit - arena.bytesInUse) {
      throw new DasllamaError(
        'OUT_OF_MEMORY',
        `a text of ${positions} tokens needs ${mebibytes(layout.bytes)}, and ${mebibytes(arena.limit - arena.bytesInUse)} of ${mebibytes(arena.limit)} are left`,
        { hint: 'embed shorter texts, or raise memoryLimit (4 GiB at most)' },
      )
    }
    this.#base = arena.allocate(layout.bytes, `a text of ${positions} tokens`)
    this.#engine = engine
    this.layout = layout
    this.positions = positions
    const table = new Uint32Array(arena.memory.buffer, this.at(layout.pageTable), this.pages)
    for (let page = 0; page < table.length; page++) {
      table[page] = this.at(layout.pages + page * layout.pageBytes)
    }
  }

  get pages(): number {
    return Math.ceil(this.positions / PAGE_POSITIONS)
  }

  /** An address in it. */
  at(offset: number): Pointer {
    return (this.#base + offset) as Pointer
  }

  /** The address of page `page`. */
  page(page: number): Pointer {
    return this.at(this.layout.pages + page * this.layout.pageBytes)
  }

  /** The biases of an attention; 0: none. */
  biasesOf(step: EncoderAttention): Pointer | 0 {
    const key = biasKey(step)
    return key === undefined ? 0 : this.at(this.layout.biases.get(key)!.at)
  }

  fillBiases(weights: Weights): void {
    const { positions } = this
    const { arena } = this.#engine
    for (const { at, bias, heads } of this.layout.biases.values()) {
      const table =
        bias.kind === 'relative'
          ? arena.floats(weights.vector(bias.table), bias.table.length).slice()
          : undefined
      fillBiases(arena.floats(this.at(at), heads * (2 * positions - 1)), bias, { heads, positions, table })
    }
  }

  /** Computes the angles of the rows from `first` on, in the tables of all rotary embeddings. */
  fillRopes(frequencies: readonly RopeFrequencies[], first: number, rows: number): void {
    const positions = Array.from({ length: rows }, (_, row) => first + row)
    for (const [rope, each] of frequencies.entries()) {
      const dims = 2 * each.radians.length
      const at = this.at(this.layout.ropes[rope] + first * dims * 4)
      fillRopeTable(this.#engine.arena.floats(at, rows * dims), each, positions)
    }
  }

  free(): void {
    this.#engine.arena.free(this.#base)
  }
}

/** The rows of batch `batch` of a text. */
export function rowsOfBatch(
  positions: number,
  batch: number,
): { readonly first: number; readonly rows: number } {
  const first = batch * MAX_ROWS
  return { first, rows: Math.min(MAX_ROWS, positions - first) }
}
