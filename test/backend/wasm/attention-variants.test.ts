import { describe, expect, it } from 'vitest'
import type { Value } from '../../../src/backend/program.js'
import type { Builder } from '../../../src/model/builder/builder.js'
import { type Config, readConfig } from '../../../src/model/config.js'
import { registerFamily } from '../../../src/model/registry.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { contentOf, decode, expectSameBits, load, prefill, someIds } from './load.js'
import { expectStableBits, expectTwin } from './twin.js'

const SHAPE = { ...SMALL.shape, embed: 96, layers: 2, heads: 6, kvHeads: 2, headDim: 32, feedForward: 96 }

type Parts = { readonly q: Value; readonly k: Value; readonly v: Value }

/** Attention of the layers of a model. */
const VARIANTS: Readonly<Record<string, (l: Builder, parts: Parts, normed: Value) => Value>> = {
  'a soft cap': (l, { q, k, v }) => l.attention(l.rope(q), l.rope(k), v, { softcap: 2, window: 50 }),
  sinks: (l, { q, k, v }) => l.attention(l.rope(q), l.rope(k), v, { sinks: 'attn_sinks' }),
  'slopes instead of rotations': (l, { q, k, v }) =>
    l.attention(q, k, v, { bias: { kind: 'alibi', maxBias: 8 } }),
  'all of them in windows': (l, { q, k, v }) =>
    l.attention(l.rope(q), l.rope(k), v, {
      ...{ softcap: 3, sinks: 'attn_sinks', window: 40 },
      bias: { kind: 'alibi', maxBias: 4 },
    }),
  // One head of keys for all, of which the first part is rotated, and values that are another part of it.
  'latent keys and values': (l, { q }, normed) => {
    const latent = l.linear(normed, 'attn_kv_a', 96)
    const content = l.rmsNorm(l.slice(latent, 0, 64), 'attn_kv_norm')
    const keys = l.concat(l.rope(l.slice(latent, 64, 32), { dims: 32 }), content)
    const queries = l.concat(l.rope(q), l.headLinear(q, 'attn_k_b', 64))
    return l.headLinear(l.attention(queries, keys, content), 'attn_v_b', 32)
  },
}

for (const [name, attend] of Object.entries(VARIANTS)) {
  registerFamily({
    architectures: [name.replaceAll(' ', '-')],
    hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
    build(b, h: Config) {
      let x = b.embed('token_embd')
      for (const l of b.layers()) {
        const normed = l.rmsNorm(x, 'attn_norm')
        const attended = attend(l, l.qkv(normed), normed)
        x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
        x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
      }
      b.logits(b.rmsNorm(x, 'output_norm'))
    },
  })
}

function model(name: string, format = 'F32'): Uint8Array {
  return smallModel({ shape: SHAPE, format, architecture: name.replaceAll(' ', '-') })
}

/** Across a page's border, and across every window. */
const TEXT = { prompt: someIds(125, VOCAB), next: someIds(6, VOCAB, 1) }

describe.each(Object.keys(VARIANTS))('attention with %s', (name) => {
  it('computes what the reference does', async () => {
    for (const [format, kind] of [
      ['F32', 'float'],
      ['Q8_0', 'quantized'],
    ] as const) {
      const bytes = model(name, format)
      await expectTwin(await load(bytes), bytes, TEXT, kind)
    }
  })

  it('has the same bits on threads and in company', () => expectStableBits(model(name, 'Q8_0'), TEXT))
})

describe.each(['f16', 'f32', 'q8_0'] as const)('a memory of latent keys and narrower values, %s', (type) => {
  it('can be saved, restored, forked and cut', async () => {
    const executable = await load(model('latent keys and values'))
    const unused = executable.bytesInUse
    const memory = executable.createMemory(type)
    await prefill(executable, memory, someIds(300, VOCAB))
    const expected = await decode(executable, await memory.fork(), TEXT.next)
    const restored = executable.createMemory(type)
    await restored.restore(await memory.save(), { length: 300 })
    expect(await contentOf(restored)).toBe(await contentOf(memory))
    expectSameBits(await decode(executable, restored, TEXT.next), expected)
    await restored.truncate(300)
    const fork = await restored.fork()
    await decode(executable, restored, [7, 8])
    expectSameBits(await decode(executable, fork, TEXT.next), expected)
    await memory.truncate(200)
    await prefill(executable, memory, someIds(300, VOCAB).slice(200))
    expectSameBits(await decode(executable, memory, TEXT.next), expected)
    const [record] = await memory.save()
    expect(record.bytes.length / 306 / (96 + 64)).toBe({ f16: 2, f32: 4, q8_0: 34 / 32 }[type])
    const short = { ...record, bytes: record.bytes.subarray(1) }
    await expect(memory.restore([short, record], { length: 306 })).rejects.toMatchObject({
      code: 'BAD_FORMAT',
    })
    expect(executable.bytesInUse).toBeGreaterThan(unused)
  })
})

it('a cache of blocks that do not fit the values is rejected', async () => {
  registerFamily({
    architectures: ['odd-values'],
    hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
    build(b, h: Config) {
      const x = b.embed('token_embd')
      const [l] = b.layers()
      const { q, k, v } = l.qkv(x)
      const attended = l.attention(q, k, l.slice(v, 0, 8))
      b.logits(l.linear(attended, 'attn_output', h.embeddingLength))
    },
  })
  const executable = await load(model('odd-values'))
  expect(() => executable.createMemory('q8_0')).toThrow('heads of 8')
})
