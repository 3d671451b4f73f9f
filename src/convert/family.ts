import type { TypedValue } from '../gguf/typed-value.js'
import type { Changes } from '../quantize/piece.js'
import type { JsonObject } from './folder.js'

/** A model's hyperparameters, without their architecture's prefix. */
export type Hyperparameters = Map<string, TypedValue>

/** A tensor that is computed instead of copied. */
export interface ComputedTensor {
  readonly name: string
  readonly values: Float32Array
}

/** How a family of Hugging Face becomes an architecture of GGUF. */
export interface ConvertedFamily {
  /** The class names in config.json's `architectures`. */
  readonly classes: readonly string[]
  /** GGUF's name. */
  readonly architecture: string
  /** Prefixes of tensor names that are removed, the first that fits. */
  readonly prefixes: readonly string[]
  /** GGUF's names of tensors outside of layers, by their names here, without `.weight` or `.bias`. */
  readonly tensors: Readonly<Record<string, string>>
  /** The prefix of a layer's tensors, before its number, and their names. */
  readonly layers: { readonly prefix: string; readonly tensors: Readonly<Record<string, string>> }
  /** Names that may be absent, of those above; biases always may. */
  readonly optional: readonly string[]
  /** Tensors that are not part of the model in GGUF. */
  readonly ignored: readonly RegExp[]
  hyperparameters(config: JsonObject): Hyperparameters
  /** More metadata, by whole key. */
  metadata?(config: JsonObject): readonly (readonly [key: string, value: TypedValue])[]
  /** Changes of a tensor's values, by its name in GGUF. */
  changes?(name: string, config: JsonObject): Changes | undefined
  computed?(config: JsonObject): readonly ComputedTensor[]
}

/** A layer's tensors of decoders with gated feed-forward layers. */
export const DECODER_LAYER = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
} as const

export const DECODER = {
  prefixes: ['model.'],
  tensors: { embed_tokens: 'token_embd', norm: 'output_norm', lm_head: 'output' },
  // Tied to the embeddings where it is absent.
  optional: ['lm_head'],
  ignored: [/\.rotary_emb\.inv_freq$/, /\.attention\.(masked_bias|bias)$/],
} as const
