import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { bf16ToF32, f16ToF32 } from '../../src/gguf/half.js'
import { openGguf } from '../../src/gguf/reader.js'
import { u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { smallModel } from '../model/small.js'
import { tensorBytes } from '../support/model-files.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomBlocks } from '../support/random-model/random-blocks.js'
import { type RandomModelOptions, randomModel } from '../support/random-model/random-model.js'

const FORMATS = [
  'F32',
  'F16',
  'BF16',
  'Q4_0',
  'Q4_1',
  'Q5_0',
  'Q5_1',
  'Q8_0',
  'Q2_K',
  'Q3_K',
  'Q4_K',
  'Q5_K',
  'Q6_K',
  'IQ2_XXS',
  'IQ2_XS',
  'IQ2_S',
  'IQ3_XXS',
  'IQ3_S',
  'IQ1_S',
  'IQ1_M',
  'IQ4_NL',
  'IQ4_XS',
  'TQ1_0',
  'TQ2_0',
  'MXFP4',
  'NVFP4',
  'Q1_0',
  'Q2_0',
]

const SHAPE = { embed: 256, layers: 2, heads: 4, kvHeads: 2, feedForward: 512, vocab: 600, context: 128 }

const FACTORS = [1, 1, 1, 2, 2, 3, 4, 8]

const open = (options: RandomModelOptions) => openGguf(bytesSource(writeGguf(randomModel(options))))

describe('RandomBits', () => {
  it('repeats for a seed and label and differs for others', () => {
    const draw = (seed: number, label?: string) => {
      const random = new RandomBits(seed, label)
      return [random.next(), random.next(), random.next()]
    }
    expect(draw(1, 'a')).toEqual(draw(1, 'a'))
    const all = [draw(1, 'a'), draw(2, 'a'), draw(1, 'b'), draw(1), draw(2 ** 40 + 1), draw(-1)]
    expect(new Set(all.flat()).size).toBe(18)
  })

  it('sets every bit half of the time', () => {
    const bytes = new Uint8Array(40_002)
    new RandomBits(5).fill(bytes)
    for (let bit = 0; bit < 8; bit++) {
      const set = bytes.reduce((sum, byte) => sum + ((byte >> bit) & 1), 0)
      expect(Math.abs(set / bytes.length - 0.5)).toBeLessThan(0.02)
    }
  })
})

describe('randomBlocks', () => {
  it.each(FORMATS)('of %s repeat for a seed and have the right size', (name) => {
    const format = blockFormat(name)
    const make = (seed: number) => randomBlocks(format, 1024, new RandomBits(seed), 0.02)
    expect(make(1)).toHaveLength((1024 / format.blockElements) * format.blockBytes)
    expect(make(1)).toEqual(make(1))
    expect(make(1)).not.toEqual(make(2))
  })

  /** The simple formats, decoded here; the others are measured where their kernels' references are. */
  const halves = (bytes: Uint8Array) => new Uint16Array(bytes.buffer)
  const blocks = (bytes: Uint8Array, size: number) =>
    Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
  const scale = (block: Uint8Array, at = 0) => f16ToF32(block[at] | (block[at + 1] << 8))
  const nibbles = (bytes: Uint8Array) => [...bytes].flatMap((byte) => [byte & 15, byte >> 4])
  const decoders: Record<string, (bytes: Uint8Array) => number[]> = {
    F32: (bytes) => [...new Float32Array(bytes.buffer)],
    F16: (bytes) => Array.from(halves(bytes), f16ToF32),
    BF16: (bytes) => Array.from(halves(bytes), bf16ToF32),
    Q8_0: (bytes) =>
      blocks(bytes, 34).flatMap((block) =>
        [...new Int8Array(block.slice(2).buffer)].map((q) => q * scale(block)),
      ),
    Q4_0: (bytes) =>
      blocks(bytes, 18).flatMap((block) => nibbles(block.subarray(2)).map((q) => (q - 8) * scale(block))),
    Q4_1: (bytes) =>
      blocks(bytes, 20).flatMap((block) =>
        nibbles(block.subarray(4)).map((q) => q * scale(block) + scale(block, 2)),
      ),
  }

  it.each(Object.keys(decoders))('of %s have the wanted mean and deviation', (name) => {
    const values = decoders[name](randomBlocks(blockFormat(name), 1 << 18, new RandomBits(7), 0.02))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(Math.abs(mean)).toBeLessThan(0.0004)
    expect(Math.sqrt(variance)).toBeGreaterThan(0.0195)
    expect(Math.sqrt(variance)).toBeLessThan(0.0205)
  })

  it('reject broken blocks and formats without kernels', () => {
    const random = new RandomBits(1)
    expect(() => randomBlocks(blockFormat('Q4_K'), 128, random, 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
    expect(() => randomBlocks(blockFormat('Q8_K'), 256, random, 1)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    )
  })
})

describe('randomModel', () => {
  it('has the tensors of its shape', async () => {
    const file = await open({ shape: SHAPE, format: 'Q4_K' })
    expect(file.tensors.size).toBe(2 * 9 + 3)
    expect(file.tensors.get('blk.1.attn_k.weight')).toMatchObject({
      shape: [256, 128],
      format: { name: 'Q4_K' },
    })
    expect(file.tensors.get('blk.1.ffn_norm.weight')).toMatchObject({ shape: [256], format: { name: 'F32' } })
    expect(file.tensors.get('output.weight')?.shape).toEqual([256, 600])
    expect(file.metadata.number('llama.attention.key_length')).toBe(64)
  })

  it('takes a format for each tensor, biases, ties, factors, scaling and metadata', async () => {
    const file = await open({
      shape: { ...SHAPE, headDim: 32 },
      format: (name) => (name === 'token_embd.weight' ? 'F16' : 'Q8_0'),
      tied: true,
      biases: true,
      ropeFactors: new Array(16).fill(2),
      ropeScaling: { type: 'yarn', factor: 4, originalContext: 32 },
      metadata: [['llama.context_length', u32(7)]],
      alignment: 64,
    })
    expect(file.tensors.has('output.weight')).toBe(false)
    expect(file.tensors.get('token_embd.weight')?.format.name).toBe('F16')
    expect(file.tensors.get('blk.0.attn_q.weight')).toMatchObject({
      shape: [256, 128],
      format: { name: 'Q8_0' },
    })
    expect(file.tensors.get('blk.0.attn_output.weight')?.shape).toEqual([128, 256])
    expect(file.tensors.get('blk.0.attn_v.bias')?.shape).toEqual([64])
    const factors = new Float32Array((await tensorBytes(file, 'rope_freqs.weight')).buffer)
    expect(factors).toEqual(new Float32Array(16).fill(2))
    expect(file.metadata.string('llama.rope.scaling.type')).toBe('yarn')
    expect(file.metadata.number('llama.rope.scaling.original_context_length')).toBe(32)
    expect(file.metadata.number('llama.context_length')).toBe(7)
    expect(file.metadata.number('general.alignment')).toBe(64)
  })

  it('is the same for the same seed, and a tensor independent of the others', async () => {
    const options = { shape: SHAPE, format: 'Q8_0', seed: 3 }
    expect(Buffer.compare(writeGguf(randomModel(options)), writeGguf(randomModel(options)))).toBe(0)
    const name = 'blk.0.attn_k.weight'
    const alone = await tensorBytes(await open({ ...options, shape: { ...SHAPE, layers: 1 } }), name)
    expect(await tensorBytes(await open(options), name)).toEqual(alone)
    expect(await tensorBytes(await open({ ...options, seed: 4 }), name)).not.toEqual(alone)
  })

  it.each<[string, Partial<RandomModelOptions>, string]>([
    ['alone', {}, '1a3ba8295854e99d33380e14dc7b89b11436b2fb754d59cc24d0236fcf38dca4'],
    ['tied', { tied: true }, '35475e44f929412ec0de6adf4a43208f3b1625203186745259c2244f3b34d00b'],
    ['with biases', { biases: true }, '782a8ca369d41fc8dfb22253a26ec438b0d51298924f473318d904cbc7922561'],
    [
      'with a BPE vocabulary',
      { tokenizer: 'bpe' },
      '4a2ea022ae774b903e05fd83c1a78860e1b5ca0fa43b0677d8074eaa20d2ed69',
    ],
    ['in F16', { format: 'F16' }, '60e8543066b57c2262356f61da0aa3c8d1d9ee6333126a0325fbcba1a9bbdde2'],
    [
      'with rope factors',
      { ropeFactors: FACTORS },
      'b239a1cd8f04b1c0d2762ed650d45947e05084a5c3fb144a8144f76ca46881f9',
    ],
    [
      'with scaling',
      { ropeScaling: { type: 'linear', factor: 2 } },
      '19385447903873538853bb78b795ddcde89ea339518645bce3129cab0a21db23',
    ],
    [
      'with much of it',
      {
        tied: true,
        biases: true,
        ropeFactors: FACTORS,
        alignment: 64,
        metadata: [['llama.context_length', u32(7)]],
      },
      '4f4a4c9938d40b389f4a25f93ef5f623c08d0d11c631e2b1aae84408b128475d',
    ],
  ])('has the bytes that golden values and figures of benchmarks were made with: %s', (_, options, hash) => {
    const bytes = smallModel(options)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash)
  })

  it('has fused matrices in place of their parts', async () => {
    const file = await open({
      shape: SHAPE,
      format: 'F16',
      fused: ['attn_qkv', 'ffn_up'],
      biases: ['attn_qkv'],
    })
    expect(file.tensors.get('blk.0.attn_qkv.weight')?.shape).toEqual([256, 512])
    expect(file.tensors.get('blk.0.attn_qkv.bias')?.shape).toEqual([512])
    expect(file.tensors.get('blk.1.ffn_up.weight')?.shape).toEqual([256, 1024])
    expect([...file.tensors.keys()].filter((name) => /attn_[qkv]\.|ffn_gate/.test(name))).toEqual([])
  })

  it('has the tensors of its family, by the hyperparameters that this reads', async () => {
    const file = await open({
      shape: SHAPE,
      format: 'F16',
      architecture: 'gemma3',
      hyperparameters: { 'attention.sliding_window': u32(4) },
    })
    expect(file.metadata.number('gemma3.attention.sliding_window')).toBe(4)
    expect(file.tensors.get('blk.1.attn_q_norm.weight')?.shape).toEqual([64])
    expect(file.tensors.get('blk.1.post_ffw_norm.weight')?.shape).toEqual([256])
    expect([...file.tensors.keys()].slice(0, 6)).toEqual([
      'token_embd.weight',
      'blk.0.attn_norm.weight',
      'blk.0.attn_q.weight',
      'blk.0.attn_k.weight',
      'blk.0.attn_v.weight',
      'blk.0.attn_q_norm.weight',
    ])
  })

  it('has embeddings of size 1 when its family has scaled them, unless they are tied', async () => {
    const deviation = async (options: Partial<RandomModelOptions>) => {
      const file = await open({ shape: SHAPE, format: 'F32', ...options })
      const values = new Float32Array((await tensorBytes(file, 'token_embd.weight')).buffer)
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
    }
    expect(await deviation({})).toBeCloseTo(1, 2)
    expect(await deviation({ architecture: 'gemma3' })).toBeCloseTo(1 / 16, 3)
    for (const architecture of ['llama', 'gemma3']) {
      expect(await deviation({ architecture, tied: true })).toBeCloseTo(3.5 / 16, 2)
    }
  })

  it('has norms near 1', async () => {
    const file = await open({ shape: SHAPE, format: 'F32' })
    const norm = new Float32Array((await tensorBytes(file, 'output_norm.weight')).buffer)
    for (const value of norm) expect(Math.abs(value - 1)).toBeLessThanOrEqual(0.1)
  })

  it.each([
    ['spm', 400, 'llama'],
    ['spm', 32_000, 'llama'],
    ['bpe', 300, 'gpt2'],
    ['bpe', 32_000, 'gpt2'],
  ] as const)('has a %s vocabulary of %i unique tokens', async (tokenizer, vocab, model) => {
    const { metadata } = await open({
      shape: { ...SHAPE, embed: 32, layers: 1, vocab },
      format: 'F16',
      tokenizer,
    })
    const tokens = metadata.strings('tokenizer.ggml.tokens')
    expect(tokens).toHaveLength(vocab)
    expect(new Set(tokens).size).toBe(vocab)
    expect(metadata.numbers('tokenizer.ggml.token_type')).toHaveLength(vocab)
    expect(metadata.string('tokenizer.ggml.model')).toBe(model)
  })

  it('has merges that make tokens of tokens', async () => {
    const { metadata } = await open({ shape: { ...SHAPE, vocab: 5000 }, format: 'F16', tokenizer: 'bpe' })
    const tokens = new Set(metadata.strings('tokenizer.ggml.tokens'))
    for (const merge of metadata.strings('tokenizer.ggml.merges')) {
      const [left, right] = merge.split(' ')
      for (const token of [left, right, left + right]) expect(tokens.has(token), merge).toBe(true)
    }
  })

  it.each<[string, Partial<RandomModelOptions>, RegExp]>([
    [
      'rows that are not a multiple of the block',
      { shape: { ...SHAPE, embed: 128 }, format: 'Q4_K' },
      /token_embd\.weight: a row of 128 is not a multiple of Q4_K's block of 256/,
    ],
    [
      'an invalid feed-forward length',
      { shape: { ...SHAPE, feedForward: 300 } },
      /blk\.0\.ffn_down\.weight: a row of 300/,
    ],
    [
      'heads that do not divide the width',
      { shape: { ...SHAPE, heads: 3, kvHeads: 3 } },
      /headDim must be a positive integer/,
    ],
    [
      'key/value heads that do not divide the heads',
      { shape: { ...SHAPE, kvHeads: 3 } },
      /4 heads cannot share 3/,
    ],
    ['an odd head', { shape: { ...SHAPE, headDim: 33 } }, /headDim 33 is odd/],
    ['no layers', { shape: { ...SHAPE, layers: 0 } }, /layers must be a positive integer, not 0/],
    ['a tiny vocabulary', { shape: { ...SHAPE, vocab: 200 } }, /at least 354 tokens/],
    ['a huge vocabulary', { shape: { ...SHAPE, vocab: 2_000_000 } }, /at most \d+ tokens/],
    ['factors of another length', { ropeFactors: [1] }, /ropeFactors has 1 values, not headDim \/ 2 = 32/],
  ])('cannot have %s', (_, options, message) => {
    expect(() => randomModel({ shape: SHAPE, format: 'Q8_0', ...options })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
    )
  })
})
