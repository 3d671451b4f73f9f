import { type BlockFormat, blockFormat } from '../../../gguf/block-formats.js'
import type { TensorInfo } from '../../../gguf/model-file.js'
import { checkHalves } from '../../../gguf/weight-check.js'
import type { Arena } from '../arena.js'
import type { Engine } from '../engine.js'
import type { Kernels } from '../kernels.js'
import type { Piece, Repacker } from './repacker.js'

/**
 * F16 with exponents that are larger by ten: exact for what is below 128, and without subnormal numbers, which slow a
 * product down. Only the kernels know it, by this number; see assembly/formats/rebiased_f16.ts.
 */
export const REBIASED_F16: BlockFormat = { ...blockFormat('F16'), id: 257 }

/** F16 tensors whose halves are raised; one with a half of 128 or more stays F16. */
export class RebiasedF16Repacker implements Repacker {
  readonly #kernels: Kernels
  readonly #arena: Arena
  readonly #raised: Piece[] = []
  /** Tensors of which a piece has no room. */
  readonly #refused = new Set<TensorInfo>()

  constructor({ kernels, arena }: Pick<Engine, 'kernels' | 'arena'>) {
    this.#kernels = kernels
    this.#arena = arena
  }

  isFor({ format }: TensorInfo): boolean {
    return format.name === 'F16'
  }

  unitBytes(): number {
    return 2
  }

  begin(): void {}

  /** Throws `BAD_FORMAT` for a half that is infinite or NaN. */
  change(piece: Piece): void {
    const { tensor, pointer, length } = piece
    const isOpen = !this.#refused.has(tensor)
    if (isOpen && this.#kernels.rebias_f16(pointer, length / 2)) {
      this.#raised.push(piece)
      return
    }
    this.#refused.add(tensor)
    // Those that could be raised are finite; all others are to be looked at.
    checkHalves(tensor, this.#arena.bytes(pointer, length))
  }

  /** Gives tensors that cannot be raised as a whole their own halves back. */
  settle(): void {
    for (const { tensor, pointer, length } of this.#raised.splice(0)) {
      if (this.#refused.has(tensor)) this.#kernels.restore_f16(pointer, length / 2)
    }
  }

  formatOf(tensor: TensorInfo): BlockFormat {
    return this.#refused.has(tensor) ? tensor.format : REBIASED_F16
  }
}
