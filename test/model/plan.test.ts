import { describe, expect, it } from 'vitest'
import type { ModelFile } from '../../src/gguf/model-file.js'
import { openGguf } from '../../src/gguf/reader.js'
import { f32, str, u32 } from '../../src/gguf/typed-value.js'
import { type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { llama } from '../../src/model/families/llama.js'
import type { Family } from '../../src/model/family.js'
import { planModel, readHeader } from '../../src/model/plan.js'
import { registerFamily } from '../../src/model/registry.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { openSmall, smallParts } from './small.js'

type Change = (tensors: TensorToWrite[]) => TensorToWrite[]

async function smallFile(change: Change): Promise<ModelFile> {
  const parts = smallParts()
  return openGguf(bytesSource(writeGguf({ ...parts, tensors: change(parts.tensors) }), 'm.gguf'))
}

const zeros = (name: string, ...shape: number[]): TensorToWrite => ({
  name,
  shape,
  format: 'F32',
  data: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
})

describe('the plan of a file', () => {
  it('has the family, what it read, and the program', async () => {
    const { family, config, hyperparameters, program } = planModel(await openSmall())
    expect(family).toBe(llama)
    expect(config.layers).toBe(2)
    expect(hyperparameters.get('attention.head_count_kv')).toBe(2)
    expect(program.tensors.size).toBe(2 * 9 + 3)
    expect(program.memories).toHaveLength(2)
    expect(program).toMatchObject({ vocabSize: 400, embeddingLength: 96 })
  })

  it('ignores trailing ones of a shape', async () => {
    const file = await smallFile((tensors) =>
      tensors.map((each) => (each.shape.length === 1 ? { ...each, shape: [...each.shape, 1, 1] } : each)),
    )
    expect(planModel(file).program.tensors.get('output_norm.weight')?.shape).toEqual([96])
  })

  it.each(['blk.0.attn_rot_embd.weight', 'blk.11.attn_rot_embd'])('ignores %s', async (name) => {
    const file = await smallFile((tensors) => [...tensors, zeros(name, 8)])
    expect(planModel(file).program.tensors.has(name)).toBe(false)
  })

  it.each<[string, Change, string, string]>([
    [
      'a tensor that is missing',
      (tensors) => tensors.filter(({ name }) => name !== 'blk.1.attn_k.weight'),
      'MISSING',
      'm.gguf: tensor "blk.1.attn_k.weight" is missing',
    ],
    [
      'no tensors at all',
      () => [zeros('token_embd.weight', 96, 400)],
      'MISSING',
      'm.gguf: tensor "blk.0.attn_norm.weight" is missing',
    ],
    [
      'a matrix turned over',
      (tensors) =>
        tensors.map((each) => (each.name === 'blk.0.ffn_up.weight' ? zeros(each.name, 160, 96) : each)),
      'BAD_FORMAT',
      'm.gguf: tensor "blk.0.ffn_up.weight" has shape [160,96]; by the metadata it must be [96,160]',
    ],
    [
      'a norm of another width',
      (tensors) => tensors.map((each) => (each.name === 'output_norm.weight' ? zeros(each.name, 95) : each)),
      'BAD_FORMAT',
      'm.gguf: tensor "output_norm.weight" has shape [95]; by the metadata it must be [96]',
    ],
    [
      'a vocabulary of another size in the output',
      (tensors) => tensors.map((each) => (each.name === 'output.weight' ? zeros(each.name, 96, 401) : each)),
      'BAD_FORMAT',
      'm.gguf: tensor "output.weight" has shape [96,401]; by the metadata it must be [96,400]',
    ],
    [
      'a bias of another length',
      (tensors) => [...tensors, zeros('blk.1.attn_q.bias', 95)],
      'BAD_FORMAT',
      'm.gguf: tensor "blk.1.attn_q.bias" has shape [95]; by the metadata it must be [96]',
    ],
    [
      'rope factors of another length',
      (tensors) => [...tensors, zeros('rope_freqs.weight', 16)],
      'BAD_FORMAT',
      'm.gguf: tensor "rope_freqs.weight" has shape [16]; by the metadata it must be [8]',
    ],
    [
      'a tensor that the family does not use',
      (tensors) => [...tensors, zeros('blk.1.attn_q_norm.weight', 16)],
      'UNSUPPORTED',
      'm.gguf: unexpected tensor "blk.1.attn_q_norm.weight" in a model of architecture "llama"',
    ],
    [
      'a layer too many',
      (tensors) => [...tensors, zeros('blk.2.attn_norm.weight', 96)],
      'UNSUPPORTED',
      'm.gguf: unexpected tensor "blk.2.attn_norm.weight" in a model of architecture "llama"',
    ],
  ])('is rejected for %s', async (_, change, code, message) => {
    const file = await smallFile(change)
    expect(() => planModel(file)).toThrow(expect.objectContaining({ name: 'DasllamaError', code, message }))
  })
})

describe('a family that fails', () => {
  let names = 0

  /** A file of the family. */
  async function fileOf(mistaken: Partial<Family>): Promise<ModelFile> {
    const architecture = `mistaken-${names++}`
    const parts = smallParts({ architecture })
    registerFamily({ ...llama, ...mistaken, architectures: [architecture] })
    return openGguf(bytesSource(writeGguf(parts), 'm.gguf'))
  }

  it.each<[string, Partial<Family>, string, RegExp]>([
    [
      'reads a key that the file lacks',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), window: reader.count('window') }) },
      'MISSING',
      /^m\.gguf: metadata key "mistaken-\d+\.window" is missing; family "mistaken-\d+" needs it$/,
    ],
    [
      'reads a text that the file lacks',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), kind: reader.text('kind') }) },
      'MISSING',
      /^m\.gguf: metadata key "mistaken-\d+\.kind" is missing; family/,
    ],
    [
      'reads a key of another type',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), it: reader.flag('block_count') }) },
      'BAD_FORMAT',
      /^m\.gguf: metadata key "mistaken-\d+\.block_count" is not a boolean$/,
    ],
    [
      'throws while it reads',
      {
        hyperparameters: () => {
          throw new TypeError('cannot read this')
        },
      },
      'INVALID_ARGUMENT',
      /^family "mistaken-\d+": hyperparameters\(\) failed: cannot read this$/,
    ],
    [
      'throws while it builds',
      {
        build: () => {
          throw new TypeError('cannot build this')
        },
      },
      'INVALID_ARGUMENT',
      /^family "mistaken-\d+": build\(\) failed: cannot build this$/,
    ],
    [
      'throws no error at all',
      {
        build: () => {
          throw { [Symbol.toPrimitive]: 7 }
        },
      },
      'INVALID_ARGUMENT',
      /^family "mistaken-\d+": build\(\) failed: /,
    ],
    [
      'returns no configuration',
      { hyperparameters: () => undefined as never },
      'INVALID_ARGUMENT',
      /^family "mistaken-\d+": hyperparameters\(\) returns contextLength undefined; a whole number from 1 to 16777216 is needed$/,
    ],
    [
      'returns a configuration without layers',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), layers: 0 }) },
      'INVALID_ARGUMENT',
      /returns layers 0; a whole number from 1 to 1024 is needed$/,
    ],
    [
      'returns no heads, but does not say that it has no attention',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), heads: 0 }) },
      'INVALID_ARGUMENT',
      /returns heads 0; a whole number from 1 to 4096 is needed$/,
    ],
    [
      'returns no layers without attention',
      {
        hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), attentionFree: true, layers: 0 }),
      },
      'INVALID_ARGUMENT',
      /returns layers 0; a whole number from 1 to 1024 is needed$/,
    ],
    [
      'returns heads that are text',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), heads: '6' as never }) },
      'INVALID_ARGUMENT',
      /returns heads "6"; a whole number from 1 to 4096 is needed$/,
    ],
    [
      'returns an epsilon that is not a number',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), normEpsilon: Number.NaN }) },
      'INVALID_ARGUMENT',
      /returns normEpsilon NaN; a number is needed$/,
    ],
    [
      'returns another architecture',
      { hyperparameters: (reader) => ({ ...llama.hyperparameters(reader), architecture: 'other' }) },
      'INVALID_ARGUMENT',
      /returns architecture "other"; the file's is needed$/,
    ],
    [
      'reads promises',
      { hyperparameters: (async () => undefined) as never },
      'INVALID_ARGUMENT',
      /^family "mistaken-\d+": hyperparameters\(\) failed: it is async/,
    ],
    ['builds nothing', { build: () => {} }, 'INVALID_ARGUMENT', /, build: the program has no logits$/],
  ])('is rejected when it %s', async (_, mistaken, code, message) => {
    // Made as llama, before the family is registered.
    const file = await fileOf(mistaken)
    expect(() => planModel(file)).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringMatching(message) }),
    )
  })
})

describe('what is read of a file', () => {
  it('is recorded with defaults, and without the rest of the metadata', async () => {
    const file = await openSmall({
      metadata: [
        ['llama.attention.scale', f32(0.5)],
        ['llama.something_else', u32(3)],
        ['general.name', str('a name')],
      ],
    })
    const { hyperparameters } = readHeader(file)
    expect(hyperparameters.get('attention.scale')).toBe(0.5)
    expect(hyperparameters.get('rope.freq_base')).toBe(10_000)
    expect(hyperparameters.get('rope.scaling')).toEqual({ type: 'none' })
    expect([...hyperparameters.keys()].filter((key) => /something|name/.test(key))).toEqual([])
  })
})
