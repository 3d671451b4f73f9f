import { type BlockFormat, blockFormat } from '../../../gguf/block-formats.js'
import type { TensorInfo } from '../../../gguf/model-file.js'
import type { Engine } from '../engine.js'
import type { Kernels, Pointer } from '../kernels.js'
import type { Piece, Repacker } from './repacker.js'

/**
 * IQ3_S with 4 bits per quant instead of indices of a codebook: a quarter more memory, and four times the speed of decode. It
 * is internal to the kernels, under this type number; see assembly/formats/iq3_s_nibbles.ts.
 */
export const IQ3_S_NIBBLES: BlockFormat = { ...blockFormat('IQ3_S'), id: 277, blockBytes: 136 }

/** Weights of more bytes than this stay as in the file, since memory ends at 4 GiB. */
const LARGEST_BYTES = 2.5 * 2 ** 30

export class Iq3sRepacker implements Repacker {
  readonly #kernels: Kernels
  readonly #fits: boolean

  /** `fileBytes`: of all of the model's weights. */
  constructor({ kernels }: Pick<Engine, 'kernels'>, fileBytes: number) {
    this.#kernels = kernels
    this.#fits = fileBytes <= LARGEST_BYTES
  }

  accepts({ format }: TensorInfo): boolean {
    return this.#fits && format.name === 'IQ3_S'
  }

  unitBytes({ format }: TensorInfo): number {
    return format.blockBytes
  }

  memoryBytes({ format }: TensorInfo, fileBytes: number): number {
    return (fileBytes / format.blockBytes) * IQ3_S_NIBBLES.blockBytes
  }

  begin(): void {}

  repack({ tensor, pointer, length }: Piece): void {
    const to = (pointer + length - this.memoryBytes(tensor, length)) as Pointer
    this.#kernels.expand_iq3_s(pointer, to, length / tensor.format.blockBytes)
  }

  finish(): void {}

  formatOf(): BlockFormat {
    return IQ3_S_NIBBLES
  }
}
