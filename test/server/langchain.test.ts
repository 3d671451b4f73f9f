/** LangChain's `ChatOpenAI` and `OpenAIEmbeddings` against the server: directly and over HTTP. */
import {
  AIMessage,
  type AIMessageChunk,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, type ChatOpenAIFields, OpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import { embed, type Model } from '../../src/index.js'
import { CALL, clientModels, PET_SCHEMA } from './client-models.js'
import { collected, row, Script, type Served, serve, type Transport, tinyStories } from './support.js'

let model: Model
let script: Script
beforeAll(async () => {
  model = await tinyStories(1024)
  script = new Script(model)
})
afterAll(() => model.dispose())

const USER = [new HumanMessage('Once upon a time')]

describe.each<Transport>(['fetch', 'http'])('ChatOpenAI over %s', (transport) => {
  let served: Served
  beforeAll(async () => {
    served = await serve({ models: clientModels(model, script) }, transport)
  })
  afterAll(() => served[Symbol.asyncDispose]())

  const client = () => ({
    apiKey: 'none',
    maxRetries: 0,
    configuration: { baseURL: `${served.base}/v1`, fetch: served.fetch },
  })
  const chat = (name: string, fields: ChatOpenAIFields = {}) => {
    return new ChatOpenAI({ model: name, ...client(), ...fields })
  }
  const weather = tool(
    ({ city }) => {
      script.says(`It is warm in ${city}.`)
      return '{"celsius": 20}'
    },
    { name: 'weather', description: 'The weather of a city', schema: z.object({ city: z.string() }) },
  )

  /** Adds a row to the table. */
  const feature = (name: string, test: (context: TestContext) => Promise<void>) =>
    it(name, async (context) => {
      await test(context)
      context.task.meta.row = row('langchain', name, transport)
    })

  feature('chats, whole', async () => {
    const tiny = chat('tiny', { temperature: 0, maxTokens: 12, topP: 0.9, stop: ['never'], user: 'me' })
    const reply = await tiny.invoke([new SystemMessage('Tell stories.'), ...USER])
    expect(reply.text).toMatch(/girl/)
    expect(reply.response_metadata).toMatchObject({ finish_reason: 'length', model_name: 'tiny' })
    expect(reply.usage_metadata).toMatchObject({ input_tokens: 60, output_tokens: 12, total_tokens: 72 })
  })

  feature('chats, streamed, with the same text and usage', async () => {
    const tiny = chat('tiny', { temperature: 0, maxTokens: 12 })
    const whole = await tiny.invoke(USER)
    const chunks = await collected(await tiny.stream(USER))
    expect(chunks.length).toBeGreaterThan(5)
    expect(chunks.map(({ text }) => text).join('')).toBe(whole.text)
    const joined = chunks.reduce((sum, chunk) => sum.concat(chunk))
    expect(joined.usage_metadata).toMatchObject({ output_tokens: 12 })
    expect(joined.usage_metadata?.input_token_details?.cache_read).toBeGreaterThan(0)
  })

  feature('reasons', async () => {
    script.says('<think>\nA story.\n</think>\n\nThe end.')
    const reply = await chat('scripted').invoke(USER)
    expect(reply.text).toBe('The end.')
    expect(reply.usage_metadata?.output_token_details?.reasoning).toBeGreaterThan(0)
    script.says('At once.')
    const off = chat('scripted', { modelKwargs: { reasoning_effort: 'none' } })
    expect((await off.invoke(USER)).text).toBe('At once.')
  })

  feature('calls tools, over two turns', async () => {
    script.says(CALL)
    const bound = chat('scripted').bindTools([weather])
    const first = await bound.invoke(USER)
    expect(first.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Rome' } }])
    const streamed = (await collected(await bound.stream(USER))).reduce((sum, chunk) => sum.concat(chunk))
    expect(streamed.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Rome' } }])
    const result = (await weather.invoke(first.tool_calls![0])) as ToolMessage
    expect(result).toBeInstanceOf(ToolMessage)
    const second = await bound.invoke([...USER, first, result])
    expect(second.text).toBe('It is warm in Rome.')
  })

  feature('is made to call a tool', async () => {
    for (const tool_choice of ['required', 'any', 'weather']) {
      const bound = chat('tiny', { maxTokens: 200, modelKwargs: { seed: 1 } }).bindTools([weather], {
        tool_choice,
      })
      const { tool_calls } = await bound.invoke(USER)
      expect(tool_calls).toMatchObject([{ name: 'weather', args: { city: expect.any(String) } }])
    }
    script.says('No.')
    const free = chat('scripted').bindTools([weather], { tool_choice: 'none' })
    expect((await free.invoke(USER)).text).toBe('No.')
  })

  feature('writes structured output', async () => {
    const schema = z.object({ name: z.string().max(8), age: z.int().min(1).max(9) })
    for (const method of ['jsonSchema', 'functionCalling'] as const) {
      const structured = chat('tiny').withStructuredOutput(schema, { method, name: 'pet' })
      const pet = await structured.invoke(USER)
      expect(schema.parse(pet)).toEqual(pet)
    }
    const byDefault = chat('tiny').withStructuredOutput(PET_SCHEMA, { name: 'pet' })
    expect(Object.keys(await byDefault.invoke(USER))).toEqual(['name', 'age'])
    const json = chat('tiny', { modelKwargs: { seed: 3 } }).withStructuredOutput(schema, {
      method: 'jsonSchema',
      strict: true,
    })
    expect(await json.invoke(USER)).toEqual(await json.invoke(USER))
  })

  feature('gives log-probabilities', async () => {
    const tiny = chat('tiny', { temperature: 0, maxTokens: 4, logprobs: true, topLogprobs: 2 })
    const { response_metadata } = await tiny.invoke(USER)
    const { content } = response_metadata.logprobs as { content: { top_logprobs: unknown[] }[] }
    expect(content).toHaveLength(4)
    expect(content[0].top_logprobs).toHaveLength(2)
  })

  feature('aborts a stream, and the turn is free again', async () => {
    const before = served.records.length
    const controller = new AbortController()
    const endless = chat('tiny', { modelKwargs: { ignore_eos: true } })
    const stream = await endless.stream(USER, { signal: controller.signal })
    let count = 0
    const read = async () => {
      for await (const _ of stream) if (++count === 3) controller.abort()
    }
    await expect(read()).rejects.toThrow(/abort/i)
    expect((await served.record(before)).ended).toBe('cancelled')
  })

  feature('aborts a whole reply', async () => {
    const before = served.records.length
    const endless = chat('tiny', { modelKwargs: { ignore_eos: true } })
    const pending = endless.invoke(USER, { signal: AbortSignal.timeout(100) })
    await expect(pending).rejects.toThrow(/abort|timeout/i)
    expect((await served.record(before)).status).toBe(499)
  })

  feature('continues a conversation', async () => {
    const tiny = chat('tiny', { temperature: 0, maxTokens: 8 })
    const first = await tiny.invoke(USER)
    const later = [
      ...USER,
      first,
      new AIMessage('Yes.'),
      new HumanMessage({ content: [{ type: 'text', text: 'Then?' }] }),
    ]
    const second: AIMessageChunk = await tiny.invoke(later)
    expect(second.usage_metadata?.output_tokens).toBe(8)
  })

  feature('completes texts', async () => {
    const completing = new OpenAI({ model: 'tiny', temperature: 0, maxTokens: 8, ...client() })
    const text = await completing.invoke('Once upon a time')
    expect(text).toMatch(/^, there was/)
    expect((await collected(await completing.stream('Once upon a time'))).join('')).toBe(text)
  })

  feature('embeds', async () => {
    const texts = ['A cat.', 'Two dogs ran.']
    const embeddings = new OpenAIEmbeddings({ model: 'tiny', ...client() })
    const expected = (await embed(model, texts)).map((vector) => Array.from(vector))
    expect(await embeddings.embedDocuments(texts)).toEqual(expected)
    expect(await embeddings.embedQuery(texts[0])).toEqual(expected[0])
  })

  feature('gets errors with status and code', async () => {
    await expect(chat('huge').invoke(USER)).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    const long = [new HumanMessage('Once upon a time '.repeat(400))]
    await expect(chat('tiny').invoke(long)).rejects.toMatchObject({
      name: expect.stringMatching(/./),
      message: expect.stringMatching(/tokens too long/),
    })
  })
})
