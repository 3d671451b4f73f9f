import { type BlockFormat, blockFormat } from '../../../gguf/block-formats.js'
import type { TensorInfo } from '../../../gguf/model-file.js'
import { checkHalves } from '../../../gguf/weight-check.js'
import type { Arena } from '../arena.js'
import type { Engine } from '../engine.js'
import type { Kernels } from '../kernels.js'
import type { Piece, Repacker } from './repacker.js'

/**
 * F16 with an exponent bias of 25 instead of 15: exact below 128, and without subnormal numbers, which slow products down.
 * It is internal to the kernels, under this type number; see assembly/formats/rebiased_f16.ts.
 */
export const REBIASED_F16: BlockFormat = { ...blockFormat('F16'), id: 257 }

/** Rebiases F16 tensors; one with a magnitude of 128 or more stays F16. */
export class RebiasedF16Repacker implements Repacker {
  readonly #kernels: Kernels
  readonly #arena: Arena
  readonly #repacked: Piece[] = []
  /** Tensors with a magnitude of 128 or more. */
  readonly #refused = new Set<TensorInfo>()

  constructor({ kernels, arena }: Pick<Engine, 'kernels' | 'arena'>) {
    this.#kernels = kernels
    this.#arena = arena
  }

  accepts({ format }: TensorInfo): boolean {
    return format.name === 'F16'
  }

  unitBytes(): number {
    return 2
  }

  begin(): void {}

  /** Throws `BAD_FORMAT` for a half that is infinite or NaN. */
  repack(piece: Piece): void {
    const { tensor, pointer, length } = piece
    const isOpen = !this.#refused.has(tensor)
    if (isOpen && this.#kernels.rebias_f16(pointer, length / 2)) {
      this.#repacked.push(piece)
      return
    }
    this.#refused.add(tensor)
    // Rebiased pieces are known to be finite; all others must be checked.
    checkHalves(tensor, this.#arena.bytes(pointer, length))
  }

  /** Restores the pieces of tensors that could not be rebiased completely. */
  finish(): void {
    for (const { tensor, pointer, length } of this.#repacked.splice(0)) {
      if (this.#refused.has(tensor)) this.#kernels.restore_f16(pointer, length / 2)
    }
  }

  formatOf(tensor: TensorInfo): BlockFormat {
    return this.#refused.has(tensor) ? tensor.format : REBIASED_F16
  }
}
