import { describe, expect, it } from 'vitest'
import { Metadata, type MetadataValue } from '../../src/gguf/metadata.js'
import type { ModelDirectory, TensorInfo } from '../../src/gguf/model-file.js'
import type { Config } from '../../src/model/config.js'
import { readHeader } from '../../src/model/plan.js'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

const GOOD: Readonly<Record<string, MetadataValue>> = {
  'general.architecture': 'llama',
  'llama.context_length': 2048,
  'llama.embedding_length': 288,
  'llama.block_count': 6,
  'llama.feed_forward_length': 768,
  'llama.attention.head_count': 6,
  'llama.attention.layer_norm_rms_epsilon': 1e-5,
  'llama.vocab_size': 32000,
}

/** `undefined` leaves a key away. */
type Changes = Readonly<Record<string, MetadataValue | undefined>>

function fileOf(changes: Changes, tensors: ModelDirectory['tensors'] = new Map()): ModelDirectory {
  const entries = Object.entries({ ...GOOD, ...changes }).filter(
    (entry): entry is [string, MetadataValue] => entry[1] !== undefined,
  )
  return {
    container: 'gguf',
    version: 3,
    name: 'm.gguf',
    metadata: new Metadata('m.gguf', new Map(entries)),
    tensors,
    tensorBytes: 0,
  }
}

function configOf(changes: Changes, tensors?: ModelDirectory['tensors']): Config {
  return readHeader(fileOf(changes, tensors)).config
}

/** The same model of another architecture, with more keys. */
function renamed(architecture: string, more: Changes): Changes {
  const changes: Record<string, MetadataValue | undefined> = { 'general.architecture': architecture }
  const own = Object.entries(GOOD).filter(([key]) => key.startsWith('llama.'))
  for (const [key, value] of own) changes[key.replace('llama.', `${architecture}.`)] = value
  for (const [key, value] of Object.entries(more)) changes[`${architecture}.${key}`] = value
  return changes
}

function expectRefused(changes: Changes, code: string, message: string): void {
  expect(() => configOf(changes)).toThrow(
    expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) }),
  )
}

describe('a configuration', () => {
  it('fills in defaults', () => {
    expect(configOf({})).toEqual({
      architecture: 'llama',
      name: undefined,
      contextLength: 2048,
      vocabSize: 32000,
      embeddingLength: 288,
      feedForwardLength: 768,
      layers: 6,
      heads: 6,
      kvHeads: 6,
      headDim: 48,
      valueDim: 48,
      ropeType: 'norm',
      ropeDim: 48,
      ropeTheta: 10_000,
      ropeScaling: { type: 'none' },
      attentionScale: 1 / Math.sqrt(48),
      normEpsilon: 1e-5,
      pooling: undefined,
      draftLayers: 0,
    })
  })

  it('reads the values of the file', () => {
    const config = configOf({
      'general.name': 'a name',
      'llama.attention.head_count_kv': 2,
      'llama.attention.key_length': 64,
      'llama.attention.value_length': 64,
      'llama.attention.scale': 0.5,
      'llama.rope.dimension_count': 32,
      'llama.rope.freq_base': 500_000,
    })
    expect(config).toMatchObject({
      name: 'a name',
      kvHeads: 2,
      headDim: 64,
      ropeDim: 32,
      ropeTheta: 500_000,
      attentionScale: 0.5,
    })
  })

  it.each([
    [-1, undefined],
    [0, 'none'],
    [1, 'mean'],
    [2, 'cls'],
    [3, 'last'],
    [4, 'rank'],
  ])('reads pooling type %i as %s', (value, pooling) => {
    expect(configOf({ 'llama.pooling_type': value }).pooling).toBe(pooling)
  })

  it('reads whether attention goes in both directions', () => {
    expect(configOf({ 'llama.attention.causal': true }).encoder).toBeUndefined()
    expect(configOf({ 'llama.attention.causal': false }).encoder).toBe(true)
    expect(configOf(renamed('eurobert', {})).encoder).toBe(true)
  })

  it('counts the vocabulary by the rows of the embedding where no key does', () => {
    const tensor = { name: 'token_embd.weight', shape: [288, 123] } as unknown as TensorInfo
    const tensors = new Map([[tensor.name, tensor]])
    expect(configOf({ 'llama.vocab_size': undefined }, tensors).vocabSize).toBe(123)
    expectRefused({ 'llama.vocab_size': undefined }, 'MISSING', 'llama.vocab_size')
  })

  it('takes a number per layer where all layers agree', () => {
    const config = configOf({
      'llama.attention.head_count_kv': Int32Array.of(3, 3, 3, 3, 3, 3),
      'llama.feed_forward_length': Uint32Array.of(512, 512, 512, 512, 512, 512),
    })
    expect(config).toMatchObject({ kvHeads: 3, feedForwardLength: 512 })
  })
})

const NEEDED = [
  'general.architecture',
  'llama.context_length',
  'llama.embedding_length',
  'llama.block_count',
  'llama.feed_forward_length',
  'llama.attention.head_count',
  'llama.attention.layer_norm_rms_epsilon',
]

/** Counts, with the first number that is too large. */
const COUNTS: readonly [key: string, tooLarge: number][] = [
  ['llama.context_length', 2 ** 24 + 1],
  ['llama.embedding_length', 2 ** 17 + 1],
  ['llama.block_count', 1025],
  ['llama.feed_forward_length', 2 ** 20 + 1],
  ['llama.attention.head_count', 4097],
  ['llama.attention.head_count_kv', 4097],
  ['llama.attention.key_length', 4097],
  ['llama.attention.value_length', 4097],
  ['llama.rope.dimension_count', 4097],
  ['llama.vocab_size', 2 ** 24 + 1],
]

describe('an invalid configuration is rejected, naming the key:', () => {
  it.each(NEEDED)('%s missing', (key) => {
    expectRefused({ [key]: undefined }, 'MISSING', `"${key}"`)
  })

  describe.each(COUNTS)('%s', (key, tooLarge) => {
    it.each([0, -1, -(2 ** 31), 1.5, nan, infinity, -infinity, tooLarge, 1e300])('%d', (value) => {
      expectRefused({ [key]: value }, 'BAD_FORMAT', `"${key}" is ${value}`)
    })

    it.each([
      ['a string', '6'],
      ['a boolean', true],
      ['strings', ['6']],
      ['booleans', [true]],
      ['a bigint', 2n ** 60n],
      ['bigints', BigUint64Array.of(6n)],
    ])('%s', (_, value) => {
      expectRefused({ [key]: value }, 'BAD_FORMAT', `"${key}" is not`)
    })

    it('differing from layer to layer', () => {
      expectRefused({ [key]: Uint32Array.of(4, 4, 8) }, 'UNSUPPORTED', `"${key}" differs from layer to layer`)
    })

    it('per layer, for no layers', () => {
      expectRefused({ [key]: new Uint32Array(0) }, 'BAD_FORMAT', `"${key}" is undefined`)
    })

    it('per layer, zero or NaN each', () => {
      expectRefused({ [key]: new Uint32Array(3) }, 'BAD_FORMAT', `"${key}" is 0`)
      expectRefused({ [key]: Float32Array.of(nan, nan) }, 'UNSUPPORTED', `"${key}" differs`)
    })
  })

  it.each(['llama.attention.layer_norm_rms_epsilon', 'llama.attention.scale', 'llama.rope.freq_base'])(
    '%s not a number that can be',
    (key) => {
      for (const value of [-1, nan, infinity])
        expectRefused({ [key]: value }, 'BAD_FORMAT', `"${key}" is ${value}`)
      expectRefused({ [key]: '1' }, 'BAD_FORMAT', `"${key}" is not a number`)
    },
  )

  it.each([0, 0.5, 1])('a rotary base of %d, whose frequencies would not fall', (base) => {
    expectRefused({ 'llama.rope.freq_base': base }, 'BAD_FORMAT', `"llama.rope.freq_base" is ${base}`)
  })

  it.each<[string, Changes, string, string]>([
    ['another architecture', { 'general.architecture': 'rwkv6' }, 'UNSUPPORTED', 'architecture "rwkv6"'],
    [
      'an architecture that is not a string',
      { 'general.architecture': 7 },
      'BAD_FORMAT',
      'general.architecture',
    ],
    ['a name that is not a string', { 'general.name': 7 }, 'BAD_FORMAT', 'general.name'],
    [
      'experts without how many are used',
      { 'llama.expert_count': 8 },
      'MISSING',
      '"llama.expert_used_count" is missing',
    ],
    [
      'attention in both directions in a family without it',
      renamed('arcee', { 'attention.causal': false }),
      'UNSUPPORTED',
      'non-causal attention is not supported',
    ],
    [
      'causal attention in an encoder',
      renamed('eurobert', { 'attention.causal': true }),
      'UNSUPPORTED',
      '"eurobert.attention.causal" is true',
    ],
    ['a causality that is not a boolean', { 'llama.attention.causal': 0 }, 'BAD_FORMAT', 'attention.causal'],
    ['an unknown pooling', { 'llama.pooling_type': 5 }, 'BAD_FORMAT', '"llama.pooling_type" is 5'],
    ['a pooling between two', { 'llama.pooling_type': 1.5 }, 'BAD_FORMAT', '"llama.pooling_type" is 1.5'],
    [
      'a pooling type that is not a number',
      { 'llama.pooling_type': 'mean' },
      'BAD_FORMAT',
      'llama.pooling_type',
    ],
    [
      'fewer numbers than layers',
      { 'llama.attention.head_count_kv': Uint32Array.of(3, 3) },
      'BAD_FORMAT',
      '"llama.attention.head_count_kv" has 2 values for 6 layers',
    ],
    [
      'heads that do not divide the width',
      { 'llama.attention.head_count': 7 },
      'BAD_FORMAT',
      '288 values ("llama.embedding_length") cannot be split into 7 attention heads ("llama.attention.head_count")',
    ],
    [
      'heads that cannot be shared',
      { 'llama.attention.head_count_kv': 4 },
      'BAD_FORMAT',
      '6 attention heads cannot share 4',
    ],
    [
      'more key/value heads than heads',
      { 'llama.attention.head_count_kv': 12 },
      'BAD_FORMAT',
      '6 attention heads cannot share 12',
    ],
    [
      'more heads than values',
      { 'llama.attention.head_count': 300 },
      'BAD_FORMAT',
      '"llama.attention.key_length" is 0',
    ],
    [
      'heads that are not a multiple of 4',
      { 'llama.attention.head_count': 16 },
      'UNSUPPORTED',
      'heads of 18 key and 18 value',
    ],
    [
      'values unlike keys',
      { 'llama.attention.value_length': 32 },
      'UNSUPPORTED',
      'heads of 48 key and 32 value',
    ],
    [
      'an odd number of rotary dimensions',
      { 'llama.rope.dimension_count': 15 },
      'BAD_FORMAT',
      '15 rotary dimensions',
    ],
    [
      'more rotary dimensions than a head has',
      { 'llama.rope.dimension_count': 50 },
      'BAD_FORMAT',
      '50 rotary dimensions ("llama.rope.dimension_count") in heads of 48',
    ],
  ])('%s', (_, changes, code, message) => {
    expectRefused(changes, code, message)
  })
})
