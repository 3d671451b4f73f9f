import { type BlockFormat, blockFormat } from '../gguf/block-formats.js'
import type { TensorInfo } from '../gguf/model-file.js'
import type { Kernels, Pointer } from '../wasm/kernels.js'

/**
 * F16 with exponents that are larger by ten: exact for what is below 128, and without subnormal numbers, which slow a
 * product down. Only the kernels know it, by this number; see assembly/formats/raised_f16.ts.
 */
export const RAISED_F16: BlockFormat = { ...blockFormat('F16'), id: 257 }

/** A piece of a tensor in memory. */
interface Piece {
  readonly tensor: TensorInfo
  readonly pointer: Pointer
  readonly length: number
}

/** Raises the halves of F16 tensors while they are loaded, piece by piece; a tensor with a half of 128 or more stays F16. */
export class RaisedHalves {
  readonly #kernels: Kernels
  readonly #raised: Piece[] = []
  /** Tensors of which a piece has no room. */
  readonly #refused = new Set<TensorInfo>()

  constructor(kernels: Kernels) {
    this.#kernels = kernels
  }

  /** Takes a piece whose bytes have been read: whole halves. */
  take(piece: Piece): void {
    const { tensor, pointer, length } = piece
    if (tensor.format.name !== 'F16' || this.#refused.has(tensor)) return
    if (this.#kernels.raise_halves(pointer, length / 2)) this.#raised.push(piece)
    else this.#refused.add(tensor)
  }

  /** Once all pieces have been taken: gives tensors that cannot be raised as a whole their own halves back. */
  settle(): void {
    for (const { tensor, pointer, length } of this.#raised.splice(0)) {
      if (this.#refused.has(tensor)) this.#kernels.lower_halves(pointer, length / 2)
    }
  }

  /** The format that a matrix has in memory. */
  formatOf(tensor: TensorInfo): BlockFormat {
    return tensor.format.name === 'F16' && !this.#refused.has(tensor) ? RAISED_F16 : tensor.format
  }
}
