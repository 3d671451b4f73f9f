import type { BlockFormat } from '../../../gguf/block-formats.js'
import type { StoredTensor, TensorInfo } from '../../../gguf/model-file.js'
import type { Pointer } from '../kernels.js'

/** A part of a tensor in memory, of `length` bytes. */
export interface Piece {
  readonly tensor: StoredTensor
  readonly pointer: Pointer
  readonly length: number
}

/** Repacks some kind of tensors in memory into a layout that the kernels run faster. */
export interface Repacker {
  /** Whether it repacks this tensor. */
  accepts(tensor: TensorInfo): boolean
  /** The unit of repacking, in bytes: each piece is a multiple of it, or the rest of the tensor. */
  unitBytes(tensor: TensorInfo): number
  /**
   * The bytes in memory of the first `fileBytes` of a tensor, a multiple of the unit or all of it; at least as many, which is the
   * default. A piece is read to the end of the bytes that it will take.
   */
  memoryBytes?(tensor: TensorInfo, fileBytes: number): number
  /** Called before the first piece, with all tensors that it accepts. Throws `OUT_OF_MEMORY`. */
  begin(tensors: readonly TensorInfo[]): void
  /**
   * Repacks a piece of a tensor in place. It must not allocate: other pieces are being read into views of the memory. Throws
   * `THREAD_LOST`.
   */
  repack(piece: Piece): void
  /** Called after the last piece. */
  finish(): void
  /** The format of a tensor in memory, after `finish`. */
  formatOf(tensor: TensorInfo): BlockFormat
}
