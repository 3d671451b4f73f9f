/** Wrong requests of Ollama's API: each with its status, and a message as Ollama's clients read it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { CallCollector } from '../../src/server/ollama/call-collector.js'
import { readMessages } from '../../src/server/ollama/read-messages.js'
import { Fields } from '../../src/server/request/fields.js'
import { type Served, serve, tinyStories } from './support.js'

let model: Model
let served: Served
beforeAll(async () => {
  model = await tinyStories()
  served = await serve({
    models: {
      tiny: { model, template: 'chatml' },
      plain: model,
      broken: async () => {
        throw new Error('/secret/model.gguf is missing')
      },
    },
    apiKeys: ['key'],
  })
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
  await model.dispose()
})

const KEY = { authorization: 'Bearer key' }
const USER = [{ role: 'user', content: 'Hello' }]
const CHAT = { model: 'tiny', messages: USER }
const GENERATE = { model: 'tiny', prompt: 'Hello' }
const EMBED = { model: 'tiny', input: 'Hello' }

async function expectError(path: string, body: unknown, status: number, message: RegExp) {
  const response = await served.post(path, body, KEY)
  const sent = await response.json()
  expect([response.status, Object.keys(sent), typeof sent.error]).toEqual([status, ['error'], 'string'])
  expect(sent.error).toMatch(message)
}

describe('/api/chat', () => {
  it.each<[object | string, number, RegExp]>([
    ['{', 400, /not valid JSON/],
    [[], 400, /must be an object/],
    [{ messages: USER }, 400, /model is required/],
    [{ ...CHAT, model: 5 }, 400, /model must be a string/],
    [{ ...CHAT, model: 'huge' }, 404, /^model 'huge' not found$/],
    [{ ...CHAT, model: 'tiny:7b' }, 404, /^model 'tiny:7b' not found$/],
    [{ ...CHAT, model: 'broken' }, 503, /^the model could not be loaded$/],
    [{ ...CHAT, model: 'plain' }, 400, /template/],
    [{ ...CHAT, stream: 'no' }, 400, /stream must be true or false/],
    [{ ...CHAT, messages: {} }, 400, /messages must be an array/],
    [{ ...CHAT, messages: ['a'] }, 400, /messages\[0\] must be an object/],
    [{ ...CHAT, messages: [{ content: 'a' }] }, 400, /messages\[0\]\.role is required/],
    [{ ...CHAT, messages: [{ role: 'boss', content: 'a' }] }, 400, /messages\[0\]\.role must be one of/],
    [{ ...CHAT, messages: [{ role: 'user', content: [] }] }, 400, /messages\[0\]\.content must be a string/],
    [{ ...CHAT, messages: [{ role: 'user' }] }, 400, /messages\[0\]\.content must not be empty/],
    [{ ...CHAT, messages: [{ role: 'system', content: 'a' }] }, 400, /not of the role system/],
    [{ ...CHAT, messages: [{ ...USER[0], images: ['a'] }] }, 400, /text only/],
    [
      { ...CHAT, messages: [{ role: 'assistant', tool_calls: [{}] }] },
      400,
      /tool_calls\[0\]\.function is req/,
    ],
    [
      {
        ...CHAT,
        messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'a', arguments: '{}' } }] }],
      },
      400,
      /arguments must be an object/,
    ],
    [{ ...CHAT, tools: [{}] }, 400, /tools\[0\]\.function is required/],
    [{ ...CHAT, tools: [{ function: {} }] }, 400, /tools\[0\]\.function\.name is required/],
    [{ ...CHAT, tools: 'all' }, 400, /tools must be an array/],
    [{ ...CHAT, format: 'xml' }, 400, /format must be "json" or a JSON schema/],
    [{ ...CHAT, format: ['json'] }, 400, /format must be an object/],
    [{ ...CHAT, format: { type: 'nothing' } }, 400, /nothing/],
    [{ ...CHAT, think: 'hard' }, 400, /think must be true, false/],
    [{ ...CHAT, think: true }, 400, /does not show its reasoning/],
    [{ ...CHAT, keep_alive: 'soon' }, 400, /keep_alive must be/],
    [{ ...CHAT, keep_alive: `${'1'.repeat(100_000)}x` }, 400, /keep_alive must be/],
    [{ ...CHAT, options: [] }, 400, /options must be an object/],
    [{ ...CHAT, options: { temperature: 'hot' } }, 400, /options\.temperature must be a number/],
    [{ ...CHAT, options: { top_p: 2 } }, 400, /options\.top_p must be 0 to 1/],
    [{ ...CHAT, options: { num_predict: 1.5 } }, 400, /options\.num_predict must be a whole number/],
    [{ ...CHAT, options: { stop: [5] } }, 400, /options\.stop must be a string/],
    [{ ...CHAT, options: { mirostat: 1 } }, 400, /options\.mirostat/],
    [{ ...CHAT, top_logprobs: 21 }, 400, /top_logprobs must be 0 to 20/],
    [{ ...CHAT, messages: [{ role: 'user', content: 'Once upon a time '.repeat(200) }] }, 400, /too long/],
  ])('%# refuses %j', async (body, status, message) => {
    await expectError('/api/chat', body, status, message)
    if (typeof body === 'string' || Array.isArray(body)) return
    await expectError('/api/chat', { stream: false, ...body }, status, message)
  })
})

describe('the other endpoints', () => {
  it.each<[string, object, number, RegExp]>([
    ['/api/generate', { prompt: 'a' }, 400, /model is required/],
    ['/api/generate', { ...GENERATE, model: 'huge' }, 404, /^model 'huge' not found$/],
    ['/api/generate', { ...GENERATE, prompt: 5 }, 400, /prompt must be a string/],
    ['/api/generate', { ...GENERATE, raw: true, system: 'a' }, 400, /raw contradicts system/],
    ['/api/generate', { ...GENERATE, template: '{{ .Prompt }}' }, 400, /templates in Jinja/],
    ['/api/generate', { ...GENERATE, images: ['a'] }, 400, /text only/],
    ['/api/generate', { ...GENERATE, suffix: 'a' }, 400, /cannot fill in texts/],
    ['/api/generate', { ...GENERATE, context: [1, 2, 3] }, 400, /context must be what an earlier reply/],
    ['/api/generate', { ...GENERATE, context: [-1] }, 400, /context must be what an earlier reply/],
    ['/api/generate', { ...GENERATE, context: ['a'] }, 400, /context must be what an earlier reply/],
    ['/api/generate', { ...GENERATE, raw: true, prompt: 'a '.repeat(2000) }, 400, /tokens/],
    ['/api/embed', { input: 'a' }, 400, /model is required/],
    ['/api/embed', { ...EMBED, input: 5 }, 400, /input must be an array/],
    ['/api/embed', { ...EMBED, input: ['a', 5] }, 400, /\[1\] must be a string/],
    ['/api/embed', { ...EMBED, input: Array(2049).fill('a') }, 400, /2048 are accepted/],
    ['/api/embed', { ...EMBED, dimensions: -1 }, 400, /dimensions must be 0 or more/],
    ['/api/embed', { ...EMBED, truncate: false, input: 'a '.repeat(2000) }, 400, /context of 512/],
    ['/api/embeddings', { model: 'huge', prompt: 'a' }, 404, /not found/],
    ['/api/show', {}, 400, /model is required/],
    ['/api/show', { name: 'huge' }, 404, /not found/],
    ['/api/pull', { name: 'tiny' }, 501, /chosen when it is started/],
    ['/api/push', {}, 501, /not supported/],
    ['/api/create', {}, 501, /not supported/],
    ['/api/copy', {}, 501, /not supported/],
    ['/api/blobs/sha256:0', {}, 501, /not supported/],
  ])('%s refuses %j', async (path, body, status, message) => {
    await expectError(path, body, status, message)
  })

  it('need an API key, except for the version and the question whether there is a server', async () => {
    const asked = (path: string) => served.fetch(`${served.base}${path}`)
    for (const path of ['/api/tags', '/api/ps']) {
      const refused = await asked(path)
      expect([refused.status, await refused.json()]).toEqual([
        401,
        { error: expect.stringContaining('API key') },
      ])
    }
    expect(await (await asked('/')).text()).toBe('Ollama is running')
    expect((await asked('/api/version')).status).toBe(200)
  })
})

describe('what other servers take', () => {
  it('ignores fields and options that it does not know', async () => {
    const body = {
      ...{ ...CHAT, stream: false, something: 1, keep_alive: '1h30m' },
      options: { num_predict: 2, num_ctx: 100, tfs_z: 1, unknown: 'a', mirostat: 0 },
    }
    const response = await served.post('/api/chat', body, KEY)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ eval_count: 2, done_reason: 'length' })
  })

  it('streams by default, a line for each object', async () => {
    const body = { ...CHAT, options: { num_predict: 3 } }
    const response = await served.post('/api/chat', body, KEY)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    const text = await response.text()
    expect(text.endsWith('}\n')).toBe(true)
    const objects = text.trimEnd().split('\n')
    expect(JSON.parse(objects.at(-1)!)).toMatchObject({ done: true, eval_count: 3 })
  })

  it('ends a stream that fails with the error', async () => {
    await using own = await serve({ models: { tiny: { model, template: 'chatml' } }, timeout: 100 })
    const response = await own.post('/api/chat', { ...CHAT, options: { ignore_eos: true } })
    const last = JSON.parse((await response.text()).trimEnd().split('\n').at(-1)!)
    expect(last).toEqual({ error: 'the request has taken more than 100 ms' })
  })

  it('puts calls together from pieces, and leaves out what was cut', () => {
    const calls = new CallCollector()
    const piece = (index: number, argumentsText: string, isLast: boolean, name?: string) => {
      return {
        index,
        argumentsText,
        isLast,
        ...(name !== undefined && { begins: { id: `id${index}`, name } }),
      }
    }
    expect(calls.take([piece(0, '{"a"', false, 'first')])).toEqual([])
    expect(calls.take([piece(0, ':1}', true), piece(1, '', true, 'second')])).toEqual([
      { id: 'id0', function: { index: 0, name: 'first', arguments: { a: 1 } } },
      { id: 'id1', function: { index: 1, name: 'second', arguments: {} } },
    ])
    expect(calls.take([piece(2, '{"a', true, 'third')])).toEqual([])
  })

  it('gives results of tools to the calls that they answer', () => {
    const call = (name: string) => ({ function: { name, arguments: {} } })
    const messages = [
      ...USER,
      { role: 'assistant', content: '', tool_calls: [call('a'), call('b'), call('a')] },
      { role: 'tool', content: 'of b', tool_name: 'b' },
      { role: 'tool', content: 'of a', tool_name: 'a' },
      { role: 'tool', content: 'of a again' },
    ]
    expect(readMessages(new Fields({ messages })).slice(2)).toEqual([
      { role: 'tool', content: 'of b', toolCallId: 'call00001', name: 'b' },
      { role: 'tool', content: 'of a', toolCallId: 'call00000', name: 'a' },
      { role: 'tool', content: 'of a again', toolCallId: 'call00002', name: 'a' },
    ])
  })
})
