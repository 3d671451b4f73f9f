import { describe, expect, it } from 'vitest'
import { f32, str, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { DasllamaError, inspectModel, loadModel, loadTokenizer } from '../../src/index.js'
import { smallModel, smallParts, VOCAB } from '../model/small.js'
import { TINY_STORIES } from '../support/model-files.js'
import { randomModel } from '../support/random-model/random-model.js'
import { vocabularyPath } from '../tokenizer/fixtures.js'
import { watchedSource } from './sources.js'

describe('inspectModel', () => {
  it('describes tiny-stories', async () => {
    const summary = await inspectModel(TINY_STORIES)
    expect(summary).toMatchObject({
      fileName: TINY_STORIES,
      container: 'gguf',
      version: 3,
      architecture: 'llama',
      problems: [],
    })
    expect(summary.formats.map(({ format }) => format)).toEqual(['Q8_0', 'F32'])
    const total = (of: 'tensors' | 'parameters' | 'bytes') =>
      summary.formats.reduce((sum, share) => sum + share[of], 0)
    expect(total('tensors')).toBe(summary.tensors)
    expect(total('parameters')).toBe(summary.parameters)
    expect(total('bytes')).toBe(summary.tensorBytes)
    expect(summary.tensorBytes).toBeLessThan(3_136_288)
    expect(summary.tokenizer!.vocabSize).toBe(summary.config!.vocabSize)
    const model = await loadModel(TINY_STORIES)
    expect(model.config).toEqual(summary.config)
    expect(model.tokenizer.eosId).toBe(summary.tokenizer!.eosId)
  })

  it('reads no weight, and closes what it opened', async () => {
    const bytes = smallModel()
    const opening = watchedSource(bytes)
    await loadTokenizer(opening.source)
    const { source, state } = watchedSource(bytes)
    expect((await inspectModel(source)).problems).toEqual([])
    expect(state).toEqual({ ...opening.state, closed: 1 })
  })

  it.each([
    ['llama-spm', 'llama', 32000],
    ['llama-bpe', 'gpt2', 128256],
  ])('finds a vocabulary and no model in ggml-vocab-%s.gguf', async (name, kind, vocabSize) => {
    const summary = await inspectModel(vocabularyPath(name))
    expect(summary.tensors).toBe(0)
    expect(summary.memory).toBeUndefined()
    expect(summary.tokenizer).toMatchObject({ model: kind, vocabSize })
    expect(summary.problems.map(({ code }) => code)).toEqual(['MISSING'])
    expect((await loadTokenizer(vocabularyPath(name))).vocabSize).toBe(vocabSize)
    await expect(loadModel(vocabularyPath(name))).rejects.toMatchObject({ code: 'MISSING' })
  })

  it('lists what is unsupported, and describes the rest', async () => {
    const parts = smallParts({
      architecture: 'rwkv7',
      metadata: [['tokenizer.ggml.model', str('rwkv')]],
    })
    const summary = await inspectModel(writeGguf(parts))
    expect(summary).toMatchObject({
      architecture: 'rwkv7',
      name: 'random rwkv7',
      config: undefined,
      memory: undefined,
    })
    expect(summary.tokenizer).toBeUndefined()
    expect(summary.parameters).toBeGreaterThan(VOCAB * 96)
    expect(summary.problems.map(({ code, message }) => [code, message])).toEqual([
      ['UNSUPPORTED', 'bytes: architecture "rwkv7" is not supported'],
      ['UNSUPPORTED', expect.stringContaining('"rwkv"')],
    ])
  })

  it('finds tensors that are missing or cannot be used', async () => {
    const parts = smallParts()
    const without = parts.tensors.filter(({ name }) => name !== 'blk.1.ffn_up.weight')
    const { config, memory, problems } = await inspectModel(writeGguf({ ...parts, tensors: without }))
    expect(config!.layers).toBe(2)
    expect(memory).toBeUndefined()
    expect(problems).toEqual([
      expect.objectContaining({ code: 'MISSING', message: expect.stringContaining('ffn_up') }),
    ])
  })

  it.each([
    ['an architecture that is no text', 'general.architecture', f32(1)],
    ['a name that is no text', 'general.name', u32(7)],
    ['no layers', 'llama.block_count', u32(0)],
    ['a tokenizer that is no text', 'tokenizer.ggml.model', u32(7)],
    ['a pre-tokenizer that is no text', 'tokenizer.ggml.pre', u32(7)],
  ])('lives with %s', async (_, key, value) => {
    const summary = await inspectModel(smallModel({ metadata: [[key, value]] }))
    expect(summary.problems.length).toBeGreaterThan(0)
    for (const problem of summary.problems) expect(problem).toBeInstanceOf(DasllamaError)
    expect(summary.problems[0].message).toContain(key)
    expect(typeof summary.architecture).toBe('string')
    expect(['string', 'undefined']).toContain(typeof summary.name)
  })

  it('sees that vocabulary and weights do not fit', async () => {
    const summary = await inspectModel(smallModel({ metadata: [['llama.vocab_size', u32(VOCAB - 1)]] }))
    expect(summary.problems.map(({ code }) => code)).toContain('BAD_FORMAT')
  })

  it('rejects what is not a model file', async () => {
    await expect(inspectModel(new TextEncoder().encode('{"not": "a model"}'))).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringContaining('JSON'),
    })
    await expect(inspectModel('no/such/file.gguf')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('will it run here', () => {
  it('has the memory of a context, and the longest context within a limit', async () => {
    const { memory } = await inspectModel(TINY_STORIES, { contextLength: 128 })
    const { memory: whole } = await inspectModel(TINY_STORIES)
    expect(memory!.sessionBytes * 2).toBe(whole!.sessionBytes)
    expect([memory!.contextLength, memory!.longestContext, whole!.longestContext]).toEqual([128, 256, 256])
    const limited = (memoryLimit: number) => inspectModel(TINY_STORIES, { memoryLimit })
    const needed = memory!.modelBytes + memory!.sessionBytes
    expect((await limited(needed)).memory!.longestContext).toBe(128)
    expect((await limited(needed - 1)).memory!.longestContext).toBe(0)
    await expect(limited(-1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(inspectModel(TINY_STORIES, { contextLength: 0 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  it('counts the weights that a token reads: of experts, those that are used', async () => {
    const dense = await inspectModel(TINY_STORIES)
    expect(dense.speed!.class).toBe('fast')
    expect(dense.speed!.bytesPerToken).toBeLessThanOrEqual(dense.tensorBytes)
    const shape = { embed: 64, layers: 1, heads: 2, kvHeads: 1, feedForward: 96, vocab: 400, context: 128 }
    const ofExperts = async (used: number) => {
      const hyperparameters = { expert_count: u32(8), expert_used_count: u32(used) }
      const parts = randomModel({ shape, format: 'F32', architecture: 'olmoe', hyperparameters })
      const { speed, family } = await inspectModel(writeGguf(parts))
      expect(family).toBe('olmoe')
      return speed!.bytesPerToken
    }
    // Three matrices of 64 by 96, in F32.
    expect((await ofExperts(3)) - (await ofExperts(1))).toBe(2 * 3 * 64 * 96 * 4)
  })

  it('names the family that runs an architecture', async () => {
    const shape = { embed: 64, layers: 1, heads: 2, feedForward: 96, vocab: 400, context: 128 }
    const parts = randomModel({ shape, format: 'F32', architecture: 'internlm2' })
    expect(await inspectModel(writeGguf(parts))).toMatchObject({ architecture: 'internlm2', family: 'llama' })
  })
})
