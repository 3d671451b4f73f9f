import { expect, it } from 'vitest'
import type { Value } from '../../../src/backend/program.js'
import { type Config, readConfig } from '../../../src/model/config.js'
import { registerFamily } from '../../../src/model/registry.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { append, load, prefill, someIds } from './load.js'
import { expectStableBits, expectTwin } from './twin.js'

const SHAPE = {
  ...SMALL.shape,
  embed: 64,
  layers: 4,
  heads: 4,
  kvHeads: 2,
  headDim: 32,
  feedForward: 96,
  context: 256,
}

/** A family with every operation that works on rows alone and that the other small models lack. */
registerFamily({
  architectures: ['row-operations'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm' }),
  build(b, h: Config) {
    let x = b.add(b.embed('token_embd'), b.embedPosition('position_embd'))
    x = b.layerNorm(b.add(x, b.embedRow('token_types', 1, 2)), 'token_embd_norm')
    for (const l of b.layers()) {
      const normed = l.layer === 0 ? l.rmsNorm(x) : l.layerNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(normed)
      const queries = l.rope(l.headLayerNorm(q, 'attn_q_norm'), { first: 8, dims: 16 })
      // Heads of 16 from latent ones, and of 16 that all share.
      const shared = l.rope(l.slice(l.linear(normed, 'attn_k_shared', 32), 4, 16), { dims: 16 })
      const keys = l.concat(l.headLinear(l.headNorm(k), 'attn_k_b', 16), shared)
      const attended = l.attention(l.temperature(queries, 0.4, 16), keys, v)
      x = l.add(x, l.layerNorm(l.linear(attended, 'attn_output', h.embeddingLength), 'post_norm'))
      const inner = l.layerNorm(x, 'ffn_norm')
      const name = (['relu', 'relu2', 'sigmoid', 'tanh'] as const)[l.layer]
      const share: Value = l.activation(l.linear(inner, 'ffn_share', 1), 'sigmoid')
      x = l.add(x, l.scaleRows(l.mlp(inner, name), share))
    }
    b.logits(b.layerNorm(x, 'output_norm'), { scale: 0.3, softcap: 4 })
  },
})

function model(format: string): Uint8Array {
  return smallModel({
    shape: SHAPE,
    format: (name) => (/attn_k_b|token_types|position/.test(name) ? 'F32' : format),
    architecture: 'row-operations',
    hyperparameters: {},
    optional: ['ffn_down.scale', 'attn_q.scale'],
    biases: ['attn_norm', 'ffn_up', 'ffn_down', 'output_norm', 'attn_q'],
  })
}

const TEXT = { prompt: someIds(70, VOCAB), next: someIds(3, VOCAB, 1) }

it.each([
  ['F32', 'float'],
  ['Q8_0', 'quantized'],
] as const)('row-wise operations compute what the reference does, %s', async (format, kind) => {
  const bytes = model(format)
  await expectTwin(await load(bytes), bytes, TEXT, kind)
})

it.each(['F32', 'Q8_0', 'Q4_0'])(
  'row-wise operations give the same bits on threads and in company, %s',
  (format) => expectStableBits(model(format), TEXT),
)

it('a model with learned positions rejects later ones, and the sequence goes on', async () => {
  const executable = await load(model('F32'))
  const memory = executable.createMemory('f16')
  await prefill(executable, memory, someIds(255, VOCAB))
  await expect(append(executable, memory, [1, 2], 'prefill')).rejects.toMatchObject({
    code: 'CONTEXT_FULL',
    message: expect.stringContaining('256'),
  })
  expect(memory.length).toBe(255)
  expect(memory.canShift).toBe(false)
  await append(executable, memory, [1], 'decode')
})
