import type { TensorInfo } from '../gguf/model-file.js'

/**
 * Parts of the names of matrices that are never quantized: small ones, and those whose values select or route.
 * Source: `tensor_allows_quantization` of llama-quant.cpp in llama.cpp.
 */
const KEPT: readonly RegExp[] = [
  /_norm\.weight/,
  // Routers, and tables of experts by token.
  /ffn_gate_inp\.weight/,
  /ffn_gate_tid2eid\.weight/,
  // Positions and token types of encoders; T5's relative biases.
  /^(position_embd|token_types)\.weight$/,
  /attn_rel_b\.weight/,
  // Gemma 3n.
  /altup|laurel|per_layer_model_proj/,
  // Short convolutions, and RWKV's small matrices.
  /ssm_conv1d|shortconv\.conv\.weight/,
  /indexer\.[kq]_proj\.weight/,
  /time_mix_(first|w[012]|v[012]|a[012]|g[12]|decay_w[12]|lerp_fused)\.weight/,
  // Images and sounds.
  /\.position_embd|sam\.(pos_embd|neck\.|net_)|\.rel_pos|\.patch_(embd|merger)|a\.rvq\.codebook|mm\.a\.code_embd/,
]

/** Whether llama.cpp quantizes the tensor: a matrix, or matrices of experts, but not one of those above. */
export function isQuantizable({ name, shape }: Pick<TensorInfo, 'name' | 'shape'>): boolean {
  const isMatrix = shape.slice(1).some((size) => size > 1)
  return isMatrix && name.endsWith('weight') && !KEPT.some((pattern) => pattern.test(name))
}
