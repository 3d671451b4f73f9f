import { type BlockFormat, bytesFor } from '../gguf/block-formats.js'
import type { TensorInfo } from '../gguf/model-file.js'
import type { Engine } from '../wasm/engine.js'
import type { Pointer } from '../wasm/kernels.js'

/** Rows that the kernels interleave (assembly/formats/interleaved.ts). */
const EIGHT = 8

/**
 * The format that a matrix has in memory: that of its file, or the interleaved form of it where the kernels have one, with
 * its own number and the same bytes a row.
 */
export function formatInMemory({ format, shape }: TensorInfo, { kernels }: Engine): BlockFormat {
  const [, rows = 1] = shape
  const id = rows % EIGHT === 0 ? kernels.interleaved_format(format.id) : 0
  return id === 0 ? format : { ...format, id }
}

/** Bytes of the rows that are interleaved together; of other tensors 1. */
export function interleavedBytes(tensor: TensorInfo, format: BlockFormat): number {
  return format === tensor.format ? 1 : EIGHT * bytesFor(format, tensor.shape[0])
}

/** Interleaves rows while a model is loaded. */
export class Interleaver {
  readonly #engine: Engine
  readonly #scratch: Pointer | undefined

  /** `widest`: the most that `interleavedBytes` is. Throws `OUT_OF_MEMORY`. */
  constructor(engine: Engine, widest: number) {
    this.#engine = engine
    if (widest > 1) this.#scratch = engine.arena.allocate(engine.team.size * widest, 'interleaving of rows')
  }

  /** `bytes` of a tensor at `pointer`, whole eights of its rows, from its file's blocks to `format`. Throws `THREAD_LOST`. */
  run(tensor: TensorInfo, format: BlockFormat, pointer: Pointer, bytes: number): void {
    const scratch = this.#scratch
    if (format === tensor.format || scratch === undefined) return
    const { kernels, team } = this.#engine
    const rowBytes = bytesFor(format, tensor.shape[0])
    team.run(() => kernels.interleave(format.id, pointer, rowBytes, bytes / rowBytes, scratch))
  }

  done(): void {
    if (this.#scratch !== undefined) this.#engine.arena.free(this.#scratch)
  }
}
