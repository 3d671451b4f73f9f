/** Everything that `dist/kernels.wasm` exports. */
export { quantize_activations } from './activations'
export { add } from './add'
export { attention_f16, attention_f32, attention_q8_0 } from './attention'
export { store_f16, store_f32 } from './cache-floats'
export { store_q8_0 } from './cache-q8_0'
export { activation_kind, dequantize, matmul, matvec, tile_activation_kind } from './formats/dispatch'
export { gelu_gate, silu_gate } from './gates'
export { matmul_scratch } from './matmul'
export { rmsnorm } from './rmsnorm'
export { rope_interleaved, rope_neox } from './rope'
export { softmax } from './softmax'

/** First byte that is free for the caller: static data lies below. */
export function heap_base(): usize {
  return __heap_base
}
