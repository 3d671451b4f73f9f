/** Everything that `dist/kernels.wasm` exports. */
export { activation_bytes, quantize_activations } from './activations'
export { add } from './add'
export { attention, attention_scratch } from './attention/attention'
export { store } from './attention/cache'
export { all_finite } from './finite'
import { HEAP_START } from './team'

export {
  activation_kind,
  dequantize,
  dequantize_row,
  interleave,
  interleaved_format,
  matmul,
  matvec,
  tile_activation_kind,
} from './formats/dispatch'
export { lower_halves, raise_halves } from './formats/raised_f16'
export { gelu_gate, silu_gate } from './gates'
export { matmul_scratch } from './matmul/scratch'
export { project } from './project'
export { rmsnorm } from './rmsnorm'
export { rope_interleaved, rope_neox } from './rope'
export { softmax } from './softmax'
export { team_dismiss, team_lead, team_serve } from './team'

/** First byte that is free for the caller: static data and the team's words lie below. */
export function heap_base(): usize {
  return HEAP_START
}

/** Which build this is: baseline 0, relaxed 1, wide 2. */
export function build(): i32 {
  if (WIDE) return 2
  return ASC_FEATURE_RELAXED_SIMD ? 1 : 0
}
