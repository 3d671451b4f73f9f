/** Further kernels for tests and benches; not shipped. */
export * from './index'
export { quantize_activations } from './activations'
export { matmul, matvec, matvec_tokens, tile_activation_kind } from './formats/dispatch'
export { geglu, swiglu } from './gates'
export { layernorm } from './layernorm'
export { rmsnorm } from './rmsnorm'
export { softmax } from './softmax'
