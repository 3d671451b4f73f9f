/** OpenAI's own client and its Responses API against the server: each feature directly and over HTTP. */
import type OpenAI from 'openai'
import { APIError, APIUserAbortError, NotFoundError } from 'openai'
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod'
import { ResponseStream } from 'openai/lib/responses/ResponseStream'
import type {
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { z } from 'zod'
import type { Model } from '../../src/index.js'
import { Fields } from '../../src/server/request/fields.js'
import type { ItemEvent } from '../../src/server/responses/items.js'
import { Output } from '../../src/server/responses/output.js'
import { readResponseRequest } from '../../src/server/responses/request.js'
import { ResponseObject } from '../../src/server/responses/response.js'
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

const WEATHER = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: true,
}
const CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'
const TWO_CALLS = `Let me look.\n${CALL}\n${CALL.replace('Rome', 'Oslo')}`
const THOUGHT = '<think>\nA story.\n</think>\n\nThe end.'

describe.each<Transport>(['fetch', 'http'])('the openai client over %s', (transport) => {
  let served: Served
  let client: OpenAI
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
    client = served.client
  })
  afterAll(() => served[Symbol.asyncDispose]())

  /** Adds a row to the table. */
  const feature = (name: string, test: (context: TestContext) => Promise<void>) =>
    it(name, async (context) => {
      await test(context)
      context.task.meta.row = row('openai responses', name, transport)
    })

  const failing = async (promise: Promise<unknown>) => {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!(error instanceof APIError)) throw error
    const { status, code, param } = error
    return { status, code, param }
  }

  feature('responds, whole', async () => {
    const response = await client.responses.create({
      model: 'tiny',
      instructions: 'Tell stories.',
      input: 'Once upon a time',
      temperature: 0,
      max_output_tokens: 12,
      metadata: { purpose: 'test' },
    })
    expect(response).toMatchObject({
      object: 'response',
      model: 'tiny',
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      error: null,
      instructions: 'Tell stories.',
      metadata: { purpose: 'test' },
      temperature: 0,
      max_output_tokens: 12,
      previous_response_id: null,
      store: false,
      tools: [],
      tool_choice: 'auto',
      output: [{ type: 'message', role: 'assistant', status: 'incomplete' }],
    })
    expect(response.output_text).toMatch(/girl/)
    // The same prompt as in chats.
    const { usage } = await client.chat.completions.create({
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Tell stories.' },
        { role: 'user', content: 'Once upon a time' },
      ],
      max_tokens: 1,
    })
    expect(response.usage).toMatchObject({
      input_tokens: usage?.prompt_tokens,
      output_tokens: 12,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: (usage?.prompt_tokens ?? 0) + 12,
    })
    expect(response.usage?.input_tokens_details.cached_tokens).toBeGreaterThanOrEqual(0)
  })

  feature('responds, streamed, with the same text', async () => {
    const request = { model: 'tiny', input: 'Once upon a time', temperature: 0, max_output_tokens: 12 }
    const whole = await client.responses.create(request)
    const stream = client.responses.stream(request)
    const events = await collected<ResponseStreamEvent>(stream)
    const final = await stream.finalResponse()
    expect(final.output_text).toBe(whole.output_text)
    expect(final.status).toBe('incomplete')
    expect(final.usage?.output_tokens).toBe(12)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, i) => i))
    expect(withoutRepeats(events)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.incomplete',
    ])
  })

  feature('continues a conversation from its output items', async () => {
    script.says(THOUGHT)
    const input: ResponseInputItem[] = [{ role: 'user', content: 'Tell me a story.' }]
    const first = await client.responses.create({ model: 'scripted', input })
    expect(first.status).toBe('completed')
    expect(first.output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
    script.says('More.')
    const second = await client.responses.create({
      model: 'scripted',
      input: [...input, ...(first.output as ResponseInputItem[]), { role: 'user', content: 'And then?' }],
    })
    expect(second.output_text).toBe('More.')
    const { input_tokens = 0, input_tokens_details } = second.usage ?? {}
    expect(input_tokens_details?.cached_tokens).toBeGreaterThan(20)
    expect(input_tokens_details?.cached_tokens).toBeLessThan(input_tokens)
  })

  feature('reasons', async () => {
    script.says(THOUGHT)
    const request = { model: 'scripted', input: 'A story.' }
    const whole = await client.responses.create(request)
    expect(whole.output).toMatchObject([
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'A story.' }] },
      { type: 'message', content: [{ type: 'output_text', text: 'The end.' }] },
    ])
    expect(whole.usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0)
    const stream = client.responses.stream({ ...request, reasoning: { effort: 'high' } })
    const types = withoutRepeats(await collected<ResponseStreamEvent>(stream))
    expect(types.slice(2, 8)).toEqual([
      'response.output_item.added',
      'response.content_part.added',
      'response.reasoning_text.delta',
      'response.reasoning_text.done',
      'response.content_part.done',
      'response.output_item.done',
    ])
    expect((await stream.finalResponse()).output_text).toBe('The end.')
  })

  feature('reasons, in summaries and in a form that is sent back unread', async () => {
    script.says(THOUGHT)
    const stream = client.responses.stream({
      model: 'scripted',
      input: 'A story.',
      reasoning: { effort: 'medium', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
    })
    const events = await collected<ResponseStreamEvent>(stream)
    expect(withoutRepeats(events).slice(2, 8)).toEqual([
      'response.output_item.added',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
      'response.output_item.done',
    ])
    const [reasoning] = (await stream.finalResponse()).output
    expect(reasoning).toMatchObject({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'A story.' }],
    })
    const { encrypted_content } = reasoning as { encrypted_content: string }
    // As clients send it that keep nothing else.
    const [, assistant] = messagesOf([
      { role: 'user', content: 'A story.' },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content },
      { role: 'assistant', content: 'The end.' },
    ])
    expect(assistant).toEqual({ role: 'assistant', content: 'The end.', reasoning: 'A story.' })
  })

  feature('answers without reasoning where a model shows none', async () => {
    const response = await client.responses.create({
      model: 'tiny',
      input: 'Hello',
      reasoning: { effort: 'high', summary: 'detailed' },
      max_output_tokens: 2,
    })
    expect(response.output.map(({ type }) => type)).toEqual(['message'])
  })

  feature('calls functions over two turns', async () => {
    script.says(TWO_CALLS)
    const input: ResponseInputItem[] = [{ role: 'user', content: 'Is it warm?' }]
    const first = await client.responses.create({ model: 'scripted', input, tools: [WEATHER] })
    expect(first.output).toMatchObject([
      { type: 'message', content: [{ text: 'Let me look.' }] },
      { type: 'function_call', name: 'weather', arguments: '{"city": "Rome"}', status: 'completed' },
      { type: 'function_call', name: 'weather', arguments: '{"city": "Oslo"}' },
    ])
    expect(first.tools).toEqual([WEATHER])
    const calls = first.output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
    expect(calls[0].id).not.toBe(calls[0].call_id)
    input.push(...(first.output as ResponseInputItem[]))
    for (const { call_id } of calls)
      input.push({ type: 'function_call_output', call_id, output: '20 degrees' })
    script.says('Yes.')
    const second = await client.responses.create({ model: 'scripted', input, tools: [WEATHER] })
    expect(second.output_text).toBe('Yes.')
  })

  feature('calls functions, streamed and parsed', async () => {
    script.says(CALL)
    const tool = zodResponsesFunction({ name: 'weather', parameters: z.object({ city: z.string() }) })
    const stream = client.responses.stream({ model: 'scripted', input: 'Is it warm?', tools: [tool] })
    const types = withoutRepeats(await collected<ResponseStreamEvent>(stream))
    expect(types.slice(2)).toEqual([
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect((await stream.finalResponse()).output).toMatchObject([{ parsed_arguments: { city: 'Rome' } }])
  })

  feature('calls functions of a namespace over two turns', async () => {
    script.says(CALL.replace('weather', 'mcp__sky__weather'))
    const { strict, ...weather } = WEATHER
    const tools = [{ type: 'namespace' as const, name: 'mcp__sky', description: 'The sky', tools: [weather] }]
    const input: ResponseInputItem[] = [{ role: 'user', content: 'Is it warm?' }]
    const first = await client.responses.create({ model: 'scripted', input, tools })
    expect(first.output).toMatchObject([{ type: 'function_call', name: 'weather', namespace: 'mcp__sky' }])
    const [call] = first.output
    if (call.type !== 'function_call') throw new Error(call.type)
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: '20 degrees' }
    expect(messagesOf([...input, call, result], { tools }).slice(1)).toMatchObject([
      { role: 'assistant', toolCalls: [{ name: 'mcp__sky__weather', arguments: { city: 'Rome' } }] },
      { role: 'tool', name: 'mcp__sky__weather', content: '20 degrees' },
    ])
    script.says('Yes.')
    const second = await client.responses.create({
      model: 'scripted',
      input: [...input, call, result],
      tools,
    })
    expect(second.output_text).toBe('Yes.')
  })

  feature('calls one function only without parallel calls', async () => {
    script.says(TWO_CALLS)
    const request = { model: 'scripted', input: 'Is it warm?', tools: [WEATHER], parallel_tool_calls: false }
    const { output, status } = await client.responses.create(request)
    expect(status).toBe('completed')
    expect(output.filter(({ type }) => type === 'function_call')).toMatchObject([
      { arguments: '{"city": "Rome"}' },
    ])
    const final = await client.responses.stream(request).finalResponse()
    expect(final.output.map(({ type }) => type)).toEqual(output.map(({ type }) => type))
  })

  feature('is forced to call a function, or none', async () => {
    const tools = ['cat', 'dog'].map((animal) => ({
      type: 'function' as const,
      name: `feed_${animal}`,
      parameters: {
        type: 'object',
        properties: { food: { enum: [`${animal} food`, `${animal} milk`] } },
        required: ['food'],
      },
      strict: null,
    }))
    const outputOf = async (more: Partial<ResponseCreateParamsNonStreaming>) => {
      const limits = { max_output_tokens: 100, parallel_tool_calls: false }
      const request = { model: 'tiny', input: 'Hello', tools, ...limits, ...more }
      return (await client.responses.create(request)).output
    }
    const forced: Partial<ResponseCreateParamsNonStreaming>[] = [
      { tool_choice: { type: 'function', name: 'feed_dog' } },
      {
        tool_choice: {
          type: 'allowed_tools',
          mode: 'required',
          tools: [{ type: 'function', name: 'feed_dog' }],
        },
      },
      { tool_choice: 'required', tools: tools.slice(1) },
    ]
    for (const each of forced) {
      const output = await outputOf(each)
      expect(output).toMatchObject([{ type: 'function_call', name: 'feed_dog' }])
      expect(JSON.parse((output[0] as { arguments: string }).arguments).food).toMatch(/^dog (food|milk)$/)
    }
    expect(await outputOf({ tool_choice: 'none' })).toMatchObject([{ type: 'message' }])
  })

  feature('writes structured output', async () => {
    const pet = z.object({ name: z.string().max(8), age: z.number().int().min(1).max(9) })
    const request = { model: 'tiny', input: 'A pet.', text: { format: zodTextFormat(pet, 'pet') } }
    const parsed = await client.responses.parse(request)
    expect(pet.parse(parsed.output_parsed)).toEqual(parsed.output_parsed)
    const final = await client.responses.stream(request).finalResponse()
    expect(pet.parse(final.output_parsed)).toEqual(final.output_parsed)
    const free = await client.responses.create({
      ...request,
      text: { format: { type: 'json_object' } },
      max_output_tokens: 20,
      temperature: 0,
    })
    expect(free.output_text).toMatch(/^\{/)
  })

  feature('gives log-probabilities', async () => {
    const request = {
      model: 'tiny',
      input: 'Once upon a time',
      temperature: 0,
      max_output_tokens: 4,
      include: ['message.output_text.logprobs' as const],
      top_logprobs: 2,
    }
    const whole = await client.responses.create(request)
    const [item] = whole.output
    const [part] = item.type === 'message' ? item.content : []
    const logprobs = part.type === 'output_text' ? (part.logprobs ?? []) : []
    expect(logprobs).toHaveLength(4)
    // Greedy: the token is the likeliest.
    for (const { token, logprob, bytes, top_logprobs } of logprobs) {
      expect(top_logprobs).toHaveLength(2)
      expect(top_logprobs[0]).toEqual({ token, logprob, bytes })
    }
    const final = await client.responses.stream(request).finalResponse()
    expect(final.output).toMatchObject([{ content: [{ logprobs }] }])
  })

  feature('counts the tokens of an input', async () => {
    const request = { model: 'scripted', instructions: 'Be brief.', input: 'Is it warm?', tools: [WEATHER] }
    const counted = await client.responses.inputTokens.count(request)
    script.says('Yes.')
    const { usage } = await client.responses.create(request)
    expect(counted).toEqual({ object: 'response.input_tokens', input_tokens: usage?.input_tokens })
  })

  feature('aborts a stream and a whole response', async () => {
    const before = served.records.length
    // @ts-expect-error A field of llama.cpp's.
    const request: ResponseCreateParamsNonStreaming = { model: 'tiny', input: 'Hello', ignore_eos: true }
    let count = 0
    for await (const _ of await client.responses.create({ ...request, stream: true }))
      if (++count === 6) break
    expect((await served.record(before)).ended).toBe('cancelled')
    const controller = new AbortController()
    const pending = client.responses.create(request, { signal: controller.signal })
    setTimeout(() => controller.abort(), 100)
    await expect(pending).rejects.toThrow(APIUserAbortError)
    expect((await served.record(before + 1)).status).toBe(499)
  })

  feature('gets errors with status, code and param', async () => {
    const create = (more: object) =>
      failing(client.responses.create({ model: 'tiny', input: 'Hello', ...more }))
    expect(await create({ model: 'huge' })).toEqual({ status: 404, code: 'model_not_found', param: 'model' })
    expect(await create({ previous_response_id: 'resp_1' })).toEqual({
      status: 400,
      code: 'unsupported_parameter',
      param: 'previous_response_id',
    })
    const image = { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'auto' }
    expect(await create({ input: [{ role: 'user', content: [image] }] })).toEqual({
      status: 400,
      code: 'unsupported_value',
      param: 'input[0].content[0].type',
    })
    expect(await create({ input: 'Once upon a time '.repeat(400), stream: true })).toEqual({
      status: 400,
      code: 'context_length_exceeded',
      param: 'input',
    })
    await expect(client.responses.retrieve('resp_1')).rejects.toThrow(NotFoundError)
    await expect(client.responses.retrieve('resp_1')).rejects.toThrow(/not stored/)
  })
})

/** The types of events, each once if it comes several times in a row. */
function withoutRepeats(events: readonly { readonly type: string }[]): string[] {
  const types = events.map(({ type }) => type)
  return types.filter((type, i) => type !== types[i - 1])
}

const LIMITS = {
  maxTokens: undefined,
  maxChoices: 8,
  maxBodyBytes: 1e6,
  timeout: undefined,
  bodyTimeout: 1e6,
  stallTimeout: 1e6,
  ignoreUnknownFields: false,
  priorities: false,
}

/** The messages that an input becomes. */
function messagesOf(input: unknown, more: object = {}) {
  return readResponseRequest(new Fields({ input, ...more }), LIMITS).chat.messages
}

describe('an input', () => {
  it('becomes messages: one of the system, and one per turn', () => {
    const input = [
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Use tools.' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'The folder is /tmp.' }] },
      { type: 'message', role: 'user', content: 'List it.', id: 'msg_1', status: 'completed' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'I need ls.' }] },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Now.', annotations: [] }],
      },
      { type: 'function_call', call_id: 'c1', name: 'ls', arguments: '{"path":"/tmp"}', id: 'fc_1' },
      { type: 'function_call', call_id: 'c2', name: 'pwd', arguments: '' },
      { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: 'a.txt' }] },
      { type: 'function_call_output', call_id: 'c2', output: '/tmp' },
      { type: 'reasoning', id: 'rs_2', summary: [], content: [{ type: 'reasoning_text', text: 'Lost.' }] },
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Thanks!' },
    ]
    expect(messagesOf(input, { instructions: 'You are an agent.' })).toEqual([
      { role: 'system', content: 'You are an agent.\n\nUse tools.\n\nBe brief.' },
      { role: 'user', content: 'The folder is /tmp.\n\nList it.' },
      {
        role: 'assistant',
        content: 'Now.',
        reasoning: 'I need ls.',
        toolCalls: [
          { id: 'c1', name: 'ls', arguments: { path: '/tmp' } },
          { id: 'c2', name: 'pwd', arguments: {} },
        ],
      },
      { role: 'tool', content: 'a.txt', toolCallId: 'c1', name: 'ls' },
      { role: 'tool', content: '/tmp', toolCallId: 'c2', name: 'pwd' },
      { role: 'user', content: 'Thanks!' },
    ])
  })
})

describe('requests of agents', () => {
  it('are accepted with tools of other types and fields of the hosted service', async () => {
    await using served = await serve({ models: { tiny: { model, template: 'chatml' } } })
    const response = await served.post('/v1/responses', {
      model: 'tiny',
      instructions: 'You are a coding agent.',
      input: [
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [
            { type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec' }] },
            WEATHER,
          ],
        },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
      ],
      tools: [
        { type: 'function', name: 'shell', description: 'Runs a command', strict: false, parameters: {} },
        { type: 'local_shell' },
        { type: 'web_search', external_web_access: false },
        { type: 'custom', name: 'apply_patch', format: { type: 'grammar', syntax: 'lark', definition: '' } },
        { type: 'namespace', name: 'mcp', tools: [] },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: true,
      reasoning: { effort: 'medium', summary: 'auto' },
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
      service_tier: 'priority',
      prompt_cache_key: 'conversation',
      text: { verbosity: 'medium' },
      client_metadata: { 'x-codex-installation-id': '1' },
      max_output_tokens: 4,
    })
    expect(response.status).toBe(200)
    const lines = (await response.text()).trimEnd().split('\n')
    const last = JSON.parse(lines.at(-1)!.slice('data: '.length))
    expect(lines.at(-2)).toBe('event: response.incomplete')
    expect(last.response.tools).toHaveLength(5)
  })

  it('without input get an empty response', async () => {
    await using served = await serve({ models: { tiny: { model, template: 'chatml' } } })
    for (const input of [[], '']) {
      const response = await served.post('/v1/responses', { input, max_output_tokens: 1 })
      expect(await response.json()).toMatchObject({
        status: 'completed',
        output: [],
        usage: { total_tokens: 0 },
      })
    }
    const final = await served.client.responses.stream({ model: 'tiny', input: [] }).finalResponse()
    expect(final.output).toEqual([])
  })
})

describe('a stream that fails', () => {
  it('ends with an error, which the client throws, and a failed response', async () => {
    const served = await serve({ models: { tiny: { model, template: 'chatml' } } })
    const request = { model: 'tiny', input: 'Hello', stream: true as const, ignore_eos: true }
    const response = await served.post('/v1/responses', request)
    const stream = await served.client.responses.create(request)
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    await served[Symbol.asyncDispose]()
    const events = (await response.text())
      .split('\n')
      .flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6))] : []))
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, i) => i))
    expect(events.at(-2)).toMatchObject({ type: 'error', code: 'shutting_down', param: null })
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: {
        id: events[0].response.id,
        status: 'failed',
        error: { code: 'server_error', message: 'the server is shutting down' },
        output: [{ type: 'message', status: 'incomplete' }],
      },
    })
    const failed = (async () => {
      while (!(await iterator.next()).done);
    })()
    await expect(failed).rejects.toThrow(/shutting down/)
  })
})

/** What the items of an output say. */
function saidBy(items: readonly object[]): Said[] {
  type Item = { type: string; content?: { text: string }[]; summary?: { text: string }[]; arguments?: string }
  return (items as Item[]).map(({ type, content = [], summary = [], arguments: given = '' }) => {
    const text = [...content, ...summary].map((each) => each.text).join('')
    if (type === 'function_call') return ['call', given]
    return [type === 'reasoning' ? 'reasoning' : 'content', text]
  })
}

describe('the output of any reply', () => {
  it.each([1, 2, 3, 4])("is what the client's accumulator makes of its events, seed %i", async (seed) => {
    const bits = new RandomBits(seed)
    for (let round = 0; round < 50; round++) {
      const reasoning = { asSummary: bits.next() % 2 === 1, isPacked: bits.next() % 2 === 1 }
      const output = new Output({ reasoning, nameOf: (name) => ({ name }), logprobs: () => [] })
      const object = new ResponseObject('tiny', { repeated: { tools: [] } })
      const { parts, said } = randomReply(bits)
      const events: ItemEvent[] = []
      for (const part of parts) {
        events.push(...output.take(part))
        // Agents run a call as soon as it is complete.
        if (part.calls.at(-1)?.isLast) expect(events.at(-1)?.type).toBe('response.output_item.done')
      }
      events.push(...output.end('completed'))
      expect(saidBy(output.items)).toEqual(said.length === 0 ? [['content', '']] : said)

      // Deltas alone say the same.
      const deltas: string[] = []
      for (const { output_index, delta } of events) {
        if (delta !== undefined) deltas[Number(output_index)] = (deltas[Number(output_index)] ?? '') + delta
      }
      expect(deltas).toEqual(said.map(([, text]) => text))

      const state = { status: 'in_progress' as const, output: [] }
      const lines = [
        { type: 'response.created', response: object.json(state) },
        ...events,
        { type: 'response.completed', response: object.json({ status: 'completed', output: output.items }) },
      ]
      const text = lines.map((event, i) => JSON.stringify({ ...event, sequence_number: i })).join('\n')
      const stream = ResponseStream.fromReadableStream(new Blob([text]).stream())
      const seen: unknown[] = []
      stream.on('response.output_item.done', ({ item }) => void seen.push(item))
      expect((await stream.finalResponse()).output).toMatchObject(output.items as object[])
      expect(seen).toEqual(output.items)
    }
  })
})
