import { describe, expect, it } from 'vitest'
import type { TensorInfo } from '../../src/gguf/model-file.js'
import { openGguf } from '../../src/gguf/reader.js'
import { TensorSamples } from '../../src/gguf/tensor-samples.js'
import { f32, str, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { modelIdentity } from '../../src/model/identity.js'
import { type ModelPlan, planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { FAMILY_CASES } from '../support/family-models/index.js'
import { tensorBytes } from '../support/model-files.js'
import type { RandomModelOptions } from '../support/random-model/random-model.js'
import { SMALL, smallModel, smallParts } from './small.js'

/** `change`: what the plan would be if the file said something else. */
async function identityOf(
  bytes: Uint8Array,
  { name = 'm.gguf', change = (plan: ModelPlan) => plan } = {},
): Promise<string> {
  const file = await openGguf(bytesSource(bytes, name))
  const samples = new TensorSamples()
  for (const tensor of file.tensors.values()) {
    samples.take(tensor, 0, await tensorBytes(file, tensor.name))
  }
  return modelIdentity(change(planModel(file)), file, samples)
}

/** What changes each key that llama reads, and what goes with it. */
const CHANGES: Readonly<Record<string, Partial<RandomModelOptions>>> = {
  vocab_size: { shape: { ...SMALL.shape, vocab: 401 } },
  context_length: { shape: { ...SMALL.shape, context: 128 } },
  embedding_length: { shape: { ...SMALL.shape, embed: 100 } },
  block_count: { shape: { ...SMALL.shape, layers: 1 } },
  feed_forward_length: { shape: { ...SMALL.shape, feedForward: 164 } },
  'attention.head_count': { shape: { ...SMALL.shape, heads: 4 } },
  'attention.head_count_kv': { shape: { ...SMALL.shape, kvHeads: 3 } },
  'attention.key_length': { shape: { ...SMALL.shape, headDim: 20 } },
  'attention.value_length': { shape: { ...SMALL.shape, headDim: 12 } },
  'attention.layer_norm_rms_epsilon': { metadata: [['llama.attention.layer_norm_rms_epsilon', f32(1e-6)]] },
  'attention.scale': { metadata: [['llama.attention.scale', f32(0.5)]] },
  'rope.dimension_count': { metadata: [['llama.rope.dimension_count', u32(8)]] },
  'rope.freq_base': { ropeBase: 20_000 },
  'rope.scaling': { ropeScaling: { type: 'linear', factor: 2 } },
}

describe('the identity of a model', () => {
  it('is written down: states on disk depend on it', async () => {
    expect(await identityOf(smallModel())).toBe('1130a10076ef8f2e')
  })

  it('is the same whatever the model is called, and in whichever order its tensors come', async () => {
    const identity = await identityOf(smallModel())
    expect(identity).toMatch(/^[0-9a-f]{16}$/)
    expect(await identityOf(smallModel(), { name: 'other.gguf' })).toBe(identity)
    expect(await identityOf(smallModel({ metadata: [['general.name', str('another')]] }))).toBe(identity)
    expect(await identityOf(smallModel({ metadata: [['llama.unknown', u32(1)]] }))).toBe(identity)
    const parts = smallParts()
    expect(await identityOf(writeGguf({ ...parts, tensors: [...parts.tensors].reverse() }))).toBe(identity)
  })

  it.each(Object.entries(CHANGES))('changes with %s in the file', async (_, options) => {
    expect(await identityOf(smallModel(options))).not.toBe(await identityOf(smallModel()))
  })

  it('has been tried with every key that llama reads', async () => {
    const { hyperparameters } = planModel(await openGguf(bytesSource(smallModel())))
    expect([...hyperparameters.keys()].sort()).toEqual(Object.keys(CHANGES).sort())
  })

  it.each(
    ['qwen2', 'qwen3', 'gemma3'].map(
      (family) => FAMILY_CASES.find(({ name }) => name === `${family}, tied`)!,
    ),
  )('changes with everything that its family reads, and with its architecture: $name', async ({ parts }) => {
    const bytes = writeGguf(parts)
    const seen = new Set([await identityOf(bytes)])
    const { hyperparameters } = planModel(await openGguf(bytesSource(bytes)))
    for (const key of hyperparameters.keys()) {
      const change = (plan: ModelPlan) => ({
        ...plan,
        hyperparameters: new Map(plan.hyperparameters).set(key, 'another value'),
      })
      seen.add(await identityOf(bytes, { change }))
    }
    const change = (plan: ModelPlan) => ({ ...plan, config: { ...plan.config, architecture: 'another' } })
    seen.add(await identityOf(bytes, { change }))
    expect(hyperparameters.size).toBeGreaterThan(10)
    expect(seen.size).toBe(hyperparameters.size + 2)
  })

  it.each<[string, Partial<RandomModelOptions>]>([
    ['the weights', { seed: 2 }],
    ['the block format', { format: 'F16' }],
    ['biases', { biases: true }],
    ['a tied output', { tied: true }],
    ['fused matrices', { fused: ['attn_qkv'] }],
  ])('changes with %s', async (_, options) => {
    expect(await identityOf(smallModel(options))).not.toBe(await identityOf(smallModel()))
  })

  it('changes with a row of weights in any one tensor, large ones included', async () => {
    // An embedding of 1.5 MB, of which a row is 1536 bytes.
    const parts = smallParts({ shape: { ...SMALL.shape, embed: 384, headDim: 64, vocab: 1000 } })
    const original = await identityOf(writeGguf(parts))
    for (const [index, { name, data }] of parts.tensors.entries()) {
      const changed = (typeof data === 'function' ? data() : data).slice()
      const middle = Math.floor(changed.length / 2)
      for (let i = middle; i < Math.min(changed.length, middle + 1536); i++) changed[i] ^= 1
      const tensors = parts.tensors.map((tensor, i) => (i === index ? { ...tensor, data: changed } : tensor))
      expect(await identityOf(writeGguf({ ...parts, tensors })), name).not.toBe(original)
    }
  })
})

describe('samples of tensors', () => {
  const bytes = Uint8Array.from({ length: 2 ** 20 + 6 }, (_, i) => (i * 31) ^ (i >> 8) ^ (i >> 16))
  const of = (byteLength: number) => ({ byteLength }) as TensorInfo

  function sampled(tensor: TensorInfo, cuts: readonly number[]): Uint8Array {
    const samples = new TensorSamples()
    const borders = [0, ...cuts, tensor.byteLength]
    // Pieces come in any order.
    for (let i = borders.length - 2; i >= 0; i--) {
      samples.take(tensor, borders[i], bytes.slice(borders[i], borders[i + 1]))
    }
    return samples.of(tensor)
  }

  it.each([2 ** 14, 2 ** 18, 2 ** 18 + 2, 2 ** 20, 2 ** 20 + 6])(
    'of %i bytes are the same in whichever pieces they come',
    (length) => {
      const tensor = of(length)
      const whole = sampled(tensor, [])
      expect(whole.length).toBe(
        Math.ceil(length / (length <= 2 ** 14 ? 4 : length <= 2 ** 18 ? 64 : 1024)) * 4,
      )
      expect(whole.some((byte) => byte !== 0)).toBe(true)
      for (const cuts of [[1024], [1020, 1028], [16, 20, 2 ** 13 + 4, 2 ** 14 - 4]]) {
        expect(Buffer.compare(sampled(tensor, cuts), whole)).toBe(0)
      }
    },
  )

  it('are words of the file', () => {
    const whole = sampled(of(2 ** 20), [])
    for (const word of [0, 1, 7, 1023]) {
      expect(whole.slice(word * 4, word * 4 + 4)).toEqual(bytes.slice(word * 1024, word * 1024 + 4))
    }
  })
})
