import type { Engine } from '../engine.js'
import type { Pointer, Projections } from '../kernels.js'
import type { WorkKind } from '../slicer.js'
import type { PlacedMatrix } from '../weights.js'
import { type Pass, productKind, type Step } from './step.js'

/** Fewest rows of a matrix in a slice: the rows of a tile. */
const MIN_ROWS_PER_SLICE = 8

/** Linear layers of the rows at `x`, f32[rows][columns], or of their norm; one unit per segment. */
export class ProjectStep implements Step {
  readonly #engine: Engine
  readonly #projections: Projections
  readonly #x: Pointer
  readonly #workspace: Pointer

  constructor(engine: Engine, projections: Projections, x: Pointer, workspace: Pointer) {
    this.#engine = engine
    this.#projections = projections
    this.#x = x
    this.#workspace = workspace
  }

  units({ segments }: Pass): number {
    return segments.length
  }

  kind({ segments }: Pass, unit: number): WorkKind {
    return productKind(segments[unit])
  }

  size({ segments }: Pass, unit: number): number {
    const { rows, columns } = this.#projections
    return rows * columns * segments[unit].rows
  }

  maxSlices(): number {
    const { rows, count } = this.#projections
    return Math.floor(rows / count / MIN_ROWS_PER_SLICE)
  }

  run({ segments }: Pass, unit: number, slice: number, slices: number): void {
    const { firstRow, rows, phase } = segments[unit]
    const { pointer, count, norm, columns } = this.#projections
    this.#engine.kernels.project(
      pointer,
      count,
      norm,
      this.#x,
      columns,
      firstRow,
      rows,
      phase === 'prefill',
      this.#workspace,
      slice,
      slices,
    )
  }
}

/** A linear layer with a matrix for each of `heads` heads, one after the other from `matrix` on; one unit per segment. */
export class HeadProjectStep implements Step {
  readonly #engine: Engine
  readonly #matrix: PlacedMatrix
  readonly #heads: number
  readonly #x: Pointer
  readonly #out: Pointer
  readonly #workspace: Pointer

  constructor(
    engine: Engine,
    { matrix, heads, x, out }: { matrix: PlacedMatrix; heads: number; x: Pointer; out: Pointer },
    workspace: Pointer,
  ) {
    this.#engine = engine
    this.#matrix = matrix
    this.#heads = heads
    this.#x = x
    this.#out = out
    this.#workspace = workspace
  }

  units({ segments }: Pass): number {
    return segments.length
  }

  kind({ segments }: Pass, unit: number): WorkKind {
    return productKind(segments[unit])
  }

  size({ segments }: Pass, unit: number): number {
    const { rows, columns } = this.#matrix
    return this.#heads * rows * columns * segments[unit].rows
  }

  maxSlices(): number {
    return this.#heads
  }

  run({ segments }: Pass, unit: number, slice: number, slices: number): void {
    const { firstRow, rows: tokens, phase } = segments[unit]
    const { format, pointer, rowBytes, rows, columns } = this.#matrix
    this.#engine.kernels.head_project(
      format.id,
      pointer,
      rowBytes,
      this.#heads,
      rows,
      columns,
      this.#x,
      this.#out,
      firstRow,
      tokens,
      phase === 'prefill',
      this.#workspace,
      slice,
      slices,
    )
  }
}
