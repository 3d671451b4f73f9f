import type { Arena } from './arena.js'
import type { Pointer, Projections } from './kernels.js'
import type { PlacedMatrix } from './weights.js'

/** Uses of a product, numbered as in assembly/project.ts. */
const USES = { store: 0, add: 1, swiglu: 2, geglu: 3 } as const

/** A linear layer and the use of its product, f32[rows of the batch][matrix.rows]. */
export interface Projection {
  readonly matrix: PlacedMatrix
  /** f32[1], a factor of the product before its bias. */
  readonly scale: Pointer | undefined
  /** f32[matrix.rows]. */
  readonly bias: Pointer | undefined
  /** Where the product is written first. */
  readonly product: Pointer
  /**
   * `store`: it stays there. `add`: it is added to `into`. A gate: `into`, the product of the previous projection, becomes
   * gate(into) · product.
   */
  readonly use: keyof typeof USES
  readonly into: Pointer | undefined
}

/** 32-bit words per record. */
const WORDS = 9

/** Bytes of a table of `count` projections. */
export function projectionTableBytes(count: number): number {
  return count * WORDS * 4
}

/** Projections in the kernels' memory, in the layout of `project`; written once, when a model is loaded. */
export class ProjectionTable {
  readonly #arena: Arena
  readonly #base: Pointer
  #count = 0

  /** Throws `OUT_OF_MEMORY`. */
  constructor(arena: Arena, capacity: number) {
    this.#base = arena.allocate(projectionTableBytes(capacity), 'the table of projections')
    this.#arena = arena
  }

  /** Adds projections of one input, or of its norm `norm` (see norms.ts), that are computed together. */
  add(projections: readonly Projection[], norm: Pointer | undefined): Projections {
    const pointer = (this.#base + this.#count * WORDS * 4) as Pointer
    for (const { matrix, scale = 0, bias = 0, product, use, into = 0 } of projections) {
      const { format, pointer, rowBytes, rows } = matrix
      const record = [format.id, pointer, rowBytes, rows, scale, bias, product, USES[use], into]
      // A new view each time: growing the memory detaches older ones.
      const at = this.#base + this.#count++ * WORDS * 4
      new Uint32Array(this.#arena.memory.buffer, at, WORDS).set(record)
    }
    const rows = projections.reduce((sum, { matrix }) => sum + matrix.rows, 0)
    const { columns } = projections[0].matrix
    return { pointer, count: projections.length, columns, rows, norm: norm ?? 0 }
  }
}
