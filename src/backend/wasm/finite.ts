import { DasllamaError } from '../../errors.js'
import type { Engine } from './engine.js'
import type { Pointer } from './kernels.js'

/** Throws `NOT_A_NUMBER` if one of f32[count] is NaN or infinite. */
export function checkNumbers({ kernels }: Engine, at: Pointer, count: number, what: string): void {
  if (kernels.all_finite(at, count)) return
  throw new DasllamaError('NOT_A_NUMBER', `the model's ${what} are not numbers (NaN or infinite)`, {
    hint: "the model's weights are damaged, or a value in it has overflowed: download or convert it again",
  })
}
