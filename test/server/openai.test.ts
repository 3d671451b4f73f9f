/** OpenAI's own client against the server: each feature directly and over HTTP. */
import type OpenAI from 'openai'
import { APIError, APIUserAbortError } from 'openai'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { embed, type Model } from '../../src/index.js'
import { collected, row, Script, type Served, serve, type Transport, tinyStories } from './support.js'

let model: Model
let script: Script
beforeAll(async () => {
  // Tools take much of it.
  model = await tinyStories(1024)
  script = new Script(model)
})
afterAll(() => model.dispose())

const USER = [{ role: 'user' as const, content: 'Once upon a time' }]
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
const CALL = 'Let me look.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'
const SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 8 }, age: { type: 'integer', minimum: 1, maximum: 9 } },
  required: ['name', 'age'],
  additionalProperties: false,
}

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
      context.task.meta.row = row('openai', name, transport)
    })

  feature('lists models', async () => {
    const models = await collected(client.models.list())
    expect(models.map(({ id }) => id)).toEqual(['tiny', 'scripted'])
    expect(await client.models.retrieve('tiny')).toMatchObject({ id: 'tiny', object: 'model' })
  })

  feature('chats, whole', async () => {
    const reply = await client.chat.completions.create({
      model: 'tiny',
      messages: [{ role: 'system', content: 'Tell stories.' }, ...USER],
      temperature: 0,
      max_completion_tokens: 12,
    })
    expect(reply).toMatchObject({
      object: 'chat.completion',
      model: 'tiny',
      choices: [
        { index: 0, finish_reason: 'length', message: { role: 'assistant', refusal: null }, logprobs: null },
      ],
    })
    expect(reply.choices[0].message.content).toMatch(/girl/)
    expect(reply.usage).toMatchObject({ completion_tokens: 12, prompt_tokens: 60, total_tokens: 72 })
  })

  feature('chats, streamed, with the same text and usage', async () => {
    const request = { model: 'tiny', messages: USER, temperature: 0, max_tokens: 12, seed: 7 }
    const whole = await client.chat.completions.create(request)
    const stream = await client.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await collected(stream)
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    expect(text).toBe(whole.choices[0].message.content)
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '' })
    expect(chunks.at(-2)?.choices[0].finish_reason).toBe('length')
    const usage = chunks.at(-1)?.usage
    expect(usage?.completion_tokens).toBe(12)
    // The second request has the first one's prompt.
    expect(usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
  })

  feature('continues a conversation from its cache', async () => {
    const first = await client.chat.completions.create({
      model: 'tiny',
      messages: USER,
      max_tokens: 8,
      temperature: 0,
    })
    const messages = [...USER, first.choices[0].message, { role: 'user' as const, content: 'And then?' }]
    const second = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 8 })
    const { prompt_tokens = 0, prompt_tokens_details } = second.usage ?? {}
    expect(prompt_tokens_details?.cached_tokens).toBeGreaterThanOrEqual(
      first.usage?.prompt_tokens ?? Infinity,
    )
    expect(prompt_tokens_details?.cached_tokens).toBeLessThan(prompt_tokens)
  })

  feature('reasons', async () => {
    script.says('<think>\nA story.\n</think>\n\nThe end.')
    const { choices, usage } = await client.chat.completions.create({ model: 'scripted', messages: USER })
    expect(choices[0].message).toMatchObject({
      content: 'The end.',
      reasoning_content: expect.stringContaining('A story.'),
    })
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0)
    const chunks = await collected(
      await client.chat.completions.create({ model: 'scripted', messages: USER, stream: true }),
    )
    const deltas = chunks.map(({ choices }) => choices[0].delta as { reasoning_content?: string })
    expect(deltas.map(({ reasoning_content = '' }) => reasoning_content).join('')).toContain('A story.')
  })

  feature('calls tools', async () => {
    script.says(CALL)
    const first = await client.chat.completions.create({
      model: 'scripted',
      messages: USER,
      tools: [WEATHER],
    })
    const [{ message, finish_reason }] = first.choices
    expect(finish_reason).toBe('tool_calls')
    expect(message.content).toBe('Let me look.')
    const [call] = message.tool_calls ?? []
    if (call.type !== 'function') throw new Error(call.type)
    expect(call.function.name).toBe('weather')
    expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Rome' })

    script.says('It is 20 degrees.')
    const second = await client.chat.completions.create({
      model: 'scripted',
      tools: [WEATHER],
      messages: [...USER, message, { role: 'tool', tool_call_id: call.id, content: '{"celsius":20}' }],
    })
    expect(second.choices[0].message.content).toBe('It is 20 degrees.')
    expect(second.choices[0].finish_reason).toBe('stop')
  })

  feature('calls tools, streamed', async () => {
    script.says(CALL)
    const request = { model: 'scripted', messages: USER, tools: [WEATHER] }
    const runner = client.chat.completions.stream(request)
    const { message, finish_reason } = (await runner.finalChatCompletion()).choices[0]
    expect(finish_reason).toBe('tool_calls')
    expect(message.tool_calls).toMatchObject([
      { function: { name: 'weather', arguments: expect.stringMatching(/^\{"city": ?"Rome"\}$/) } },
    ])
    // The name comes first, and the arguments in pieces.
    const chunks = await collected(await client.chat.completions.create({ ...request, stream: true }))
    const pieces = chunks.flatMap(({ choices }) => choices[0].delta.tool_calls ?? [])
    expect(pieces[0]).toMatchObject({ index: 0, id: expect.any(String), function: { name: 'weather' } })
    expect(pieces.length).toBeGreaterThan(3)
    expect(
      pieces.slice(1).every(({ id, function: { name } = {} }) => id === undefined && name === undefined),
    ).toBe(true)
    const text = pieces.map((piece) => piece.function?.arguments ?? '').join('')
    expect(JSON.parse(text)).toEqual({ city: 'Rome' })
  })

  feature('is forced to call a tool', async () => {
    // The same name in both schemas refers to what each defines itself.
    const tools = ['cat', 'dog'].map((animal) => ({
      type: 'function' as const,
      function: {
        name: `feed_${animal}`,
        parameters: {
          type: 'object',
          properties: { food: { $ref: '#/$defs/food' } },
          required: ['food'],
          $defs: { food: { enum: [`${animal} food`, `${animal} milk`] } },
        },
      },
    }))
    const request = { model: 'tiny', messages: USER, tools, temperature: 1, parallel_tool_calls: false }
    const callOf = async (
      more: Pick<OpenAI.ChatCompletionCreateParamsNonStreaming, 'tool_choice'> & {
        seed: number
        max_tokens?: number
      },
    ) => {
      const { choices } = await client.chat.completions.create({ ...request, ...more })
      expect(choices[0].message.content).toBeNull()
      const [call, ...others] = choices[0].message.tool_calls ?? []
      expect(others).toEqual([])
      if (call.type !== 'function') throw new Error(call.type)
      return { ...call.function, id: call.id, finish: choices[0].finish_reason }
    }
    for (let seed = 0; seed < 6; seed++) {
      const call = await callOf({ tool_choice: 'required', seed })
      const [, animal] = call.name.split('_')
      expect(JSON.parse(call.arguments).food).toMatch(new RegExp(`^${animal} (food|milk)$`))
      expect(call).toMatchObject({ finish: 'tool_calls', id: expect.stringMatching(/^[a-z0-9]{9}$/) })
    }
    const named = { type: 'function' as const, function: { name: 'feed_dog' } }
    expect(await callOf({ tool_choice: named, seed: 1 })).toMatchObject({
      name: 'feed_dog',
      finish: 'tool_calls',
    })

    const runner = client.chat.completions.stream({ ...request, tool_choice: named, seed: 1 })
    const { message, finish_reason } = (await runner.finalChatCompletion()).choices[0]
    expect(finish_reason).toBe('tool_calls')
    expect(message.tool_calls).toMatchObject([{ function: { arguments: expect.stringContaining('dog ') } }])
    const whole = await client.chat.completions.create({ ...request, tool_choice: named, seed: 1 })
    const cut = await callOf({
      tool_choice: named,
      seed: 1,
      max_tokens: whole.usage!.completion_tokens - 6,
    })
    expect(cut.finish).toBe('length')
    expect(cut.arguments).toMatch(/^\{/)
  })

  feature('calls a tool or writes in a format', async () => {
    const response_format = {
      type: 'json_schema' as const,
      json_schema: { name: 'pet', schema: { enum: ['cat', 'dog'] }, strict: true },
    }
    const parameters = {
      type: 'object',
      properties: { city: { enum: ['Rome', 'Oslo'] } },
      required: ['city'],
    }
    const weather = { type: 'function' as const, function: { name: 'weather', parameters } }
    const request = { model: 'tiny', messages: USER, tools: [weather], response_format, temperature: 1 }
    for (let seed = 0; seed < 6; seed++) {
      const { choices } = await client.chat.completions.create({
        ...request,
        seed,
        parallel_tool_calls: false,
      })
      const [{ message, finish_reason }] = choices
      const [call] = message.tool_calls ?? []
      expect(finish_reason).toBe(call ? 'tool_calls' : 'stop')
      if (!call) expect(['"cat"', '"dog"']).toContain(message.content)
      else if (call.type === 'function') {
        expect(['Rome', 'Oslo']).toContain(JSON.parse(call.function.arguments).city)
      }
    }
  })

  feature('runs tools over several steps', async () => {
    script.says(CALL)
    const runner = client.chat.completions.runTools({
      model: 'scripted',
      messages: USER,
      tools: [
        {
          type: 'function',
          function: {
            ...WEATHER.function,
            parse: JSON.parse,
            function: ({ city }: { city: string }) => {
              script.says(`It is warm in ${city}.`)
              return '{"celsius":20}'
            },
          },
        },
      ],
    })
    expect(await runner.finalContent()).toBe('It is warm in Rome.')
  })

  feature('writes structured output', async () => {
    const response_format = {
      type: 'json_schema' as const,
      json_schema: { name: 'pet', schema: SCHEMA, strict: true },
    }
    const request = { model: 'tiny', messages: USER, response_format, seed: 3 }
    const { choices } = await client.chat.completions.create(request)
    const pet = JSON.parse(choices[0].message.content ?? '')
    expect(Object.keys(pet)).toEqual(['name', 'age'])
    expect(pet.age).toBeGreaterThanOrEqual(1)
    const parsed = await client.chat.completions.parse(request)
    expect(parsed.choices[0].message.parsed).toEqual(pet)
  })

  feature('writes a JSON object', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'tiny',
      messages: USER,
      response_format: { type: 'json_object' },
      max_tokens: 200,
      temperature: 0,
    })
    if (choices[0].finish_reason === 'stop') JSON.parse(choices[0].message.content ?? '')
    expect(choices[0].message.content).toMatch(/^\{/)
  })

  feature('writes several choices, the first one as alone', async () => {
    const request = { model: 'tiny', messages: USER, seed: 5, temperature: 1, max_tokens: 6 }
    const one = await client.chat.completions.create(request)
    const three = await client.chat.completions.create({ ...request, n: 3 })
    expect(three.choices.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(three.choices[0].message).toEqual(one.choices[0].message)
    expect(new Set(three.choices.map(({ message }) => message.content)).size).toBeGreaterThan(1)
    expect(three.usage?.completion_tokens).toBe(18)
    const chunks = await collected(await client.chat.completions.create({ ...request, n: 3, stream: true }))
    const texts = three.choices.map(() => '')
    for (const { choices } of chunks) texts[choices[0].index] += choices[0].delta.content ?? ''
    expect(texts).toEqual(three.choices.map(({ message }) => message.content))
  })

  feature('gives log-probabilities', async () => {
    const request = {
      model: 'tiny',
      messages: USER,
      temperature: 0,
      max_tokens: 5,
      logprobs: true,
      top_logprobs: 3,
    }
    const { choices } = await client.chat.completions.create(request)
    const content = choices[0].logprobs?.content ?? []
    expect(content).toHaveLength(5)
    expect(
      content
        .map(({ token }) => token)
        .join('')
        .trim(),
    ).toBe(choices[0].message.content?.trim())
    for (const { token, logprob, bytes, top_logprobs } of content) {
      expect(top_logprobs).toHaveLength(3)
      // Greedy: the token is the likeliest.
      expect(top_logprobs[0]).toEqual({ token, logprob, bytes })
      expect(new TextDecoder().decode(Uint8Array.from(bytes ?? []))).toBe(token)
    }
    const chunks = await collected(await client.chat.completions.create({ ...request, stream: true }))
    const streamed = chunks.flatMap(({ choices }) => choices[0].logprobs?.content ?? [])
    expect(streamed).toEqual(content)
  })

  feature('stops, biases and penalises', async () => {
    const request = { model: 'tiny', messages: USER, temperature: 0, max_tokens: 20 }
    const whole = (await client.chat.completions.create(request)).choices[0].message.content ?? ''
    const [before] = whole.split(' girl')
    expect(before).not.toBe(whole)
    const stopped = await client.chat.completions.create({ ...request, stop: [' girl'] })
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: before } })

    const [girl] = model.encode('a girl', { addSpecial: false }).slice(-1)
    const biased = await client.chat.completions.create({ ...request, logit_bias: { [girl]: -100 } })
    expect(biased.choices[0].message.content).not.toContain(' girl')
    const penalised = await client.chat.completions.create({
      ...request,
      max_tokens: 40,
      frequency_penalty: 2,
    })
    expect(penalised.choices[0].message.content).not.toBe(whole)
  })

  feature('aborts a stream, and the turn is free again', async () => {
    const before = served.records.length
    const stream = await client.chat.completions.create({
      model: 'tiny',
      messages: USER,
      stream: true,
      // @ts-expect-error A field of llama.cpp's.
      ignore_eos: true,
    })
    let count = 0
    for await (const _ of stream) if (++count === 3) break
    expect((await served.record(before)).ended).toBe('cancelled')
  })

  feature('aborts a whole reply', async () => {
    const before = served.records.length
    const controller = new AbortController()
    const pending = client.chat.completions.create(
      // @ts-expect-error A field of llama.cpp's.
      { model: 'tiny', messages: USER, ignore_eos: true },
      { signal: controller.signal },
    )
    setTimeout(() => controller.abort(), 100)
    await expect(pending).rejects.toThrow(APIUserAbortError)
    expect((await served.record(before)).status).toBe(499)
  })

  feature('completes texts', async () => {
    const request = { model: 'tiny', prompt: 'Once upon a time', temperature: 0, max_tokens: 8 }
    const whole = await client.completions.create({ ...request, echo: true, logprobs: 2 })
    const [{ text, logprobs, finish_reason }] = whole.choices
    expect(text).toMatch(/^Once upon a time, there was/)
    expect(finish_reason).toBe('length')
    expect(logprobs?.token_logprobs?.[0]).toBeNull()
    expect(logprobs?.tokens).toHaveLength(whole.usage!.total_tokens)
    const chunks = await collected(await client.completions.create({ ...request, stream: true }))
    expect(`Once upon a time${chunks.map(({ choices }) => choices[0].text).join('')}`).toBe(text)
  })

  feature('completes several prompts', async () => {
    const { choices, usage } = await client.completions.create({
      model: 'tiny',
      prompt: ['Once upon a time', 'The dog'],
      n: 2,
      max_tokens: 4,
      temperature: 0,
    })
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3])
    expect(choices[0].text).toBe(choices[1].text)
    expect(choices[2].text).not.toBe(choices[0].text)
    expect(usage?.completion_tokens).toBe(16)
  })

  feature('embeds, as base64 and as numbers', async () => {
    const input = ['A cat.', 'Two dogs ran.']
    // The client asks for base64 and decodes it.
    const { data, usage } = await client.embeddings.create({ model: 'tiny', input })
    const expected = (await embed(model, input)).map((vector) => Array.from(vector))
    expect(data.map(({ embedding }) => embedding)).toEqual(expected)
    expect(usage.prompt_tokens).toBe(input.reduce((sum, text) => sum + model.encode(text).length, 0))
    const floats = await client.embeddings.create({
      model: 'tiny',
      input: 'A cat.',
      encoding_format: 'float',
      dimensions: 16,
    })
    expect(floats.data[0].embedding).toHaveLength(16)
  })

  feature('gets errors with status, code and param', async () => {
    const failing = async (promise: Promise<unknown>) => {
      const error = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!(error instanceof APIError)) throw error
      return { status: error.status, code: error.code, param: error.param }
    }
    expect(await failing(client.chat.completions.create({ model: 'huge', messages: USER }))).toEqual({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    })
    expect(await failing(client.chat.completions.create({ model: 'tiny', messages: [] }))).toMatchObject({
      status: 400,
      param: 'messages',
    })
    const long = [{ role: 'user' as const, content: 'Once upon a time '.repeat(400) }]
    const streamed = client.chat.completions.create({ model: 'tiny', messages: long, stream: true })
    expect(await failing(streamed)).toEqual({
      status: 400,
      code: 'context_length_exceeded',
      param: 'messages',
    })
  })
})
