import type { BlockFormat } from '../../../gguf/block-formats.js'
import type { StoredTensor, TensorInfo } from '../../../gguf/model-file.js'
import type { Pointer } from '../kernels.js'

/** A part of a tensor in memory, of `length` bytes. */
export interface Piece {
  readonly tensor: StoredTensor
  readonly pointer: Pointer
  readonly length: number
}

/** How the kernels want tensors of some kind in memory, where their file has them otherwise. It takes as many bytes. */
export interface Repacker {
  /** Whether it is for tensors like this one. */
  isFor(tensor: TensorInfo): boolean
  /** Bytes of one of its tensors that change together: each piece is some of them, or the rest of the tensor. */
  unitBytes(tensor: TensorInfo): number
  /** Comes before the first piece, with all of its tensors. Throws `OUT_OF_MEMORY`. */
  begin(tensors: readonly TensorInfo[]): void
  /**
   * Changes a piece of one of its tensors, as the file has it, in place. It allocates nothing: others are being read into
   * views of the memory. Throws `THREAD_LOST`.
   */
  change(piece: Piece): void
  /** Comes after the last piece. */
  settle(): void
  /** What one of its tensors is in memory, once that is settled. */
  formatOf(tensor: TensorInfo): BlockFormat
}
