/** Anthropic's own client against the server: each feature directly and over HTTP. */
import Anthropic, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  RateLimitError,
} from '@anthropic-ai/sdk'
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod'
import { MessageStream } from '@anthropic-ai/sdk/lib/MessageStream'
import type { MessageParam, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import type { Model } from '../../src/index.js'
import { Blocks, type MessageEvent } from '../../src/server/anthropic/blocks.js'
import { readMessages } from '../../src/server/anthropic/messages.js'
import { Fields } from '../../src/server/request/fields.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomReply, type Said } from './random-parts.js'
import { collected, row, Script, type Served, serve, type Transport, tinyStories } from './support.js'

let model: Model
let script: Script
beforeAll(async () => {
  model = await tinyStories(1024)
  script = new Script(model)
})
afterAll(() => model.dispose())

const USER: MessageParam[] = [{ role: 'user', content: 'Once upon a time' }]
const WEATHER = {
  name: 'weather',
  description: 'The weather of a city',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
}
const CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'
const TWO_CALLS = `Let me look.\n${CALL}\n${CALL.replace('Rome', 'Oslo')}`
const THOUGHT = '<think>\nA story.\n</think>\n\nThe end.'

function clientOf({ base, fetch }: Served, options: { readonly apiKey?: string } = {}): Anthropic {
  return new Anthropic({ apiKey: 'none', baseURL: base, fetch, maxRetries: 0, ...options })
}

describe.each<Transport>(['fetch', 'http'])('the anthropic client over %s', (transport) => {
  let served: Served
  let client: Anthropic
  beforeAll(async () => {
    served = await serve(
      {
        models: {
          tiny: { model, template: 'chatml' },
          scripted: {
            model,
            template: 'chatml',
            replyFormat: { reasoning: 'think', tools: 'hermes' },
            sampling: script.sampling,
          },
        },
      },
      transport,
    )
    client = clientOf(served)
  })
  afterAll(() => served[Symbol.asyncDispose]())

  /** Adds a row to the table. */
  const feature = (name: string, test: (context: TestContext) => Promise<void>) =>
    it(name, async (context) => {
      await test(context)
      context.task.meta.row = row('anthropic', name, transport)
    })

  feature('writes a message', async () => {
    const message = await client.messages.create({
      model: 'tiny',
      system: [{ type: 'text', text: 'Tell stories.', cache_control: { type: 'ephemeral' } }],
      messages: USER,
      // @ts-expect-error The newest client knows it no more, but others send it.
      temperature: 0,
      max_tokens: 12,
    })
    expect(message).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      type: 'message',
      role: 'assistant',
      model: 'tiny',
      stop_reason: 'max_tokens',
      stop_sequence: null,
      content: [{ type: 'text', text: expect.stringMatching(/girl/) }],
    })
    expect(message._request_id).toMatch(/^req_/)
    // The same prompt as in chats.
    const { usage } = await served.client.chat.completions.create({
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Tell stories.' },
        ...(USER as [{ role: 'user'; content: string }]),
      ],
      max_tokens: 1,
    })
    const { input_tokens, output_tokens, cache_read_input_tokens } = message.usage
    expect(input_tokens + (cache_read_input_tokens ?? 0)).toBe(usage?.prompt_tokens)
    expect(output_tokens).toBe(12)
  })

  feature('writes a message, streamed, with the same text', async () => {
    const request = { model: 'tiny', messages: USER, temperature: 0, max_tokens: 12 }
    const whole = await client.messages.create(request)
    const stream = client.messages.stream(request)
    const texts: string[] = []
    stream.on('text', (text) => void texts.push(text))
    const events = await collected<RawMessageStreamEvent>(stream)
    const final = await stream.finalMessage()
    expect(final.content).toEqual(whole.content)
    expect(texts.join('')).toBe(await stream.finalText())
    expect(texts.length).toBeGreaterThan(5)
    expect(final).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 12 } })
    // The first request has the same prompt.
    expect(final.usage.cache_read_input_tokens).toBeGreaterThan(10)
    const total = ({ usage }: Anthropic.Message) => usage.input_tokens + (usage.cache_read_input_tokens ?? 0)
    expect(total(final)).toBe(total(whole))
    const types = events.map(({ type }) => type)
    expect(types.filter((type, i) => type !== types[i - 1])).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  feature('stops at a sequence, and at the end', async () => {
    const request = { model: 'tiny', messages: USER, temperature: 0, max_tokens: 20 }
    const stopped = await client.messages.create({ ...request, stop_sequences: ['zebra', ' girl'] })
    expect(stopped).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: ' girl' })
    const final = await client.messages.stream({ ...request, stop_sequences: [' girl'] }).finalMessage()
    expect(final).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: ' girl' })
    expect(final.content).toEqual(stopped.content)
    script.says('The end.')
    const ended = await client.messages.create({ model: 'scripted', messages: USER, max_tokens: 50 })
    expect(ended).toMatchObject({
      stop_reason: 'end_turn',
      stop_sequence: null,
      content: [{ text: 'The end.' }],
    })
    script.says('')
    const empty = await client.messages.create({ model: 'scripted', messages: USER, max_tokens: 50 })
    expect(empty).toMatchObject({ stop_reason: 'end_turn', content: [] })
  })

  feature('says when the context is full', async () => {
    const message = await client.messages.create({
      model: 'tiny',
      messages: [{ role: 'user', content: 'Once upon a time '.repeat(119) }],
      max_tokens: 1000,
      // @ts-expect-error A field of llama.cpp's.
      ignore_eos: true,
    })
    expect(message.stop_reason).toBe('model_context_window_exceeded')
  })

  feature('thinks', async () => {
    script.says(THOUGHT)
    const request = { model: 'scripted', messages: USER, max_tokens: 100 }
    const thinking = { type: 'enabled' as const, budget_tokens: 50 }
    const whole = await client.messages.create({ ...request, thinking })
    expect(whole.content).toMatchObject([
      { type: 'thinking', thinking: 'A story.', signature: expect.stringMatching(/./) },
      { type: 'text', text: 'The end.' },
    ])
    expect(whole.usage.output_tokens_details?.thinking_tokens).toBeGreaterThan(0)
    const final = await client.messages.stream({ ...request, thinking: { type: 'adaptive' } }).finalMessage()
    expect(final.content).toEqual(whole.content)
    script.says('More.')
    const next = await client.messages.create({
      ...request,
      messages: [
        ...USER,
        { role: 'assistant', content: whole.content },
        { role: 'user', content: 'And then?' },
      ],
    })
    expect(next.content).toMatchObject([{ type: 'text', text: 'More.' }])
  })

  feature('thinks, without the text, which comes back in the signature', async () => {
    script.says(THOUGHT)
    const { content } = await client.messages
      .stream({
        model: 'scripted',
        messages: USER,
        max_tokens: 100,
        thinking: { type: 'adaptive', display: 'omitted' },
      })
      .finalMessage()
    expect(content).toMatchObject([
      { type: 'thinking', thinking: '' },
      { type: 'text', text: 'The end.' },
    ])
    expect(messagesOf([...USER, { role: 'assistant', content }, ...USER])[1]).toEqual({
      role: 'assistant',
      content: 'The end.',
      reasoning: 'A story.',
    })
  })

  feature('answers without thinking where a model shows none', async () => {
    for (const thinking of [
      { type: 'enabled' as const, budget_tokens: 3 },
      { type: 'disabled' as const },
      { type: 'between_tools' as const },
    ]) {
      const output_config = { effort: 'high' as const }
      const { content } = await client.messages.create({
        ...{ model: 'tiny', messages: USER, max_tokens: 4, thinking, output_config },
      })
      expect(content.map(({ type }) => type)).toEqual(['text'])
    }
  })

  feature('uses tools over two turns', async () => {
    script.says(TWO_CALLS)
    const request = { model: 'scripted', max_tokens: 200, tools: [WEATHER] }
    const first = await client.messages.create({ ...request, messages: USER })
    expect(first).toMatchObject({
      stop_reason: 'tool_use',
      content: [
        { type: 'text', text: 'Let me look.' },
        { type: 'tool_use', name: 'weather', input: { city: 'Rome' } },
        { type: 'tool_use', name: 'weather', input: { city: 'Oslo' } },
      ],
    })
    const final = await client.messages.stream({ ...request, messages: USER }).finalMessage()
    const contentOf = ({ content }: Anthropic.Message) =>
      content.map((block) => (block.type === 'tool_use' ? { ...block, id: '' } : block))
    expect(contentOf(final)).toEqual(contentOf(first))
    const uses = first.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []))
    script.says('Yes.')
    const second = await client.messages.create({
      ...request,
      messages: [
        ...USER,
        { role: 'assistant', content: first.content },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: uses[0].id, content: [{ type: 'text', text: '20 degrees' }] },
            { type: 'tool_result', tool_use_id: uses[1].id, content: 'no such city', is_error: true },
            { type: 'text', text: 'Hurry.' },
          ],
        },
      ],
    })
    expect(second).toMatchObject({ stop_reason: 'end_turn', content: [{ text: 'Yes.' }] })
  })

  feature('runs tools over several steps', async () => {
    script.says(CALL)
    const tool = betaZodTool({
      name: 'weather',
      description: 'The weather of a city',
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => {
        script.says(`It is warm in ${city}.`)
        return '20 degrees'
      },
    })
    const runner = client.beta.messages.toolRunner({
      ...{ model: 'scripted', max_tokens: 200, tools: [tool] },
      messages: [{ role: 'user', content: 'Is it warm?' }],
    })
    expect((await runner.runUntilDone()).content).toMatchObject([{ text: 'It is warm in Rome.' }])
  })

  feature('uses one tool only without parallel use', async () => {
    script.says(TWO_CALLS)
    const request: Anthropic.MessageCreateParamsNonStreaming = {
      model: 'scripted',
      max_tokens: 200,
      messages: USER,
      tools: [WEATHER],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    }
    for (const message of [
      await client.messages.create(request),
      await client.messages.stream(request).finalMessage(),
    ]) {
      expect(message.stop_reason).toBe('tool_use')
      expect(message.content).toMatchObject([{ type: 'text' }, { type: 'tool_use', input: { city: 'Rome' } }])
    }
  })

  feature('is forced to use a tool, or none', async () => {
    const tools = ['cat', 'dog'].map((animal) => ({
      name: `feed_${animal}`,
      input_schema: {
        type: 'object' as const,
        properties: { food: { enum: [`${animal} food`, `${animal} milk`] } },
        required: ['food'],
      },
    }))
    const request = { model: 'tiny', messages: USER, tools, max_tokens: 100 }
    const any = await client.messages.create({
      ...request,
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    })
    expect(any.stop_reason).toBe('tool_use')
    const [use] = any.content
    if (use.type !== 'tool_use') throw new Error(use.type)
    const animal = use.name.slice('feed_'.length)
    expect((use.input as { food: string }).food).toMatch(new RegExp(`^${animal} (food|milk)$`))
    const named = { ...request, tool_choice: { type: 'tool' as const, name: 'feed_dog' } }
    expect((await client.messages.stream(named).finalMessage()).content).toMatchObject([
      { type: 'tool_use', name: 'feed_dog', input: { food: expect.stringMatching(/^dog /) } },
    ])
    const greedy = { ...named, temperature: 0 }
    const { usage } = await client.messages.create(greedy)
    const cut = await client.messages.create({ ...greedy, max_tokens: usage.output_tokens - 8 })
    expect(cut).toMatchObject({ stop_reason: 'max_tokens', content: [{ type: 'tool_use', input: {} }] })
    const none = await client.messages.create({ ...request, tool_choice: { type: 'none' } })
    expect(none.content.map(({ type }) => type)).toEqual(['text'])
  })

  feature('writes structured output', async () => {
    const pet = z.object({ name: z.enum(['Rex', 'Tom']), age: z.enum(['young', 'old']) })
    const request = { model: 'tiny', messages: USER, max_tokens: 100 }
    const parsed = await client.messages.parse({
      ...request,
      output_config: { format: zodOutputFormat(pet) },
    })
    expect(pet.parse(parsed.parsed_output)).toEqual(parsed.parsed_output)
    // The name of the field before.
    const before = await served.post('/v1/messages', { ...request, output_format: zodOutputFormat(pet) })
    expect(pet.safeParse(JSON.parse((await before.json()).content[0].text)).success).toBe(true)
  })

  feature('counts tokens', async () => {
    const request = { model: 'scripted', system: 'Be brief.', messages: USER, tools: [WEATHER] }
    const counted = await client.messages.countTokens(request)
    script.says('Yes.')
    const { usage } = await client.messages.create({ ...request, max_tokens: 10 })
    expect(counted).toEqual({ input_tokens: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) })
    expect(await client.beta.messages.countTokens(request)).toEqual(counted)
  })

  feature('lists models', async () => {
    expect(await collected(client.models.list({ limit: 1 }))).toMatchObject([
      { type: 'model', id: 'tiny', display_name: 'tiny' },
      { type: 'model', id: 'scripted' },
    ])
    const before = await client.models.list({ before_id: 'scripted' })
    expect(before).toMatchObject({
      data: [{ id: 'tiny' }],
      has_more: false,
      first_id: 'tiny',
      last_id: 'tiny',
    })
    expect(Date.parse((await client.models.retrieve('scripted')).created_at)).toBeGreaterThan(1.7e12)
    await expect(client.models.retrieve('huge')).rejects.toThrow(NotFoundError)
    await expect(client.models.list({ after_id: 'huge' })).rejects.toThrow(/after_id must be/)
    await expect(client.models.list({ limit: 0 })).rejects.toThrow(/limit must be/)
  })

  feature('aborts a stream and a whole message', async () => {
    const before = served.records.length
    // A field of llama.cpp's.
    const request = { model: 'tiny', messages: USER, max_tokens: 900, ignore_eos: true }
    const stream = client.messages.stream(request)
    let count = 0
    for await (const _ of stream) if (++count === 5) break
    expect((await served.record(before)).ended).toBe('cancelled')
    const controller = new AbortController()
    const pending = client.messages.create(request, { signal: controller.signal })
    setTimeout(() => controller.abort(), 100)
    await expect(pending).rejects.toThrow(APIUserAbortError)
    expect((await served.record(before + 1)).status).toBe(499)
  })

  feature('gets errors of its classes', async () => {
    const create = (more: object) =>
      client.messages.create({ model: 'tiny', messages: USER, max_tokens: 5, ...more })
    const missing = await create({ model: 'huge' }).catch((error: unknown) => error)
    expect(missing).toBeInstanceOf(NotFoundError)
    expect(missing).toMatchObject({
      type: 'not_found_error',
      errorCode: 'model_not_found',
      requestID: expect.stringMatching(/^req_/),
    })
    await expect(create({ max_tokens: 0 })).rejects.toThrow(BadRequestError)
    const long = [{ role: 'user', content: 'Once upon a time '.repeat(400) }]
    const promptTooLong = /prompt is too long: .* its prompt has \d+, and the context of 1024/
    await expect(create({ messages: long })).rejects.toThrow(promptTooLong)
    await expect(create({ messages: long, stream: true })).rejects.toThrow(promptTooLong)
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }
    await expect(create({ messages: [{ role: 'user', content: [image] }] })).rejects.toThrow(/not images/)
    await expect(client.get('/v1/nothing')).rejects.toThrow(NotFoundError)
  })
})

function messagesOf(messages: unknown, system?: unknown) {
  return readMessages(new Fields({ messages, system }))
}

describe('messages', () => {
  it('become those of a chat', () => {
    const system = [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cch=fa690;' },
      { type: 'text', text: 'You are an agent.', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'Use tools.' },
    ]
    const messages = [
      { role: 'user', content: 'The folder is /tmp.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'List' },
          { type: 'text', text: 'it.' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'I need ls.', signature: 'any' },
          { type: 'redacted_thinking', data: 'xyz' },
          { type: 'text', text: 'Now.', citations: null },
          { type: 'tool_use', id: 'a', name: 'ls', input: { path: '/tmp' }, caller: { type: 'direct' } },
          { type: 'tool_use', id: 'b', name: 'pwd', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Thanks!' },
          { type: 'tool_result', tool_use_id: 'a', is_error: true, content: 'not found' },
          { type: 'tool_result', tool_use_id: 'b' },
        ],
      },
      { role: 'system', content: 'Be brief.' },
      { role: 'assistant', content: [] },
      { role: 'user', content: 'Go on.' },
    ]
    expect(messagesOf(messages, system)).toEqual([
      { role: 'system', content: 'You are an agent.\nUse tools.\n\nBe brief.' },
      { role: 'user', content: 'The folder is /tmp.\n\nList\nit.' },
      {
        role: 'assistant',
        content: 'Now.',
        reasoning: 'I need ls.',
        toolCalls: [
          { id: 'a', name: 'ls', arguments: { path: '/tmp' } },
          { id: 'b', name: 'pwd', arguments: {} },
        ],
      },
      { role: 'tool', content: 'Error: not found', toolCallId: 'a', name: 'ls' },
      { role: 'tool', content: '', toolCallId: 'b', name: 'pwd' },
      { role: 'user', content: 'Thanks!\n\nGo on.' },
    ])
  })
})

describe('requests of agents', () => {
  it('are accepted with tools of other types and fields of the hosted service', async () => {
    await using served = await serve({ models: { tiny: { model, template: 'chatml' } } })
    const response = await served.post(
      '/v1/messages?beta=true',
      {
        model: 'tiny',
        max_tokens: 4,
        temperature: 1,
        stream: true,
        system: [
          { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cch=fa690;' },
          { type: 'text', text: 'You are a coding agent.', cache_control: { type: 'ephemeral', ttl: '1h' } },
        ],
        messages: [
          {
            role: 'user',
            content: [{ type: 'text', text: 'Hello', cache_control: { type: 'ephemeral' } }],
          },
        ],
        tools: [
          { ...WEATHER, cache_control: { type: 'ephemeral' }, eager_input_streaming: true, strict: false },
          { type: 'web_search_20250305', name: 'web_search', max_uses: 8 },
          { type: 'bash_20250124', name: 'bash' },
        ],
        metadata: { user_id: 'user_1' },
        thinking: { type: 'adaptive' },
        output_config: { effort: 'medium' },
        context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      },
      { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'claude-code-20250219', 'x-api-key': 'any' },
    )
    expect(response.status).toBe(200)
    const lines = (await response.text()).trimEnd().split('\n')
    expect(lines.filter((line) => line.startsWith('event: ')).slice(0, 2)).toEqual([
      'event: message_start',
      'event: ping',
    ])
    expect(lines.slice(-2)).toEqual(['event: message_stop', 'data: {"type":"message_stop"}'])
  })
})

describe('a prompt that is only counted or rendered', () => {
  it.each([1, 4])('leaves %i conversations in the cache alone', async (cachedConversations) => {
    await using served = await serve({ models: { tiny: { model, template: 'chatml' } }, cachedConversations })
    const talk = [{ role: 'user', content: 'Ann went to the park with her dog. '.repeat(8) }]
    const other = [{ role: 'user', content: 'Ben stayed at home.' }]
    const ask = async () => {
      const response = await served.post('/v1/messages', { messages: talk, max_tokens: 1 })
      const { usage } = await response.json()
      return usage as { input_tokens: number; cache_read_input_tokens: number }
    }
    const { input_tokens } = await ask()
    for (const tools of [[], [WEATHER]]) {
      const counted = await served.post('/v1/messages/count_tokens', { messages: other, tools })
      expect((await counted.json()).input_tokens).toBeGreaterThan(5)
    }
    await served.post('/apply-template', { messages: other })
    expect((await ask()).cache_read_input_tokens).toBe(input_tokens - 1)
  })
})

describe('keys, turns and failures', () => {
  it('has the key in x-api-key or authorization', async () => {
    await using served = await serve({ models: { tiny: { model, template: 'chatml' } }, apiKeys: ['right'] })
    const request = { model: 'tiny', messages: USER, max_tokens: 1 }
    await clientOf(served, { apiKey: 'right' }).messages.create(request)
    const bearer = new Anthropic({
      apiKey: null,
      authToken: 'right',
      baseURL: served.base,
      fetch: served.fetch,
    })
    await bearer.messages.create(request)
    for (const apiKey of ['wrong', ' ']) {
      const error = await clientOf(served, { apiKey })
        .messages.create(request)
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(AuthenticationError)
      expect(error).toMatchObject({ type: 'authentication_error' })
    }
  })

  it('is told when too many wait', async () => {
    await using served = await serve({
      ...{ models: { tiny: { model, template: 'chatml' } }, maxConcurrent: 1, maxQueued: 0 },
    })
    const request = { model: 'tiny', messages: USER, max_tokens: 900, ignore_eos: true }
    const running = await served.post('/v1/messages', { ...request, stream: true })
    const error = await clientOf(served)
      .messages.create(request)
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ type: 'rate_limit_error' })
    await running.body?.cancel()
  })

  it('gets an error within a stream', async () => {
    const served = await serve({ models: { tiny: { model, template: 'chatml' } } })
    const request = {
      model: 'tiny',
      messages: USER,
      max_tokens: 900,
      ignore_eos: true,
      stream: true as const,
    }
    const stream = await clientOf(served).messages.create(request)
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    await served[Symbol.asyncDispose]()
    const failed = (async () => {
      while (!(await iterator.next()).done);
    })()
    const error = await failed.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({
      type: 'overloaded_error',
      error: { type: 'error', request_id: expect.stringMatching(/^req_/) },
    })
  })
})

/** What the blocks of a message say. */
function saidBy(content: readonly object[]): Said[] {
  type Block = { type: string; text?: string; thinking?: string; input?: object }
  return (content as Block[]).map(({ type, text = '', thinking = '', input }) => {
    if (type === 'tool_use') return ['call', JSON.stringify(input)]
    return type === 'thinking' ? ['reasoning', thinking] : ['content', text]
  })
}

describe('the content of any reply', () => {
  it.each([1, 2, 3, 4])("is what the client's accumulator makes of its events, seed %i", async (seed) => {
    const bits = new RandomBits(seed)
    for (let round = 0; round < 50; round++) {
      const blocks = new Blocks({ omitsThinking: false })
      const { parts, said } = randomReply(bits)
      const events: MessageEvent[] = []
      for (const part of parts) {
        events.push(...blocks.take(part))
        // Agents run a call as soon as it is complete.
        if (part.calls.at(-1)?.isLast) expect(events.at(-1)?.type).toBe('content_block_stop')
      }
      events.push(...blocks.end())
      expect(saidBy(blocks.content)).toEqual(said)
      const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [], usage: {} }
      const lines = [{ type: 'message_start', message }, ...events, { type: 'message_stop' }]
      const text = lines.map((event) => JSON.stringify(event)).join('\n')
      const stream = MessageStream.fromReadableStream(new Blob([text]).stream())
      // The client parses the arguments when they are read.
      const { content } = JSON.parse(JSON.stringify(await stream.finalMessage()))
      expect(content).toEqual(blocks.content)
    }
  })
})
