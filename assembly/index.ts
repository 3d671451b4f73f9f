/** Everything that `dist/kernels.wasm` exports. */
export { quantize_activations } from './activations'
export { add } from './add'
export { attention_f16, attention_f32, store_f16, store_f32 } from './attention'
export { activation_kind, dequantize, matmul, matvec } from './formats/dispatch'
export { gelu_gate, silu_gate } from './gates'
export { matmul_scratch } from './matmul'
export { rmsnorm } from './rmsnorm'
export { rope_interleaved, rope_neox } from './rope'
export { softmax } from './softmax'

/** First byte that is free for the caller: static data lies below. */
export function heap_base(): usize {
  return __heap_base
}
