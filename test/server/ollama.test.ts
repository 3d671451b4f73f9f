/** Ollama's own client against the server: each feature directly and over HTTP. */
import { Ollama } from 'ollama'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { embed, loadModel, type Model } from '../../src/index.js'
import { scriptedModel } from '../support/scripted-model.js'
import { CALL, CITY_SCHEMA, clientModels, PET_SCHEMA } from './client-models.js'
import { collected, row, Script, type Served, serve, type Transport, tinyStories } from './support.js'

const FILL = 'return a + b'

let model: Model
let filler: Model
let script: Script
beforeAll(async () => {
  model = await tinyStories(1024)
  script = new Script(model)
  const bytes = scriptedModel({
    name: 'filler',
    template: '{{ messages[0].content }}<|im_start|>',
    script: {
      '<|fim_prefix|>': [],
      '<|fim_suffix|>': [],
      '<|fim_middle|>': ['return', ' a', ' + b'],
      '<|im_start|>': ['Hello', ' you'],
    },
  })
  filler = await loadModel(bytes, { threads: 1 })
})
afterAll(async () => {
  await Promise.all([model.dispose(), filler.dispose()])
})

const USER = [{ role: 'user', content: 'Once upon a time' }]
const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather of a city',
    parameters: CITY_SCHEMA,
  },
}
describe.each<Transport>(['fetch', 'http'])('the ollama client over %s', (transport) => {
  let served: Served
  let client: Ollama
  beforeAll(async () => {
    served = await serve(
      {
        models: {
          ...clientModels(model, script),
          'filler:1b': filler,
          later: () => tinyStories(),
        },
      },
      transport,
    )
    client = new Ollama({ host: served.base, fetch: served.fetch })
  })
  afterAll(() => served[Symbol.asyncDispose]())

  /** Adds a row to the table. */
  const feature = (name: string, test: (context: TestContext) => Promise<void>) =>
    it(name, async (context) => {
      await test(context)
      context.task.meta.row = row('ollama', name, transport)
    })
  const failing = async (promise: Promise<unknown>) => {
    const error = (await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    )) as Error & { readonly status_code?: number }
    return { status: error.status_code, message: error.message }
  }

  feature('lists models', async () => {
    const { models } = await client.list()
    expect(models.map(({ name }) => name)).toEqual([
      'tiny:latest',
      'scripted:latest',
      'filler:1b',
      'later:latest',
    ])
    const [tiny, , , later] = models
    expect(tiny.details).toMatchObject({ family: 'llama', quantization_level: 'Q8_0' })
    expect(tiny.size).toBeGreaterThan(100_000)
    expect(tiny.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(tiny.digest).not.toBe(later.digest)
    expect(new Date(tiny.modified_at).getTime()).toBeGreaterThan(Date.now() - 600_000)
    expect(later.size).toBe(0)
  })

  feature('shows models', async () => {
    const shown = await client.show({ model: 'scripted' })
    expect(shown.details).toMatchObject({ family: 'llama', quantization_level: 'Q8_0' })
    expect(shown.capabilities).toEqual(['completion', 'tools', 'thinking'])
    expect(shown.template).toContain('im_start')
    expect(shown.model_info).toMatchObject({
      'general.architecture': 'llama',
      'llama.context_length': model.config.contextLength,
      'llama.embedding_length': model.config.embeddingLength,
    })
    expect((await client.show({ model: 'filler:1b' })).capabilities).toContain('insert')
  })

  feature('lists loaded models', async () => {
    const { models } = await client.ps()
    expect(models.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tiny:latest', 'scripted:latest', 'filler:1b']),
    )
    expect(models[0].size).toBe(model.memoryBytes)
    expect(models[0]).toMatchObject({ size_vram: 0, context_length: 1024 })
  })

  feature('gives its version', async () => {
    expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+$/)
  })

  feature('chats, whole', async () => {
    const reply = await client.chat({
      model: 'tiny:latest',
      messages: [{ role: 'system', content: 'Tell stories.' }, ...USER],
      options: { temperature: 0, num_predict: 12, num_ctx: 4096, num_gpu: 1 },
    })
    expect(reply).toMatchObject({
      model: 'tiny:latest',
      message: { role: 'assistant' },
      done: true,
      done_reason: 'length',
      prompt_eval_count: 60,
      eval_count: 12,
    })
    expect(reply.message.content).toMatch(/girl/)
    for (const duration of [reply.load_duration, reply.prompt_eval_duration, reply.eval_duration]) {
      expect(Number.isInteger(duration)).toBe(true)
      expect(duration).toBeLessThanOrEqual(reply.total_duration)
    }
    expect(reply.eval_duration).toBeGreaterThan(0)
  })

  feature('chats, streamed, with the same text', async () => {
    const request = { model: 'tiny', messages: USER, options: { temperature: 0, num_predict: 12, seed: 7 } }
    const whole = await client.chat(request)
    const chunks = await collected(await client.chat({ ...request, stream: true }))
    expect(chunks.length).toBeGreaterThan(5)
    expect(chunks.map(({ message }) => message.content).join('')).toBe(whole.message.content)
    expect(chunks.slice(0, -1).every(({ done }) => !done)).toBe(true)
    expect(chunks.at(-1)).toMatchObject({ done: true, done_reason: 'length', eval_count: 12 })
  })

  feature('thinks', async () => {
    script.says('<think>\nA story.\n</think>\n\nThe end.')
    const request = { model: 'scripted', messages: USER, think: true }
    const { message, done_reason } = await client.chat(request)
    expect(message).toMatchObject({ content: 'The end.', thinking: expect.stringContaining('A story.') })
    expect(done_reason).toBe('stop')
    const chunks = await collected(await client.chat({ ...request, stream: true }))
    expect(chunks.map(({ message }) => message.thinking ?? '').join('')).toBe(message.thinking)
    expect(chunks.map(({ message }) => message.content).join('')).toBe('The end.')
    const generated = await client.generate({ model: 'scripted', prompt: 'Hello', think: 'high' })
    expect(generated).toMatchObject({ response: 'The end.', thinking: message.thinking })
    script.says('Just this.')
    expect((await client.chat({ ...request, think: false })).message).toEqual({
      role: 'assistant',
      content: 'Just this.',
    })
  })

  feature('calls tools, over two turns', async () => {
    script.says(CALL)
    const request = { model: 'scripted', messages: USER, tools: [WEATHER] }
    const first = await client.chat(request)
    expect(first.message.tool_calls).toMatchObject([
      { function: { name: 'weather', arguments: { city: 'Rome' } } },
    ])
    expect(first.done_reason).toBe('stop')
    const chunks = await collected(await client.chat({ ...request, stream: true }))
    expect(chunks.flatMap(({ message }) => message.tool_calls ?? [])).toMatchObject([
      { function: { name: 'weather', arguments: { city: 'Rome' } } },
    ])
    script.says('It is warm in Rome.')
    const result = { role: 'tool', content: '{"celsius": 20}', tool_name: 'weather' }
    const second = await client.chat({ ...request, messages: [...USER, first.message, result] })
    expect(second.message).toEqual({ role: 'assistant', content: 'It is warm in Rome.' })
  })

  feature('writes structured output', async () => {
    for (const format of [PET_SCHEMA, 'json']) {
      const request = { model: 'tiny', messages: USER, format, options: { seed: 3, num_predict: 200 } }
      const { message, done_reason } = await client.chat(request)
      if (typeof format === 'object' || done_reason === 'stop') {
        const object = JSON.parse(message.content)
        if (typeof format === 'object') expect(Object.keys(object)).toEqual(['name', 'age'])
      }
      expect(message.content).toMatch(/^\s*\{/)
    }
    const { response } = await client.generate({ model: 'tiny', prompt: 'A pet', format: PET_SCHEMA })
    expect(Object.keys(JSON.parse(response ?? ''))).toEqual(['name', 'age'])
  })

  feature('gives log-probabilities', async () => {
    const options = { temperature: 0, num_predict: 5 }
    const asked = { model: 'tiny', logprobs: true, top_logprobs: 2, options }
    const { message, logprobs = [] } = await client.chat({ ...asked, messages: USER })
    expect(logprobs).toHaveLength(5)
    expect(
      logprobs
        .map(({ token }) => token)
        .join('')
        .trim(),
    ).toBe(message.content.trim())
    expect(logprobs[0].top_logprobs).toHaveLength(2)
    const chunks = await collected(await client.chat({ ...asked, messages: USER, stream: true }))
    expect(chunks.flatMap(({ logprobs = [] }) => logprobs)).toEqual(logprobs)
    const raw = await client.generate({ ...asked, prompt: 'Once upon a time', raw: true })
    expect(raw.logprobs).toHaveLength(5)
  })

  feature('aborts a stream, and the turn is free again', async () => {
    const before = served.records.length
    const stream = await client.chat({
      model: 'tiny',
      messages: USER,
      stream: true,
      options: { ignore_eos: true } as object,
    })
    let count = 0
    const read = async () => {
      for await (const _ of stream) if (++count === 3) stream.abort()
    }
    await expect(read()).rejects.toThrow()
    expect((await served.record(before)).ended).toBe('cancelled')
  })

  feature('generates, and continues from its context', async () => {
    const options = { temperature: 0, num_predict: 12 }
    const first = await client.generate({
      model: 'tiny',
      system: 'Tell.',
      prompt: 'Once upon a time',
      options,
    })
    expect(first).toMatchObject({ model: 'tiny', done: true, done_reason: 'length', eval_count: 12 })
    expect(first.response).not.toBe('')
    const request = { model: 'tiny', prompt: 'And then?', context: first.context, options }
    const second = await client.generate(request)
    const chat = await client.chat({
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Tell.' },
        ...USER,
        { role: 'assistant', content: first.response! },
        { role: 'user', content: 'And then?' },
      ],
      options,
    })
    expect(second.response).toBe(chat.message.content)
    expect(second.prompt_eval_count).toBe(chat.prompt_eval_count)
    const chunks = await collected(await client.generate({ ...request, stream: true }))
    expect(chunks.map(({ response }) => response).join('')).toBe(second.response)
    expect(chunks.at(-1)?.context).toEqual(second.context)
  })

  feature('continues raw texts', async () => {
    const request = {
      model: 'tiny',
      prompt: 'Once upon a time',
      raw: true,
      options: { temperature: 0, num_predict: 8 },
    }
    const whole = await client.generate(request)
    expect(whole.response).toMatch(/^, there was/)
    expect(whole.context).toBeUndefined()
    const completed = await served.client.completions.create({
      model: 'tiny',
      prompt: 'Once upon a time',
      temperature: 0,
      max_tokens: 8,
    })
    expect(whole.response).toBe(completed.choices[0].text)
    const chunks = await collected(await client.generate({ ...request, stream: true }))
    expect(chunks.map(({ response }) => response).join('')).toBe(whole.response)
  })

  feature('fills in texts', async () => {
    const request = { model: 'filler:1b', prompt: 'function add(a, b) {\n  ', suffix: '\n}' }
    const { response, prompt_eval_count } = await client.generate(request)
    expect(response).toBe(FILL)
    expect(prompt_eval_count).toBe(filler.encodeInfill({ prefix: request.prompt, suffix: '\n}' }).length)
    const chunks = await collected(await client.generate({ ...request, stream: true }))
    expect(chunks.map(({ response }) => response)).toEqual(['return', ' a', ' + b', ''])
    const { choices } = await served.client.completions.create({ ...request, max_tokens: 20 })
    expect(choices[0]).toMatchObject({ text: FILL, finish_reason: 'stop' })
    expect(await failing(client.generate({ ...request, model: 'tiny' }))).toEqual({
      status: 400,
      message: 'the model "tiny" cannot fill in texts: its vocabulary has no tokens for it',
    })
  })

  feature('stops', async () => {
    const options = { temperature: 0, num_predict: 20 }
    const whole = await client.chat({ model: 'tiny', messages: USER, options })
    const [before] = whole.message.content.split(' girl')
    expect(before).not.toBe(whole.message.content)
    const stopped = await client.chat({
      model: 'tiny',
      messages: USER,
      options: { ...options, stop: [' girl'] },
    })
    expect(stopped).toMatchObject({ done_reason: 'stop', message: { content: before } })
  })

  feature('leaves old messages out of long chats', async () => {
    const old = Array.from({ length: 30 }, (_, i) => [
      { role: 'user', content: `Question ${i}: ${'Once upon a time. '.repeat(4)}` },
      { role: 'assistant', content: 'A story.' },
    ]).flat()
    const messages = [...old, ...USER]
    const reply = await client.chat({ model: 'tiny', messages, options: { num_predict: 4 } })
    expect(reply.eval_count).toBe(4)
    expect(reply.prompt_eval_count).toBeLessThan(1024)
    const request = { model: 'tiny', messages, truncate: false }
    const response = await served.post('/api/chat', request)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: expect.stringMatching(/tokens too long/) })
  })

  feature('embeds', async () => {
    const input = ['A cat.', 'Two dogs ran.']
    const { embeddings, prompt_eval_count } = await client.embed({ model: 'tiny', input })
    const expected = (await embed(model, input)).map((vector) => Array.from(vector))
    expect(embeddings).toEqual(expected)
    expect(prompt_eval_count).toBe(input.reduce((sum, text) => sum + model.encode(text).length, 0))
    const [short] = (await client.embed({ model: 'tiny', input: 'A cat.', dimensions: 16 })).embeddings
    expect(short).toHaveLength(16)
    expect(Math.hypot(...short)).toBeCloseTo(1, 4)
    const long = await client.embed({ model: 'tiny', input: 'A long story. '.repeat(1000) })
    expect(long.prompt_eval_count).toBe(1024)
    const refused = client.embed({ model: 'tiny', input: 'A long story. '.repeat(1000), truncate: false })
    expect((await failing(refused)).status).toBe(400)
    expect((await client.embed({ model: 'tiny', input: [] })).embeddings).toEqual([])
    expect((await client.embeddings({ model: 'tiny', prompt: 'A cat.' })).embedding).toEqual(expected[0])
  })

  feature('loads and unloads models', async () => {
    const loaded = await client.chat({ model: 'later', messages: [] })
    expect(loaded).toMatchObject({ model: 'later', done: true, done_reason: 'load' })
    expect((await client.ps()).models.map(({ name }) => name)).toContain('later:latest')
    const unloaded = await client.generate({ model: 'later', prompt: '', keep_alive: 0 })
    expect(unloaded).toMatchObject({ response: '', done: true, done_reason: 'unload' })
  })

  feature('gets errors with status and message', async () => {
    expect(await failing(client.chat({ model: 'huge', messages: USER }))).toEqual({
      status: 404,
      message: "model 'huge' not found",
    })
    expect(await failing(client.chat({ model: 'huge', messages: USER, stream: true }))).toMatchObject({
      status: 404,
    })
    expect(await failing(client.show({ model: 'huge' }))).toMatchObject({ status: 404 })
    expect(await failing(client.pull({ model: 'llama3' }))).toEqual({
      status: 501,
      message: expect.stringContaining('/api/pull is not supported'),
    })
    expect(await failing(client.delete({ model: 'tiny' }))).toMatchObject({ status: 501 })
    const images = [{ ...USER[0], images: ['aGVsbG8='] }]
    expect(await failing(client.chat({ model: 'tiny', messages: images }))).toEqual({
      status: 400,
      message: 'messages[0].images: this model reads text only, not images',
    })
  })
})
