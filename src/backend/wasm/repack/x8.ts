import { type BlockFormat, bytesFor } from '../../../gguf/block-formats.js'
import type { TensorInfo } from '../../../gguf/model-file.js'
import type { Engine } from '../engine.js'
import type { Pointer } from '../kernels.js'
import type { Piece, Repacker } from './repacker.js'

/** Rows that are interleaved (assembly/formats/x8.ts). */
const EIGHT = 8

/** Interleaves eight rows at a time of matrices whose format has an x8 variant in the kernels, with its own type number. */
export class X8Repacker implements Repacker {
  readonly #engine: Engine
  readonly #bounds: ReadonlyMap<string, ReadonlySet<number>>
  /** Eight rows per thread. */
  #scratch: Pointer | undefined

  /** `bounds`: for matrices that are used in slices of rows, by name, the rows at which slices begin and end. */
  constructor(engine: Engine, bounds: ReadonlyMap<string, ReadonlySet<number>>) {
    this.#engine = engine
    this.#bounds = bounds
  }

  accepts(tensor: TensorInfo): boolean {
    const [, rows = 1] = tensor.shape
    const bounds = [rows, ...(this.#bounds.get(tensor.name) ?? [])]
    return bounds.every((row) => row % EIGHT === 0) && this.#idOf(tensor) !== 0
  }

  unitBytes({ format, shape }: TensorInfo): number {
    return EIGHT * bytesFor(format, shape[0])
  }

  begin(tensors: readonly TensorInfo[]): void {
    const { arena, pool } = this.#engine
    const widest = tensors.reduce((widest, tensor) => Math.max(widest, this.unitBytes(tensor)), 0)
    if (widest > 0) this.#scratch = arena.allocate(pool.size * widest, 'weight repacking')
  }

  repack({ tensor, pointer, length }: Piece): void {
    const { kernels, pool } = this.#engine
    const scratch = this.#scratch
    if (scratch === undefined) throw new Error('repack() before begin()')
    const unitBytes = this.unitBytes(tensor)
    const rows = (length / unitBytes) * EIGHT
    pool.run(() => kernels.repack(this.#idOf(tensor), pointer, unitBytes / EIGHT, rows, scratch))
  }

  finish(): void {
    if (this.#scratch !== undefined) this.#engine.arena.free(this.#scratch)
    this.#scratch = undefined
  }

  formatOf(tensor: TensorInfo): BlockFormat {
    return { ...tensor.format, id: this.#idOf(tensor) }
  }

  #idOf({ format }: TensorInfo): number {
    return this.#engine.kernels.x8_format(format.id)
  }
}
