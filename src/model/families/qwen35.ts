import { type Config, readConfig, readDraftLayers } from '../config.js'
import { type Experts, feedForward } from '../experts.js'
import type { Family } from '../family.js'
import { type GatedDeltaNet, gatedAttention, gatedDeltaNet, readGatedDeltaNet } from '../gated-delta-net.js'

export interface Qwen35Config extends Config {
  readonly net: GatedDeltaNet
  readonly experts?: Experts
}

/**
 * Qwen 3.5 and 3.6, dense: three of four layers are gated DeltaNets, the others have gated attention. Positions of text are the same
 * in all sections of the rotary embedding (`rope.dimension_sections`), which therefore make no difference. Source: Qwen 2026.
 */
export const qwen35: Family<Qwen35Config> = {
  architectures: ['qwen35'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', draftLayers: readDraftLayers(reader) })
    return { ...config, net: readGatedDeltaNet(reader, config.layers, 'modulo') }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.rmsNorm(x, 'attn_norm')
      x = l.add(x, h.net.recurrent[l.layer] ? gatedDeltaNet(l, n, h.net) : gatedAttention(l, n, h))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'post_attention_norm'), h.experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
  draftHead(b, state, h) {
    const l = b.draftLayer()
    const token = l.has('nextn.embed_tokens.weight') ? l.embed('nextn.embed_tokens') : b.embed('token_embd')
    const both = l.concat(l.rmsNorm(token, 'nextn.enorm'), l.rmsNorm(state, 'nextn.hnorm'))
    let x = l.linear(both, 'nextn.eh_proj', h.embeddingLength)
    x = l.add(x, gatedAttention(l, l.rmsNorm(x, 'attn_norm'), h))
    x = l.add(x, feedForward(l, l.rmsNorm(x, 'post_attention_norm'), h.experts))
    const hasNorm = l.has('nextn.shared_head_norm.weight')
    const hidden = hasNorm ? l.rmsNorm(x, 'nextn.shared_head_norm') : b.rmsNorm(x, 'output_norm')
    if (l.has('nextn.shared_head_head.weight')) l.logits(hidden, { matrix: 'nextn.shared_head_head' })
    else b.logits(hidden)
  },
}
