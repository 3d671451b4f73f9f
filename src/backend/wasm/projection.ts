import type { Arena } from './arena.js'
import type { Pointer, Projections } from './kernels.js'
import type { Linear } from './weights.js'

/** What becomes of a product, by the numbers of assembly/project.ts. */
const USES = { store: 0, add: 1, 'silu-gate': 2, 'gelu-gate': 3 } as const

/** A linear layer and what becomes of its product, f32[tokens][rows]. */
export interface Projection {
  readonly linear: Linear
  /** Where the product goes first. */
  readonly product: Pointer
  /**
   * `store`: it stays there. `add`: it is added to `out`. A gate: `out`, the product of the projection before, becomes
   * gate(out) · product. Default: `store`.
   */
  readonly use?: keyof typeof USES
  readonly out?: Pointer
}

/** 32-bit words of a record. */
const WORDS = 8

/** Bytes of a table of `count` projections. */
export function projectionTableBytes(count: number): number {
  return count * WORDS * 4
}

/** Projections in the kernels' memory, as `project` reads them; written once, when a model has been loaded. */
export class ProjectionTable {
  readonly #words: Uint32Array
  readonly #base: Pointer
  #count = 0

  /** Throws `OUT_OF_MEMORY`. */
  constructor(arena: Arena, capacity: number) {
    this.#base = arena.allocate(projectionTableBytes(capacity), 'the table of projections')
    this.#words = new Uint32Array(arena.memory.buffer, this.#base, capacity * WORDS)
  }

  /** Projections of one input, or of its norm with these weights, to be computed together. */
  add(projections: readonly Projection[], norm: Pointer | 0 = 0): Projections {
    const pointer = (this.#base + this.#count * WORDS * 4) as Pointer
    for (const { linear, product, use = 'store', out = 0 } of projections) {
      const { format, columns, rows, bias = 0 } = linear
      const rowBytes = (columns / format.blockElements) * format.blockBytes
      const record = [format.id, linear.pointer, rowBytes, rows, bias, product, USES[use], out]
      this.#words.set(record, this.#count++ * WORDS)
    }
    const rows = projections.reduce((sum, { linear }) => sum + linear.rows, 0)
    return { pointer, count: projections.length, columns: projections[0].linear.columns, rows, norm }
  }
}
