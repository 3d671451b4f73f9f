import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

interface GptNeoxConfig extends Config {
  /** Whether attention and feed-forward layer both read the layer's input. */
  readonly isParallel: boolean
}

/** GPT-NeoX 20B, Pythia, Dolly. Source: Black et al. 2022. */
export const gptneox: Family<GptNeoxConfig> = {
  architectures: ['gptneox'],
  hyperparameters: (reader) => ({
    ...readConfig(reader, { ropeType: 'neox', norm: 'layer' }),
    isParallel: reader.flag('use_parallel_residual'),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.layerNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v)
      const sum = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(sum, l.mlp(l.layerNorm(h.isParallel ? x : sum, 'ffn_norm'), 'gelu'))
    }
    b.logits(b.layerNorm(x, 'output_norm'))
  },
}
