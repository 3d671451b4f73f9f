import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { DasllamaError } from '../../src/errors.js'
import { openLlama2c } from '../../src/gguf/llama2c.js'
import type { ModelFile } from '../../src/gguf/model-file.js'
import { openModelFile } from '../../src/gguf/open.js'
import { openGguf } from '../../src/gguf/reader.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { STORIES_15M, STORIES_15M_CHECKPOINT_BYTES, tensorBytes } from '../support/model-files.js'
import { sliceSource } from '../support/slice-source.js'
import { vocabularyPath } from '../tokenizer/fixtures.js'

const HEADER = { dim: 8, hiddenDim: 6, layers: 2, heads: 2, kvHeads: 1, vocabulary: 261, sequence: 5 }
type Header = typeof HEADER

/** The tensors of `HEADER` in run.c's order, with the other data of the file between them. */
const ORDER: [name: string | undefined, elements: number][] = [
  ['token_embd.weight', 261 * 8],
  ...layers('attn_norm', 8),
  ...layers('attn_q', 64),
  ...layers('attn_k', 32),
  ...layers('attn_v', 32),
  ...layers('attn_output', 64),
  ...layers('ffn_norm', 8),
  ...layers('ffn_gate', 48),
  ...layers('ffn_down', 48),
  ...layers('ffn_up', 48),
  ['output_norm.weight', 8],
  [undefined, 5 * 2],
  [undefined, 5 * 2],
]

function layers(name: string, elements: number): [string, number][] {
  return [0, 1].map((layer) => [`blk.${layer}.${name}.weight`, elements])
}

/** A checkpoint in which every weight is the position of its tensor in the file. */
function checkpoint(changes: Partial<Header> = {}, { sharedClassifier = true } = {}): Uint8Array {
  const { dim, hiddenDim, layers, heads, kvHeads, vocabulary, sequence } = { ...HEADER, ...changes }
  const order = sharedClassifier ? ORDER : [...ORDER, ['output.weight', 261 * 8] as const]
  const weights = order.flatMap(([, elements], i) => new Array<number>(elements).fill(i))
  const header = [
    dim,
    hiddenDim,
    layers,
    heads,
    kvHeads,
    sharedClassifier ? vocabulary : -vocabulary,
    sequence,
  ]
  return new Uint8Array([
    ...new Uint8Array(Int32Array.from(header).buffer),
    ...new Uint8Array(Float32Array.from(weights).buffer),
  ])
}

/** `tokenizer.bin` of the given tokens, with scores -0.5 × id. */
function tokenizer(tokens: readonly (string | Uint8Array)[], longest?: number): Uint8Array {
  const encoded = tokens.map((token) => (typeof token === 'string' ? new TextEncoder().encode(token) : token))
  const parts = [Int32Array.of(longest ?? Math.max(...encoded.map(({ length }) => length)))] as (
    | Int32Array
    | Float32Array
    | Uint8Array
  )[]
  for (const [id, token] of encoded.entries())
    parts.push(Float32Array.of(-0.5 * id), Int32Array.of(token.length), token)
  return new Uint8Array(
    Buffer.concat(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength))),
  )
}

const bytePiece = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
const BYTES = Array.from({ length: 256 }, (_, byte) => byte)
const OLD_TOKENS = [
  '<unk>',
  '\n<s>\n',
  '\n</s>\n',
  ...BYTES.map((byte) => String.fromCharCode(byte)),
  ' a b',
  'c',
]
const NEW_TOKENS = ['<unk>', '<s>', '</s>', ...BYTES.map(bytePiece), ' a b', 'c']

function open(model: Uint8Array, tokens?: Uint8Array): Promise<ModelFile> {
  return openModelFile(bytesSource(model, 'm.bin'), {
    tokenizer: tokens && bytesSource(tokens, 't.bin'),
  })
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}

const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

describe('a llama2.c checkpoint', () => {
  it('has the tensors of a GGUF file, each from its place', async () => {
    const file = await open(checkpoint(), tokenizer(OLD_TOKENS))
    const named = ORDER.flatMap(([name], i) => (name === undefined ? [] : [[name, i] as const]))
    expect([...file.tensors.keys()].sort()).toEqual(named.map(([name]) => name).sort())
    for (const [name, i] of named) {
      const values = new Float32Array((await tensorBytes(file, name)).buffer)
      expect(new Set(values), name).toEqual(new Set([i]))
    }
    expect(file.tensors.get('blk.1.attn_k.weight')?.shape).toEqual([8, 4])
    expect(file.tensors.get('blk.1.ffn_down.weight')?.shape).toEqual([6, 8])
    expect(file.tensors.get('blk.1.ffn_up.weight')?.shape).toEqual([8, 6])
    expect(file.tensors.get('token_embd.weight')?.shape).toEqual([8, 261])
    expect(file).toMatchObject({ container: 'llama2c', version: 0, name: 'm.bin' })
    expect(file.tensorBytes).toBe(checkpoint().length - 28 - 2 * 40)
  })

  it('has the metadata of a GGUF file', async () => {
    const { metadata } = await open(checkpoint(), tokenizer(OLD_TOKENS))
    expect(Object.fromEntries(metadata.entries())).toMatchObject({
      'general.architecture': 'llama',
      'llama.vocab_size': 261,
      'llama.context_length': 5,
      'llama.embedding_length': 8,
      'llama.block_count': 2,
      'llama.feed_forward_length': 6,
      'llama.attention.head_count': 2,
      'llama.attention.head_count_kv': 1,
      'llama.attention.layer_norm_rms_epsilon': 1e-5,
      'llama.rope.dimension_count': 4,
      'llama.rope.freq_base': 10_000,
      'tokenizer.ggml.model': 'llama',
      'tokenizer.ggml.bos_token_id': 1,
      'tokenizer.ggml.eos_token_id': 2,
      'tokenizer.ggml.unknown_token_id': 0,
      'tokenizer.ggml.add_bos_token': true,
      'tokenizer.ggml.add_space_prefix': true,
    })
  })

  it('has a separate classifier if the vocabulary size is negative', async () => {
    const file = await open(checkpoint({}, { sharedClassifier: false }), tokenizer(OLD_TOKENS))
    const values = new Float32Array((await tensorBytes(file, 'output.weight')).buffer)
    expect(new Set(values)).toEqual(new Set([ORDER.length]))
    expect(file.metadata.number('llama.vocab_size')).toBe(261)
  })

  it.each([
    ['older', OLD_TOKENS],
    ['newer', NEW_TOKENS],
  ])('reads the %s form of tokenizer', async (_, tokens) => {
    const { metadata } = await open(checkpoint(), tokenizer(tokens))
    expect(metadata.strings('tokenizer.ggml.tokens')).toEqual([
      '<unk>',
      '<s>',
      '</s>',
      ...BYTES.map(bytePiece),
      '\u2581a\u2581b',
      'c',
    ])
    expect([...Array.from(metadata.numbers('tokenizer.ggml.token_type'))]).toEqual([
      2,
      3,
      3,
      ...BYTES.map(() => 6),
      1,
      1,
    ])
    expect(metadata.numbers('tokenizer.ggml.scores')).toEqual(
      Float32Array.from(OLD_TOKENS, (_, id) => -0.5 * id),
    )
  })

  it('may have its tokenizer after the weights', async () => {
    const file = await open(joined(checkpoint(), tokenizer(OLD_TOKENS)))
    expect(file.metadata.strings('tokenizer.ggml.tokens')).toHaveLength(261)
  })

  it('closes both sources', async () => {
    let closed = 0
    const counting = (bytes: Uint8Array) => ({ ...bytesSource(bytes), close: async () => void closed++ })
    const file = await openLlama2c(counting(checkpoint()), counting(tokenizer(OLD_TOKENS)))
    await file.close()
    expect(closed).toBe(2)
  })

  const good = tokenizer(OLD_TOKENS)
  const scored = (score: number) => {
    const bytes = good.slice()
    new DataView(bytes.buffer).setFloat32(4, score, true)
    return bytes
  }
  const lengthened = (length: number) => {
    const bytes = good.slice()
    new DataView(bytes.buffer).setInt32(8, length, true)
    return bytes
  }
  it.each<[string, Uint8Array, Uint8Array | undefined, string, RegExp]>([
    [
      'no tokenizer',
      checkpoint(),
      undefined,
      'MISSING',
      /m\.bin: a llama2\.c checkpoint without a tokenizer/,
    ],
    ['two tokenizers', joined(checkpoint(), good), good, 'BAD_FORMAT', /\d+ bytes follow the weights/],
    ['weights cut short', checkpoint().slice(0, -1), good, 'TRUNCATED', /m\.bin: by the header the weights/],
    ['weights of another shape', checkpoint({ layers: 3 }), good, 'TRUNCATED', /the weights/],
    ['an empty tokenizer', checkpoint(), new Uint8Array(0), 'TRUNCATED', /t\.bin/],
    [
      'a tokenizer with bytes behind it',
      checkpoint(),
      joined(good, new Uint8Array(3)),
      'BAD_FORMAT',
      /3 bytes follow the last/,
    ],
    ['a tokenizer of fewer tokens', checkpoint(), tokenizer(OLD_TOKENS.slice(0, 200)), 'TRUNCATED', /t\.bin/],
    [
      'a tokenizer of more tokens',
      checkpoint(),
      tokenizer([...OLD_TOKENS, 'd']),
      'BAD_FORMAT',
      /9 bytes follow/,
    ],
    [
      'a longest token of 0 bytes',
      checkpoint(),
      tokenizer(OLD_TOKENS, 0),
      'BAD_FORMAT',
      /longest token has 0 bytes/,
    ],
    [
      'a longest token of 2^31 - 1 bytes',
      checkpoint(),
      tokenizer(OLD_TOKENS, 2 ** 31 - 1),
      'BAD_FORMAT',
      /longest token/,
    ],
    [
      'a token longer than the longest',
      checkpoint(),
      tokenizer(OLD_TOKENS, 3),
      'BAD_FORMAT',
      /token 0 has 5 bytes, not 0 to 3/,
    ],
    ['a token of negative length', checkpoint(), lengthened(-1), 'BAD_FORMAT', /token 0 has -1 bytes/],
    [
      'a score that is not a number',
      checkpoint(),
      scored(Number.NaN),
      'BAD_FORMAT',
      /token 0 has the score NaN/,
    ],
  ])('with %s is rejected', async (_, model, tokens, code, message) => {
    await expect(open(model, tokens)).rejects.toMatchObject({
      name: 'DasllamaError',
      code,
      message: expect.stringMatching(message),
    })
  })

  it.each<[Partial<Header>, RegExp]>([
    [{ dim: 0 }, /dim is 0, not 1 to 65536/],
    [{ dim: -8 }, /dim is -8/],
    [{ dim: 2 ** 30 }, /dim is 1073741824/],
    [{ hiddenDim: 0 }, /hiddenDim is 0/],
    [{ layers: 1_000_000 }, /layers is 1000000/],
    [{ heads: 0 }, /heads is 0/],
    [{ heads: 3 }, /dim 8 is not a multiple of heads 3/],
    [{ heads: 8, kvHeads: 8 }, /head dimension 1 is odd/],
    [{ kvHeads: 0 }, /kvHeads is 0/],
    [{ heads: 4, kvHeads: 3 }, /heads 4 is not a multiple of kvHeads 3/],
    [{ vocabulary: 0 }, /vocabulary is 0/],
    [{ vocabulary: -(2 ** 31) }, /vocabulary is 2147483648/],
    [{ sequence: 0 }, /sequence is 0/],
    [{ sequence: 2 ** 31 - 1 }, /sequence is 2147483647/],
  ])('with the header field %o is rejected', async (changes, message) => {
    const bytes = checkpoint(changes)
    await expect(openLlama2c(bytesSource(bytes), bytesSource(good))).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringMatching(message),
    })
    await expect(open(bytes, good)).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringContaining('not a model file'),
    })
  })

  it('of a later version is rejected with advice', async () => {
    const bytes = new Uint8Array(256)
    bytes.set([0x32, 0x34, 0x6b, 0x61, 1])
    await expect(open(bytes, good)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('--version 0'),
    })
  })

  it('is rejected if truncated at any byte', async () => {
    const whole = joined(checkpoint(), good)
    for (let length = 0; length < whole.length; length += length < 64 || length > whole.length - 64 ? 1 : 7) {
      const error = await open(whole.slice(0, length)).catch((reason: unknown) => reason)
      expect(error, `cut at ${length}`).toBeInstanceOf(DasllamaError)
    }
  })

  it('opens or is rejected with any bytes of header or tokenizer changed', async () => {
    const model = checkpoint()
    const place = fc.oneof(
      fc.record({ inHeader: fc.constant(true), at: fc.nat(27) }),
      fc.record({ inHeader: fc.constant(false), at: fc.nat(good.length - 1) }),
    )
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 0, max: 255 }), async ({ inHeader, at }, value) => {
        const model2 = inHeader ? changed(model, at, value) : model
        const tokens = inHeader ? good : changed(good, at, value)
        await open(model2, tokens).catch((error: unknown) => {
          if (!(error instanceof DasllamaError)) throw error
        })
      }),
      { numRuns: 500 },
    )
  })
})

describe('stories15M', () => {
  let bytes: Uint8Array

  beforeAll(async () => {
    bytes = await readFile(STORIES_15M)
  })

  it('opens with the tokenizer that follows it', async () => {
    const file = await openModelFile(bytesSource(bytes, 'stories'))
    const { metadata } = file
    expect(metadata.number('llama.embedding_length')).toBe(288)
    expect(metadata.number('llama.feed_forward_length')).toBe(768)
    expect(metadata.number('llama.block_count')).toBe(6)
    expect(metadata.number('llama.attention.head_count')).toBe(6)
    expect(metadata.number('llama.attention.head_count_kv')).toBe(6)
    expect(metadata.number('llama.context_length')).toBe(256)
    expect(metadata.strings('tokenizer.ggml.tokens')).toHaveLength(32_000)
    expect(file.tensors.size).toBe(2 + 6 * 9)
    expect(file.tensors.has('output.weight')).toBe(false)
    const norm = new Float32Array((await tensorBytes(file, 'output_norm.weight')).buffer)
    const mean = norm.reduce((sum, value) => sum + value, 0) / norm.length
    // Norm weights of a trained model are positive; a wrong offset would land in matrices of mean zero.
    expect(mean).toBeGreaterThan(1)
    expect(Math.min(...norm)).toBeGreaterThan(0)
  })

  it('opens with the tokenizer given apart', async () => {
    const whole = bytesSource(bytes)
    const size = STORIES_15M_CHECKPOINT_BYTES
    const file = await openModelFile(sliceSource(whole, 0, size), {
      tokenizer: sliceSource(whole, size, whole.size - size),
    })
    expect(file.metadata.strings('tokenizer.ggml.tokens').at(9038)).toBe('\u2581Once')
  })

  it("has exactly the vocabulary of llama.cpp's own file", async () => {
    const stories = await openModelFile(bytesSource(bytes))
    const llama = await openGguf(bytesSource(await readFile(vocabularyPath('llama-spm'))))
    for (const key of ['tokens', 'scores', 'token_type']) {
      const list = (file: ModelFile) =>
        Array.from(file.metadata.get(`tokenizer.ggml.${key}`) as Iterable<unknown>)
      expect(list(stories)).toEqual(list(llama))
    }
  })
})
