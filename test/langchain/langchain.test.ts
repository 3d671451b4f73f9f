/** LangChain's own functions with models of this package. */
import { InMemoryCache } from '@langchain/core/caches'
import {
  AIMessage,
  type AIMessageChunk,
  ChatMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { StringOutputParser } from '@langchain/core/output_parsers'
import { ChatPromptTemplate } from '@langchain/core/prompts'
import { tool } from '@langchain/core/tools'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { embed, type Model } from '../../src/index.js'
import { ChatDasllama, type ChatDasllamaFields, DasllamaEmbeddings } from '../../src/langchain/index.js'
import { collected, Script, tinyStories } from '../server/support.js'

let model: Model
let script: Script
beforeAll(async () => {
  model = await tinyStories(1024)
  script = new Script(model)
})
afterAll(() => model.dispose())

const tiny = (more: Partial<ChatDasllamaFields> = {}) =>
  new ChatDasllama({ model, template: 'chatml', maxTokens: 12, ...more })
const scripted = () =>
  new ChatDasllama({
    model,
    template: 'chatml',
    replyFormat: { reasoning: 'think', tools: 'hermes' },
    sampling: script.sampling,
    modelName: 'scripted',
  })
const WEATHER = tool(async ({ city }) => `Sunny in ${city}.`, {
  name: 'weather',
  description: 'The weather of a city',
  schema: z.object({ city: z.string() }),
})
const CALL = 'Let me look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'

describe('ChatDasllama', () => {
  it('writes a message, with usage and metadata', async () => {
    const reply = await tiny({ temperature: 0 }).invoke([
      new SystemMessage('Tell stories.'),
      new HumanMessage('Once upon a time'),
    ])
    expect(AIMessage.isInstance(reply)).toBe(true)
    expect(reply.text).toMatch(/girl/)
    expect(reply.usage_metadata).toEqual({
      input_tokens: 60,
      output_tokens: 12,
      total_tokens: 72,
      input_token_details: { cache_read: 0 },
      output_token_details: { reasoning: 0 },
    })
    expect(reply.response_metadata).toMatchObject({ model_name: 'model', finish_reason: 'length' })
  })

  it('streams the same message, in a chain and with events', async () => {
    const chat = tiny({ temperature: 0, seed: 3 })
    const whole = await chat.invoke('Tell me about the dog')
    const chunks = await collected(await chat.stream('Tell me about the dog'))
    expect(chunks.length).toBeGreaterThan(4)
    const sum = chunks.reduce((a, b) => a.concat(b))
    expect(sum.text).toBe(whole.text)
    expect(sum.usage_metadata).toMatchObject({ output_tokens: 12 })
    expect(sum.usage_metadata?.input_token_details?.cache_read).toBeGreaterThan(10)
    const chain = ChatPromptTemplate.fromMessages([['human', 'Tell me about {what}']])
      .pipe(chat)
      .pipe(new StringOutputParser())
    expect((await collected(await chain.stream({ what: 'the dog' }))).join('')).toBe(whole.text)
    const events = chat.streamEvents('Tell me about the dog', { version: 'v2' })
    const tokens: string[] = []
    for await (const { event, data } of events) {
      if (event === 'on_chat_model_stream') tokens.push((data.chunk as AIMessageChunk).text)
    }
    expect(tokens.join('')).toBe(whole.text)
  })

  it('writes several in a batch, each as if alone', async () => {
    const chat = tiny({ temperature: 0, seed: 1 })
    const prompts = ['The dog', 'A girl named Lily', 'Once upon a time']
    const alone: string[] = []
    for (const prompt of prompts) alone.push((await chat.invoke(prompt)).text)
    expect((await chat.batch(prompts)).map(({ text }) => text)).toEqual(alone)
  })

  it('takes options from the model and from the call, and names those that are wrong', async () => {
    script.says('One, two, three')
    expect((await scripted().invoke('Count', { stop: [', three'] })).text).toBe('One, two')
    const chat = tiny({ responseFormat: { type: 'grammar', grammar: 'root ::= "yes" | "no"' } })
    expect((await chat.invoke('Is it?')).text).toMatch(/^(yes|no)$/)
    expect((await tiny({ temperature: 0 }).invoke('a', { maxTokens: 3 })).usage_metadata?.output_tokens).toBe(
      3,
    )
    await expect(tiny().invoke('a', { dasllama: { minp: 1 } as object })).rejects.toThrow(/did you mean minP/)
    await expect(tiny({ dasllama: { minP: 7 } }).invoke('a')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(tiny({ topK: Number.NaN }).invoke('a')).rejects.toThrow(/topK/)
    expect(() => new ChatDasllama({ model: 'model.gguf' as never })).toThrow(/must be a model/)
  })

  it('keeps reasoning apart from the text, and puts it back into the prompt', async () => {
    script.says('<think>\nTwo and two.\n</think>\n\nFour.')
    const reply = await scripted().invoke('Two and two?')
    expect(reply.text).toBe('Four.')
    expect(reply.additional_kwargs.reasoning_content).toBe('Two and two.')
    expect(reply.usage_metadata?.output_token_details?.reasoning).toBeGreaterThan(3)
    script.says('Yes.')
    const next = await scripted().invoke([new HumanMessage('Two and two?'), reply, new HumanMessage('Sure?')])
    expect(next.text).toBe('Yes.')
  })

  it('calls tools and reads their results', async () => {
    script.says(CALL)
    const chat = scripted().bindTools([WEATHER])
    const messages = [new HumanMessage('Rome?')]
    const reply = await chat.invoke(messages)
    expect(reply.text).toBe('Let me look.')
    expect(reply.response_metadata.finish_reason).toBe('tool_calls')
    expect(reply.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Rome' }, type: 'tool_call' }])
    const result: ToolMessage = await WEATHER.invoke(reply.tool_calls![0])
    expect(ToolMessage.isInstance(result)).toBe(true)
    script.says('It is sunny.')
    expect((await chat.invoke([...messages, reply, result])).text).toBe('It is sunny.')
  })

  it('streams calls in chunks that add up', async () => {
    script.says(CALL)
    const chunks = await collected(await scripted().bindTools([WEATHER]).stream('Rome?'))
    const pieces = chunks.flatMap(({ tool_call_chunks = [] }) => tool_call_chunks)
    expect(pieces[0]).toMatchObject({ name: 'weather', index: 0, id: expect.any(String) })
    expect(JSON.parse(pieces.map(({ args }) => args).join(''))).toEqual({ city: 'Rome' })
    expect(chunks.reduce((a, b) => a.concat(b)).tool_calls).toMatchObject([{ args: { city: 'Rome' } }])
  })

  it('takes tools in the form of OpenAI, and none of them with the choice none', async () => {
    script.says(CALL)
    const definition = {
      type: 'function',
      function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
    }
    expect((await scripted().bindTools([definition]).invoke('Rome?')).tool_calls).toHaveLength(1)
    const none = scripted().bindTools([definition], { tool_choice: 'none' })
    expect((await none.invoke('Rome?')).tool_calls).toEqual([])
    await expect(
      scripted()
        .bindTools([definition], { tool_choice: { odd: 1 } })
        .invoke('Rome?'),
    ).rejects.toThrow(/tool_choice cannot be/)
  })

  it('writes objects of a schema, whole and with the raw message', async () => {
    const PERSON = z.object({ name: z.string().max(8), age: z.int().min(1).max(9) })
    const chat = tiny({ maxTokens: undefined })
    const person = await chat.withStructuredOutput(PERSON).invoke('A person')
    expect(PERSON.parse(person)).toEqual(person)
    const { raw, parsed } = await chat.withStructuredOutput(PERSON, { includeRaw: true }).invoke('A person')
    expect(JSON.parse(raw.text)).toEqual(parsed)
    const plain = await chat
      .withStructuredOutput({
        type: 'object',
        properties: { a: { const: 7 } },
        required: ['a'],
        additionalProperties: false,
      })
      .invoke('A')
    expect(plain).toEqual({ a: 7 })
    expect(() => chat.withStructuredOutput(PERSON, { method: 'odd' as never })).toThrow(/method must be/)
  })

  it('stops with its signal', async () => {
    const endless = tiny({ maxTokens: undefined, dasllama: { ignoreEos: true } })
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('gone')), 50)
    await expect(endless.invoke('Once', { signal: controller.signal })).rejects.toThrow()
    const streaming = new AbortController()
    const read = async () => {
      for await (const _ of await endless.stream('Once', { signal: streaming.signal })) streaming.abort()
    }
    await expect(read()).rejects.toThrow()
    for await (const { text } of await endless.stream('Once')) if (text !== '') break
    expect((await tiny().invoke('Once')).text).not.toBe('')
  })

  it('shares a cache of replies with models of another name only', async () => {
    const cache = new InMemoryCache()
    const first = await tiny({ cache, temperature: 1 }).invoke('Once')
    expect((await tiny({ cache, temperature: 1 }).invoke('Once')).text).toBe(first.text)
    script.says('Other.')
    const other = new ChatDasllama({
      model,
      template: 'chatml',
      cache,
      sampling: script.sampling,
      modelName: 'other',
    })
    expect((await other.invoke('Once')).text).toBe('Other.')
  })

  it('refuses contents and roles that it cannot read, and prompts that are too long', async () => {
    const image = new HumanMessage({ content: [{ type: 'image_url', image_url: 'data:,' }] })
    await expect(tiny().invoke([image])).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(tiny().invoke([new ChatMessage('a', 'critic')])).rejects.toThrow(/no role "critic"/)
    await expect(tiny().invoke('dog '.repeat(2000))).rejects.toMatchObject({ code: 'CONTEXT_FULL' })
    await expect(tiny().invoke([])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    script.says('Yes.')
    const read = await scripted().invoke([
      new ChatMessage('Be brief.', 'developer'),
      new HumanMessage({
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      }),
    ])
    expect(read.text).toBe('Yes.')
  })

  it('loads a model when it is called, and disposes it', async () => {
    let loaded: Model | undefined
    const chat = tiny({
      model: async () => {
        loaded = await tinyStories(128)
        return loaded
      },
    })
    expect(loaded).toBeUndefined()
    await chat.invoke('Once')
    await chat.dispose()
    expect(loaded?.memoryBytes).toBe(0)
    await expect(chat.invoke('Once')).rejects.toMatchObject({ code: 'DISPOSED' })
  })
})

describe('DasllamaEmbeddings', () => {
  it('are those of embed', async () => {
    const embeddings = new DasllamaEmbeddings({ model, dimensions: 16 })
    const texts = ['A dog ran.', 'Lily']
    const expected = (await embed(model, texts, { dimensions: 16 })).map((vector) => Array.from(vector))
    expect(await embeddings.embedDocuments(texts)).toEqual(expected)
    expect(await embeddings.embedQuery(texts[1])).toEqual(expected[1])
    expect(await embeddings.embedDocuments([])).toEqual([])
    await expect(embeddings.embedQuery('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(() => new DasllamaEmbeddings({ model: {} as never })).toThrow(/must be a model/)
  })
})
