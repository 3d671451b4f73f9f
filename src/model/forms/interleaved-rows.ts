import { type BlockFormat, bytesFor } from '../../gguf/block-formats.js'
import type { TensorInfo } from '../../gguf/model-file.js'
import type { Engine } from '../../wasm/engine.js'
import type { MemoryForm, Piece } from './memory-form.js'

/** Rows that the kernels interleave (assembly/formats/interleaved.ts). */
const EIGHT = 8

/** Matrices whose rows are interleaved by eights, under a number of their own, where the kernels know such a form of their format. */
export class InterleavedRows implements MemoryForm {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  isFor(tensor: TensorInfo): boolean {
    const [, rows = 1] = tensor.shape
    return rows % EIGHT === 0 && this.#idOf(tensor) !== 0
  }

  unitBytes({ format, shape }: TensorInfo): number {
    return EIGHT * bytesFor(format, shape[0])
  }

  change({ tensor, pointer, length }: Piece): void {
    const { kernels, team, arena } = this.#engine
    const unitBytes = this.unitBytes(tensor)
    const scratch = arena.allocate(team.size * unitBytes, 'interleaving of rows')
    try {
      const rows = (length / unitBytes) * EIGHT
      team.run(() => kernels.interleave(this.#idOf(tensor), pointer, unitBytes / EIGHT, rows, scratch))
    } finally {
      arena.free(scratch)
    }
  }

  settle(): void {}

  formatOf(tensor: TensorInfo): BlockFormat {
    return { ...tensor.format, id: this.#idOf(tensor) }
  }

  #idOf({ format }: TensorInfo): number {
    return this.#engine.kernels.interleaved_format(format.id)
  }
}
