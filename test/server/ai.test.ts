/** The package `ai` with its provider for OpenAI-compatible servers, against the server: directly and over HTTP. */
import { createOpenAICompatible, type OpenAICompatibleProvider } from '@ai-sdk/openai-compatible'
import {
  APICallError,
  embedMany,
  embed as embedOne,
  generateObject,
  generateText,
  jsonSchema,
  Output,
  stepCountIs,
  streamObject,
  streamText,
  tool,
} from 'ai'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { embed, type Model } from '../../src/index.js'
import { CALL, CITY_SCHEMA, clientModels, PET_SCHEMA } from './client-models.js'
import { collected, row, Script, type Served, serve, type Transport, tinyStories } from './support.js'

let model: Model
let script: Script
beforeAll(async () => {
  model = await tinyStories(1024)
  script = new Script(model)
})
afterAll(() => model.dispose())

const PROMPT = { prompt: 'Once upon a time', maxRetries: 0 }

describe.each<Transport>(['fetch', 'http'])('the package ai over %s', (transport) => {
  let served: Served
  let provider: OpenAICompatibleProvider
  beforeAll(async () => {
    served = await serve({ models: clientModels(model, script) }, transport)
    provider = createOpenAICompatible({
      name: 'dasllama',
      baseURL: `${served.base}/v1`,
      fetch: served.fetch,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })
  })
  afterAll(() => served[Symbol.asyncDispose]())

  const tiny = () => provider.chatModel('tiny')
  const scripted = () => provider.chatModel('scripted')
  const weather = (more: object = {}) => ({
    weather: tool({ description: 'The weather of a city', inputSchema: jsonSchema(CITY_SCHEMA), ...more }),
  })

  /** Adds a row to the table. */
  const feature = (name: string, test: (context: TestContext) => Promise<void>) =>
    it(name, async (context) => {
      await test(context)
      context.task.meta.row = row('ai', name, transport)
    })

  feature('chats, whole', async () => {
    const { text, finishReason, usage, response } = await generateText({
      ...PROMPT,
      model: tiny(),
      system: 'Tell stories.',
      temperature: 0,
      maxOutputTokens: 12,
      seed: 7,
      topP: 0.9,
      frequencyPenalty: 0,
      stopSequences: ['never'],
    })
    expect(text).toMatch(/girl/)
    expect(finishReason).toBe('length')
    expect(usage).toMatchObject({ inputTokens: 60, outputTokens: 12, totalTokens: 72 })
    expect(response.modelId).toBe('tiny')
  })

  feature('chats, streamed, with the same text and usage', async () => {
    const request = { ...PROMPT, model: tiny(), temperature: 0, maxOutputTokens: 12 }
    const whole = await generateText(request)
    const streamed = streamText(request)
    const pieces = await collected(streamed.textStream)
    expect(pieces.length).toBeGreaterThan(5)
    expect(pieces.join('')).toBe(whole.text)
    const usage = await streamed.usage
    expect(usage).toMatchObject({ inputTokens: whole.usage.inputTokens, outputTokens: 12 })
    expect(usage.inputTokenDetails.cacheReadTokens).toBeGreaterThan(0)
    expect(await streamed.finishReason).toBe('length')
  })

  feature('reasons', async () => {
    script.says('<think>\nA story.\n</think>\n\nThe end.')
    const request = { ...PROMPT, model: scripted() }
    const whole = await generateText(request)
    expect(whole).toMatchObject({ text: 'The end.', reasoningText: expect.stringContaining('A story.') })
    expect(whole.usage.outputTokenDetails.reasoningTokens).toBeGreaterThan(0)
    const streamed = streamText(request)
    expect((await collected(streamed.textStream)).join('')).toBe('The end.')
    expect(await streamed.reasoningText).toBe(whole.reasoningText)
    // Tokens that are asked for by an option of the provider.
    script.says('At once.')
    const options = { dasllama: { reasoningEffort: 'none' } }
    expect(await generateText({ ...request, providerOptions: options })).toMatchObject({ text: 'At once.' })
  })

  feature('calls tools, over two turns', async () => {
    script.says(CALL)
    const execute = ({ city }: { city: string }) => {
      script.says(`It is warm in ${city}.`)
      return { celsius: 20 }
    }
    const request = {
      ...PROMPT,
      model: scripted(),
      tools: weather({ execute }),
      stopWhen: stepCountIs(3),
    }
    const { text, steps } = await generateText(request)
    expect(text).toBe('It is warm in Rome.')
    expect(steps[0].toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'Rome' } }])
    expect(steps[0].finishReason).toBe('tool-calls')
    script.says(CALL)
    const streamed = streamText(request)
    const parts = await collected(streamed.fullStream)
    expect(await streamed.text).toBe('It is warm in Rome.')
    expect(parts.filter(({ type }) => type === 'tool-result')).toMatchObject([{ output: { celsius: 20 } }])
  })

  feature('is made to call a tool', async () => {
    for (const toolChoice of ['required', { type: 'tool', toolName: 'weather' }] as const) {
      const { toolCalls, finishReason } = await generateText({
        ...PROMPT,
        model: tiny(),
        tools: weather({ inputSchema: z.object({ city: z.enum(['Rome', 'Oslo']) }) }),
        toolChoice,
        // This model would write calls without an end.
        providerOptions: { dasllama: { parallel_tool_calls: false } },
        seed: 1,
        maxOutputTokens: 200,
      })
      expect(finishReason).toBe('tool-calls')
      expect(toolCalls).toMatchObject([
        { toolName: 'weather', input: { city: expect.stringMatching(/^(Rome|Oslo)$/) } },
      ])
    }
    script.says('No.')
    const free = await generateText({ ...PROMPT, model: scripted(), tools: weather(), toolChoice: 'none' })
    expect(free).toMatchObject({ text: 'No.', toolCalls: [] })
  })

  feature('writes structured output', async () => {
    const schema = z.object({ name: z.string().max(8), age: z.int().min(1).max(9) })
    const { object } = await generateObject({ ...PROMPT, model: tiny(), schema, seed: 3 })
    expect(schema.parse(object)).toEqual(object)
    const { output } = await generateText({
      ...PROMPT,
      model: tiny(),
      output: Output.object({ schema }),
      seed: 3,
    })
    expect(output).toEqual(object)
    const streamed = streamObject({ ...PROMPT, model: tiny(), schema: jsonSchema(PET_SCHEMA), seed: 3 })
    expect((await collected(streamed.partialObjectStream)).at(-1)).toEqual(await streamed.object)
    const choice = Output.choice({ options: ['cat', 'dog'] })
    expect(['cat', 'dog']).toContain(
      (await generateText({ ...PROMPT, model: tiny(), output: choice })).output,
    )
  })

  feature('aborts a stream, and the turn is free again', async () => {
    const before = served.records.length
    const controller = new AbortController()
    const options = { dasllama: { ignore_eos: true } }
    const streamed = streamText({
      ...PROMPT,
      model: tiny(),
      abortSignal: controller.signal,
      providerOptions: options,
    })
    let count = 0
    for await (const _ of streamed.textStream) if (++count === 3) controller.abort()
    expect((await served.record(before)).ended).toBe('cancelled')
  })

  feature('aborts a whole reply', async () => {
    const before = served.records.length
    const abortSignal = AbortSignal.timeout(100)
    const options = { dasllama: { ignore_eos: true } }
    const pending = generateText({ ...PROMPT, model: tiny(), abortSignal, providerOptions: options })
    await expect(pending).rejects.toThrow(/abort|timeout/i)
    expect((await served.record(before)).status).toBe(499)
  })

  feature('completes texts', async () => {
    const request = { ...PROMPT, model: provider.completionModel('tiny'), temperature: 0, maxOutputTokens: 8 }
    const { text, usage } = await generateText(request)
    expect(text).not.toBe('')
    expect(usage.outputTokens).toBe(8)
    expect((await collected(streamText(request).textStream)).join('')).toBe(text)
  })

  feature('embeds', async () => {
    const values = ['A cat.', 'Two dogs ran.']
    const embedding = provider.embeddingModel('tiny')
    const { embeddings, usage } = await embedMany({ model: embedding, values, maxRetries: 0 })
    const expected = (await embed(model, values)).map((vector) => Array.from(vector))
    expect(embeddings).toEqual(expected)
    expect(usage.tokens).toBe(values.reduce((sum, text) => sum + model.encode(text).length, 0))
    expect((await embedOne({ model: embedding, value: values[0] })).embedding).toEqual(expected[0])
  })

  feature('gets errors with status and message', async () => {
    const failing = async (promise: Promise<unknown>) => {
      const error = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!APICallError.isInstance(error)) throw error
      return { status: error.statusCode, message: error.message }
    }
    const unknown = generateText({ ...PROMPT, model: provider.chatModel('huge') })
    expect(await failing(unknown)).toEqual({
      status: 404,
      message: 'there is no model "huge": see /v1/models',
    })
    const long = generateText({ ...PROMPT, model: tiny(), prompt: 'Once upon a time '.repeat(400) })
    expect(await failing(long)).toEqual({ status: 400, message: expect.stringMatching(/tokens too long/) })
  })
})
