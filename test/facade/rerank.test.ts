import { beforeAll, describe, expect, it } from 'vitest'
import { str, type TypedValue } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { cosineSimilarity, createChat, embed, loadModel, type Model, rerank } from '../../src/index.js'
import { smallModel } from '../model/small.js'
import { ENCODER_CASES, RERANKER_CASES } from '../support/family-models/encoders.js'

const QUERY = 'what do pandas eat?'
const DOCUMENTS = ['Bamboo shoots.', 'Trucks run on diesel.', 'A panda is a bear.', 'Bamboo shoots.']

function loadCase(name: string, ...metadata: [string, TypedValue][]): Promise<Model> {
  const { parts } = [...RERANKER_CASES, ...ENCODER_CASES].find((each) => each.name.includes(name))!
  const all = new Map([...parts.metadata, ...metadata])
  return loadModel(writeGguf({ ...parts, metadata: all }), { kernels: 'baseline' })
}

function failure(code: string, message: string) {
  return expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) })
}

let reranker: Model
beforeAll(async () => {
  reranker = await loadCase('a dense layer and an output')
})

describe('rerank', () => {
  it('returns the most relevant document first; of equal ones, the earlier', async () => {
    const ranked = await rerank(reranker, QUERY, DOCUMENTS)
    expect(ranked.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3])
    for (const [i, { score }] of ranked.entries())
      if (i > 0) expect(score).toBeLessThanOrEqual(ranked[i - 1].score)
    const of = (index: number) => ranked.findIndex((each) => each.index === index)
    expect(ranked[of(0)].score).toBe(ranked[of(3)].score)
    expect(of(3)).toBe(of(0) + 1)
    expect(await rerank(reranker, QUERY, DOCUMENTS, { topN: 2 })).toEqual(ranked.slice(0, 2))
    expect(await rerank(reranker, QUERY, [])).toEqual([])
  })

  it('scores a document the same in any company', async () => {
    const all = await rerank(reranker, QUERY, DOCUMENTS)
    const [alone] = await rerank(reranker, QUERY, [DOCUMENTS[2]])
    expect(alone.score).toBe(all.find(({ index }) => index === 2)?.score)
  })

  it('gives probabilities where the model does', async () => {
    await using model = await loadCase('yes or no')
    expect(model.kind).toBe('decoder')
    for (const { score } of await rerank(model, QUERY, DOCUMENTS)) {
      expect(score).toBeGreaterThan(0)
      expect(score).toBeLessThan(1)
    }
  })

  it("writes pairs by the file's template, in which texts stay texts", async () => {
    const template = 'Q: {query} A: {document} end'
    await using model = await loadCase('yes or no', ['tokenizer.chat_template.rerank', str(template)])
    await using plain = await loadCase('yes or no')
    const [templated] = await rerank(model, QUERY, ['{query}'])
    const [untemplated] = await rerank(plain, QUERY, ['{query}'])
    expect(templated.score).not.toBe(untemplated.score)
  })

  it('refuses pairs that are too long, or leaves the end of the document away', async () => {
    const long = 'bamboo '.repeat(300)
    await expect(rerank(reranker, QUERY, ['short', long])).rejects.toEqual(
      failure('CONTEXT_FULL', 'document 2 of 2 and the query have'),
    )
    const [cut] = await rerank(reranker, QUERY, [long], { truncate: 'end' })
    expect(cut).toEqual((await rerank(reranker, QUERY, [`${long}bamboo`], { truncate: 'end' }))[0])
    await expect(rerank(reranker, long, ['short'], { truncate: 'end' })).rejects.toEqual(
      failure('CONTEXT_FULL', 'document 1 of 1'),
    )
  })

  it('rejects models without a ranking head, and bad arguments', async () => {
    await using embedder = await loadCase('bert, layer norms')
    await expect(rerank(embedder, QUERY, DOCUMENTS)).rejects.toEqual(failure('UNSUPPORTED', 'not a reranker'))
    const bad = (query: unknown, documents: unknown, options?: object) =>
      rerank(reranker, query as string, documents as string[], options)
    await expect(bad(1, [])).rejects.toEqual(failure('INVALID_ARGUMENT', 'the query must be a string'))
    await expect(bad('', ['a', 2])).rejects.toEqual(
      failure('INVALID_ARGUMENT', 'document 2 must be a string'),
    )
    await expect(bad('', 'text')).rejects.toEqual(failure('INVALID_ARGUMENT', 'list of documents'))
    await expect(bad('', [], { topN: 0 })).rejects.toEqual(failure('INVALID_ARGUMENT', 'topN'))
    await expect(bad('', [], { truncate: 'start' })).rejects.toEqual(failure('INVALID_ARGUMENT', 'truncate'))
    await expect(rerank({} as Model, '', [])).rejects.toEqual(failure('INVALID_ARGUMENT', 'model'))
    const signal = AbortSignal.abort(new Error('no'))
    await expect(rerank(reranker, QUERY, DOCUMENTS, { signal })).rejects.toThrow('no')
  })
})

describe('an encoder', () => {
  it('embeds, and has neither sessions nor chats', async () => {
    await using model = await loadCase('bert, layer norms')
    expect(model.kind).toBe('encoder')
    expect(() => model.createSession()).toThrow(failure('UNSUPPORTED', 'encoder') as never)
    expect(() => model.createSession()).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('embed(') }),
    )
    expect(() => createChat(model)).toThrow(expect.objectContaining({ name: 'DasllamaError' }))
    const [one, two] = await embed(model, ['a text', 'another text'])
    expect(await embed(model, 'a text')).toEqual(one)
    expect(cosineSimilarity(one, two)).toBeLessThan(1)
    await expect(embed(model, 'word '.repeat(600))).rejects.toEqual(failure('CONTEXT_FULL', 'tokens'))
    expect(await embed(model, 'word '.repeat(600), { truncate: 'end' })).toHaveLength(64)
  })

  it('applies dense layers after pooling, but not to single tokens', async () => {
    await using dense = await loadCase('dense layers')
    const mean = await embed(dense, [5, 6, 7], { normalize: false })
    const each = await embed(dense, [5, 6, 7], { pooling: 'none', normalize: false })
    const middle = each[0].map((_, i) => (each[0][i] + each[1][i] + each[2][i]) / 3)
    expect(cosineSimilarity(mean, middle)).toBeLessThan(0.9)
  })

  it('is a decoder where attention is causal', async () => {
    await using model = await loadModel(smallModel(), { kernels: 'baseline' })
    expect(model.kind).toBe('decoder')
  })
})
