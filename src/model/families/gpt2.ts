import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/** GPT-2 (Radford et al. 2019), with learned positions, and StarCoder 1 (Li et al. 2023), which shares keys and values. */
export const gpt2: Family<Config> = {
  architectures: ['gpt2', 'starcoder'],
  hyperparameters: (reader) => readConfig(reader, { norm: 'layer' }),
  build(b, h) {
    let x = b.add(b.embed('token_embd'), b.embedPosition('position_embd'))
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.layerNorm(x, 'attn_norm'))
      x = l.add(x, l.linear(l.attention(q, k, v), 'attn_output', h.embeddingLength))
      x = l.add(x, l.mlp(l.layerNorm(x, 'ffn_norm'), 'gelu'))
    }
    b.logits(b.layerNorm(x, 'output_norm'))
  },
}
