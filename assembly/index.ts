/** The exports of `dist/kernels.wasm`: what the engine calls. */
export { activation_bytes } from './activations'
export { add } from './add'
export { affine } from './affine'
export { attention, attention_scratch, attention_shape_bytes } from './attention/attention'
export { attention_both_ways } from './attention/both_ways'
export { store } from './attention/cache/types'
export { copy_heads } from './copy_heads'
export { experts_inner, experts_sum } from './experts/experts'
export { expert_thread_scratch } from './experts/layer'
export { route, route_scratch } from './experts/route'
export { all_finite } from './finite'
import { HEAP_START } from './thread_pool'

export { activation_kind, dequantize, dequantize_row, repack, x8_format } from './formats/dispatch'
export { expand_iq3_s } from './formats/iq3_s_nibbles'
export { restore_f16, rebias_f16 } from './formats/rebiased_f16'
export { gaussian_top_k } from './gaussian_top_k'
export { gelu } from './gelu'
export { head_project } from './head_project'
export { length } from './length'
export { matmul_scratch } from './matmul/scratch'
export { set_x8_streams } from './matvec'
export { mix_heads } from './mix_heads'
export { multiply } from './multiply'
export { norm_rows } from './norm_rows'
export { project } from './project'
export { conv } from './recurrent/conv'
export { delta_rule } from './recurrent/delta_rule'
export { state_scan } from './recurrent/state_scan'
export { relu, relu2 } from './relu'
export { rope_norm, rope_neox } from './rope'
export { scale, scale_rows } from './scale'
export { sigmoid } from './sigmoid'
export { softplus } from './softplus'
export { silu } from './silu'
export { softcap } from './softcap'
export { tanh } from './tanh'
export { pool_shut_down, pool_start, pool_serve } from './thread_pool'

/** First byte free for the caller: static data and the thread pool's words are below. */
export function heap_base(): usize {
  return HEAP_START
}

/** Which build this is: baseline 0, relaxed 1, wide 2. */
export function build(): i32 {
  if (WIDE) return 2
  return ASC_FEATURE_RELAXED_SIMD ? 1 : 0
}
