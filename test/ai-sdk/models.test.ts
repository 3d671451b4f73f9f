/** Embedding and reranking models, versions of the interfaces, and calls and options that are wrong. */
import type {
  EmbeddingModelV3,
  LanguageModelV2,
  LanguageModelV3,
  ProviderV3,
  RerankingModelV3,
} from '@ai-sdk/provider'
import { NoSuchModelError, UnsupportedFunctionalityError } from '@ai-sdk/provider'
import {
  createProviderRegistry,
  embedMany,
  embed as embedText,
  generateText,
  RetryError,
  rerank as rankTexts,
  streamText,
} from 'ai'
import { convertReadableStreamToArray } from 'ai/test'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createDasllama,
  type DasllamaProvider,
  embeddingModel,
  languageModel,
  type PromptMessage,
  rerankingModel,
} from '../../src/ai-sdk/index.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { DasllamaError, embed, loadModel, type Model, rerank } from '../../src/index.js'
import { Script, tinyStories } from '../server/support.js'
import { RERANKER_CASES } from '../support/family-models/encoders.js'

let model: Model
let ranker: Model
let dasllama: DasllamaProvider
beforeAll(async () => {
  model = await tinyStories()
  ranker = await loadModel(writeGguf(RERANKER_CASES[0].parts))
  dasllama = createDasllama({ models: { tiny: { model, template: 'chatml' }, ranker } })
})
afterAll(async () => {
  await dasllama.dispose()
  await Promise.all([model.dispose(), ranker.dispose()])
})

const HELLO = [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] satisfies PromptMessage[]

describe('embeddings', () => {
  it('are those of embed, one or many, with their tokens counted', async () => {
    const texts = ['A dog ran.', 'Lily']
    const expected = await embed(model, texts)
    const { embeddings, usage } = await embedMany({ model: dasllama.embeddingModel('tiny'), values: texts })
    expect(embeddings).toEqual(expected.map((vector) => Array.from(vector)))
    expect(usage.tokens).toBe(texts.reduce((sum, text) => sum + model.encode(text).length, 0))
    const single = await embedText({ model: embeddingModel(model), value: texts[1] })
    expect(single.embedding).toEqual(embeddings[1])
  })

  it('take the options of embed', async () => {
    const call = (options: Record<string, string | number | boolean>) =>
      embedText({
        model: dasllama.embeddingModel('tiny'),
        value: 'A dog',
        providerOptions: { dasllama: options },
      })
    expect((await call({ dimensions: 8 })).embedding).toHaveLength(8)
    expect((await call({ pooling: 'last' })).embedding).not.toEqual((await call({})).embedding)
    await expect(call({ pooling: 'best' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    const { embeddings } = await embeddingModel(model, { specification: 'v4' }).doEmbed({
      values: ['a'],
      dimensions: 4,
    })
    expect(embeddings[0]).toHaveLength(4)
  })

  it('are refused for texts that are empty or too long, and end with their signal', async () => {
    const tiny = dasllama.embeddingModel('tiny')
    await expect(embedText({ model: tiny, value: '' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(embedText({ model: tiny, value: 'dog '.repeat(600) })).rejects.toMatchObject({
      code: 'CONTEXT_FULL',
    })
    const gone = new Error('gone')
    const abortSignal = AbortSignal.abort(gone)
    await expect(embedText({ model: tiny, value: 'a', abortSignal })).rejects.toBe(gone)
  })
})

describe('rankings', () => {
  const DOCUMENTS = ['Bamboo shoots.', 'A panda is a bear.', 'Trucks run on diesel.']

  it('are those of rerank', async () => {
    const expected = await rerank(ranker, 'pandas', DOCUMENTS, { topN: 2 })
    const { ranking } = await rankTexts({
      model: dasllama.rerankingModel('ranker'),
      query: 'pandas',
      documents: DOCUMENTS,
      topN: 2,
    })
    expect(ranking).toEqual(
      expected.map(({ index, score }) => ({ originalIndex: index, score, document: DOCUMENTS[index] })),
    )
  })

  it('of objects are those of their JSON, with a warning', async () => {
    const values = DOCUMENTS.map((text) => ({ text }))
    const { ranking, warnings } = await rerankingModel(ranker).doRerank({
      documents: { type: 'object', values },
      query: 'pandas',
    })
    const expected = await rerank(
      ranker,
      'pandas',
      values.map((value) => JSON.stringify(value)),
    )
    expect(ranking).toEqual(expected.map(({ index, score }) => ({ index, relevanceScore: score })))
    expect(warnings).toMatchObject([{ type: 'compatibility' }])
  })

  it('need a reranker, as texts need a decoder', async () => {
    await expect(
      rerankingModel(model).doRerank({ documents: { type: 'text', values: ['a'] }, query: 'b' }),
    ).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(generateText({ model: dasllama('ranker'), prompt: 'Hi' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('encoder'),
    })
  })
})

describe('versions of the interfaces', () => {
  it('have the types of the provider package', () => {
    const three: ProviderV3 & ((id: string) => LanguageModelV3) = dasllama
    const embeds: EmbeddingModelV3 = embeddingModel(model)
    const ranks: RerankingModelV3 = rerankingModel(ranker)
    const two: LanguageModelV2 = languageModel(model, { specification: 'v2' })
    expect([three, embeds, ranks, two].map(({ specificationVersion }) => specificationVersion)).toEqual([
      ...['v3', 'v3', 'v3', 'v2'],
    ])
    expect(createDasllama({ models: { model }, specification: 'v4' }).specificationVersion).toBe('v4')
  })

  it('differ in reasons, usage and warnings', async () => {
    const call = {
      prompt: HELLO,
      maxOutputTokens: 3,
      providerOptions: { dasllama: { ignoreEos: true } },
      tools: [{ type: 'provider', name: 'search' }],
    }
    const two = languageModel(model, { template: 'chatml', specification: 'v2' })
    const whole = await two.doGenerate(call)
    expect(whole).toMatchObject({ finishReason: 'length', usage: { outputTokens: 3, reasoningTokens: 0 } })
    expect(whole.usage.totalTokens).toBe(whole.usage.inputTokens + 3)
    expect(whole.warnings).toMatchObject([{ type: 'unsupported-setting', setting: 'tool search' }])
    const parts = await convertReadableStreamToArray((await two.doStream(call)).stream)
    expect(parts[0]).toEqual({ type: 'stream-start', warnings: whole.warnings })
    expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: 'length', usage: { outputTokens: 3 } })
    const three = languageModel(model, { template: 'chatml' })
    expect(await three.doGenerate(call)).toMatchObject({
      finishReason: { unified: 'length', raw: 'length' },
      usage: { outputTokens: { total: 3, text: 3, reasoning: 0 } },
      warnings: [{ type: 'unsupported', feature: 'tool search' }],
    })
  })

  it('stream blocks in order, each with an id of its own', async () => {
    const script = new Script(model)
    const scripted = languageModel(model, {
      template: 'chatml',
      replyFormat: { reasoning: 'think', tools: 'hermes' },
      sampling: script.sampling,
      modelId: 'scripted',
    })
    script.says(
      '<think>\nHm.\n</think>\n\nA.\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>\nB.\n<tool_call>\n{"name": "g", "arguments": {}}\n</tool_call>',
    )
    const { stream } = await scripted.doStream({
      prompt: HELLO,
      tools: [{ type: 'function', name: 'f' }],
      // The second call is of an unknown tool.
      providerOptions: { dasllama: { constrainTools: false } },
    })
    const parts = await convertReadableStreamToArray(stream)
    expect(parts.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])).toEqual([
      ...['stream-start', 'response-metadata', 'reasoning-start', 'reasoning-delta', 'reasoning-end'],
      ...['text-start', 'text-delta', 'text-end', 'tool-input-start', 'tool-input-delta', 'tool-input-end'],
      ...['tool-call', 'text-start', 'text-delta', 'text-end', 'finish'],
    ])
    const starts = parts.flatMap((part) => (part.type.endsWith('-start') && 'id' in part ? [part.id] : []))
    expect(new Set(starts).size).toBe(4)
    expect(parts[1]).toMatchObject({ modelId: 'scripted', timestamp: expect.any(Date) })
    // A call of an unknown tool stays text, on a line of its own.
    const text = parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')
    expect(text).toMatch(/^A\.\n?B\.\n<tool_call>\n\{"name": "g"[\s\S]*<\/tool_call>$/)
    expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'tool-calls', raw: 'stop' } })
  })
})

describe('a provider', () => {
  it('finds its models in a registry', async () => {
    const registry = createProviderRegistry({ dasllama })
    const { text } = await generateText({
      model: registry.languageModel('dasllama:tiny'),
      prompt: 'Once',
      maxOutputTokens: 2,
    })
    expect(text).not.toBe('')
  })

  it('names the models that it has, in an error of the SDK', () => {
    for (const find of [dasllama, dasllama.embeddingModel, dasllama.rerankingModel, dasllama.imageModel]) {
      const error = thrownBy(() => find('huge'))
      expect(NoSuchModelError.isInstance(error)).toBe(true)
      expect(error).toBeInstanceOf(DasllamaError)
      expect(error).toMatchObject({ code: 'NOT_FOUND', modelId: 'huge', hint: expect.any(String) })
    }
    expect(() => dasllama(undefined as never)).toThrow(/no languageModel/)
  })

  it('loads a model once, when it is needed, and disposes it', async () => {
    let loads = 0
    let loaded: Model | undefined
    const own = createDasllama({
      models: {
        lazy: async () => {
          loads++
          loaded = await tinyStories(64)
          return loaded
        },
      },
    })
    expect(loads).toBe(0)
    const embedsTwice = [own.embeddingModel('lazy'), own.embeddingModel('lazy')]
    await Promise.all(embedsTwice.map((each) => each.doEmbed({ values: ['a'] })))
    expect(loads).toBe(1)
    await own.dispose()
    expect(loaded?.memoryBytes).toBe(0)
    await expect(own.embeddingModel('lazy').doEmbed({ values: ['a'] })).rejects.toMatchObject({
      code: 'DISPOSED',
    })
  })

  it('tries a loader again that has failed: alone, and by the retries of the SDK', async () => {
    let loads = 0
    const flaky = languageModel(
      async () => {
        if (++loads < 2) throw new DasllamaError('IO', 'the connection broke')
        return model
      },
      { template: 'chatml' },
    )
    const call = { model: flaky, prompt: 'Once', maxOutputTokens: 1 }
    await expect(generateText({ ...call, maxRetries: 0 })).rejects.toMatchObject({ code: 'IO' })
    expect((await generateText(call)).finishReason).toBe('length')
    const broken = languageModel(async () => {
      throw new DasllamaError('OUT_OF_MEMORY', 'no memory')
    })
    const error = await generateText({ model: broken, prompt: 'a', maxRetries: 1 }).catch((reason) => reason)
    expect(RetryError.isInstance(error)).toBe(true)
    expect(error.errors).toMatchObject([{ code: 'OUT_OF_MEMORY' }, { code: 'OUT_OF_MEMORY' }])
  })

  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /options must be an object/],
    ['no models', { models: {} }, /models must be an object/],
    ['a path as a model', { models: { a: 'model.gguf' } }, /models\["a"\] must be a model/],
    ['no model in it', { models: { a: { template: 'chatml' } } }, /must be a model/],
    ['an unknown setting', { models: { a: { model: () => {}, temp: 1 } } }, /no option "temp" of a model/],
    ['a wrong setting', { models: { a: { model: () => {}, template: 7 } } }, /template must be a string/],
    ['an unknown version', { models: { a: () => {} }, specification: 'v1' }, /specification must be one of/],
    ['an unknown option', { models: { a: () => {} }, apiKey: 'x' }, /no option "apiKey"/],
  ])('refuses %s', (_, options, message) => {
    const error = thrownBy(() => createDasllama(options as never))
    expect(error).toBeInstanceOf(DasllamaError)
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) })
  })

  it('refuses a loader that returns something else', async () => {
    const wrong = languageModel((async () => ({})) as never)
    await expect(wrong.doGenerate({ prompt: HELLO })).rejects.toThrow(/did not return a model/)
  })
})

describe('a call', () => {
  const tiny = () => dasllama('tiny')
  const user = (...content: object[]) => [{ role: 'user', content }]

  it.each<[string, object, string, RegExp]>([
    ['no prompt', {}, 'INVALID_ARGUMENT', /prompt must be an array/],
    ['an empty prompt', { prompt: [] }, 'INVALID_ARGUMENT', /nothing to answer|no message/],
    [
      'an unknown role',
      { prompt: [{ role: 'critic', content: [] }] },
      'INVALID_ARGUMENT',
      /no role "critic"/,
    ],
    [
      'an empty message',
      { prompt: user({ type: 'text', text: ' ' }) },
      'INVALID_ARGUMENT',
      /must not be empty/,
    ],
    ['an unknown part', { prompt: user({ type: 'smell' }) }, 'UNSUPPORTED', /parts of type "smell"/],
    [
      'text that is not UTF-8',
      { prompt: user({ type: 'file', data: Uint8Array.of(255), mediaType: 'text/plain' }) },
      'BAD_FORMAT',
      /UTF-8/,
    ],
    [
      'text that is not base64',
      { prompt: user({ type: 'file', data: '%%', mediaType: 'text/plain' }) },
      'BAD_FORMAT',
      /base64/,
    ],
    [
      'a text by its URL',
      { prompt: user({ type: 'file', data: new URL('http://a.example'), mediaType: 'text/plain' }) },
      'UNSUPPORTED',
      /not a URL/,
    ],
    [
      'an output of an unknown type',
      {
        prompt: [
          { role: 'tool', content: [{ type: 'tool-result', toolName: 'a', output: { type: 'odd' } }] },
        ],
      },
      'INVALID_ARGUMENT',
      /"odd"/,
    ],
    ['a seed that is not whole', { prompt: HELLO, seed: 0.5 }, 'INVALID_ARGUMENT', /seed/],
    [
      'a temperature that is not a number',
      { prompt: HELLO, temperature: Number.NaN },
      'INVALID_ARGUMENT',
      /temp/,
    ],
    ['tokens below 0', { prompt: HELLO, maxOutputTokens: -1 }, 'INVALID_ARGUMENT', /maxTokens/],
    ['empty stop sequences', { prompt: HELLO, stopSequences: [''] }, 'INVALID_ARGUMENT', /stop/],
    [
      'a schema that is not one',
      { prompt: HELLO, responseFormat: { type: 'json', schema: 7 } },
      'INVALID_ARGUMENT',
      /schema/,
    ],
    [
      'a tool without a name',
      { prompt: HELLO, tools: [{ type: 'function' }] },
      'INVALID_ARGUMENT',
      /tools\[0\]/,
    ],
    [
      'a prompt that is too long',
      { prompt: user({ type: 'text', text: 'dog '.repeat(900) }) },
      'CONTEXT_FULL',
      /\d{3}/,
    ],
  ])('with %s is refused, whole and streamed', async (_, options, code, message) => {
    for (const run of [tiny().doGenerate, tiny().doStream]) {
      await expect(run(options as never)).rejects.toMatchObject({
        name: 'DasllamaError',
        code,
        message: expect.stringMatching(message),
      })
    }
    expect((await tiny().doGenerate({ prompt: HELLO, maxOutputTokens: 1 })).finishReason.unified).toBe(
      'length',
    )
  })

  it('with an image is refused with an error of the SDK, not repeated', async () => {
    const call = {
      model: tiny(),
      messages: [
        {
          role: 'user' as const,
          content: [{ type: 'image' as const, image: Uint8Array.of(0x89, 0x50, 0x4e, 0x47) }],
        },
      ],
    }
    const error = await generateText(call).catch((reason) => reason)
    expect(UnsupportedFunctionalityError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ code: 'UNSUPPORTED', functionality: expect.stringContaining('image') })
    const errors: unknown[] = []
    const stream = streamText({ ...call, onError: ({ error: each }) => void errors.push(each) })
    await stream.consumeStream()
    expect(errors).toMatchObject([{ code: 'UNSUPPORTED' }])
  })

  it('reads a history of another model: several system messages, invalid calls, unknown parts', async () => {
    const { warnings, usage } = await tiny().doGenerate({
      prompt: [
        { role: 'system', content: 'One.' },
        { role: 'system', content: 'Two.' },
        ...HELLO,
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'a' },
            { type: 'tool-call', toolCallId: '1', toolName: 'f', input: '{"a":' },
            { type: 'tool-call', toolCallId: '2', toolName: 'f', input: undefined },
            { type: 'custom' },
          ],
        },
        {
          role: 'tool',
          content: [
            { type: 'tool-approval-response' },
            {
              type: 'tool-result',
              toolCallId: '1',
              toolName: 'f',
              output: { type: 'content', value: [{ type: 'file', data: 'AA==', mediaType: 'image/png' }] },
            },
          ],
        },
        ...HELLO,
      ],
      maxOutputTokens: 1,
    })
    expect(usage.inputTokens.total).toBeGreaterThan(60)
    expect(warnings).toMatchObject([
      { type: 'other', message: expect.stringContaining('custom') },
      { type: 'unsupported', feature: 'tool results of type file' },
    ])
  })

  it('that fails while it streams ends with an error and a reason', async () => {
    let tokens = 0
    const failing = languageModel(model, {
      template: 'chatml',
      sampling: {
        samplers: [
          (candidates) => {
            if (++tokens > 3) throw new Error('the step failed')
            candidates.keep([candidates.previousTokens.length + 300])
          },
        ],
      },
    })
    const parts = await convertReadableStreamToArray((await failing.doStream({ prompt: HELLO })).stream)
    expect(parts.slice(-2)).toMatchObject([
      { type: 'error' },
      { type: 'finish', finishReason: { unified: 'error' }, usage: { outputTokens: { total: 3 } } },
    ])
  })
})

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
