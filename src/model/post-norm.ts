import type { Value } from '../backend/program.js'
import type { Builder, LayerBuilder } from './builder/builder.js'
import type { Config } from './config.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/** Encoders like BERT, which norm sums: shared by the families that have its layers. */
export interface PostNormConfig extends Config {
  /** Rows of `token_types`; 0: the file does not say. */
  readonly tokenTypes: number
}

/** Reads how many types of tokens there are, of which only the first is used. */
export function readTokenTypes(reader: HyperparameterReader): number {
  const key = 'tokenizer.ggml.token_type_count'
  const count = reader.metadata.number(key, 0)
  if (Number.isInteger(count) && count >= 0 && count <= 2 ** 16) return reader.note('token_types', count)
  throw reader.error('BAD_FORMAT', `"${key}" is ${count}; 0 to ${2 ** 16} is accepted`)
}

/** The normed sum of embeddings: of tokens, of the first type if there are types, and `others`. */
export function normedEmbeddings(b: Builder, h: PostNormConfig, others: readonly Value[] = []): Value {
  let x = b.embed('token_embd')
  if (b.has('token_types.weight')) x = b.add(x, b.embedRow('token_types', 0, Math.max(1, h.tokenTypes)))
  for (const other of others) x = b.add(x, other)
  return b.layerNorm(x, 'token_embd_norm')
}

/** One layer: the norm of x + attention(x), then the norm of that + feedForward(that). Source: Devlin et al. 2019. */
export function postNormLayer(
  l: LayerBuilder,
  x: Value,
  { attention, feedForward }: Record<'attention' | 'feedForward', (x: Value) => Value>,
): Value {
  const attended = l.layerNorm(l.add(x, attention(x)), 'attn_output_norm')
  return l.layerNorm(l.add(attended, feedForward(attended)), 'layer_output_norm')
}

/** Self-attention in both directions with rotary embeddings, and its output projection. */
export function rotaryAttention(l: LayerBuilder, x: Value): Value {
  const { q, k, v } = l.qkv(x)
  return l.linear(l.encoderAttention(l.rope(q), l.rope(k), v), 'attn_output', x.width)
}
