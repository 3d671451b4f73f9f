/** What an operator needs: tenants apart, models that come and go, priorities, and what the server reports. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel, type Model } from '../../src/index.js'
import type { HandlerOptions } from '../../src/server/index.js'
import { Queue } from '../../src/server/service/queue.js'
import { TINY_STORIES } from '../support/model-files.js'
import { parsePrometheus } from './prometheus.js'
import { type Served, serve } from './support.js'

const CHAT = '/v1/chat/completions'
const USER = [{ role: 'user', content: 'Once upon a time' }]

function load(): Promise<Model> {
  return loadModel(TINY_STORIES, { contextLength: 512, threads: 1, prefixCache: true })
}

let model: Model
let models: HandlerOptions['models']
beforeAll(async () => {
  model = await load()
  models = { tiny: { model, template: 'chatml' } }
})
afterAll(() => model.dispose())

async function get(served: Served, path: string, key?: string): Promise<Response> {
  const headers = key === undefined ? undefined : { authorization: `Bearer ${key}` }
  return served.handler(new Request(`http://server${path}`, headers && { headers }))
}

describe('tenants', () => {
  const SYSTEM = { role: 'system', content: 'Tom and his dog went to the big park to play. '.repeat(26) }
  const ask = async (served: Served, path: string, key: string | undefined, text: string, more = {}) => {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
    const body =
      path === CHAT
        ? { messages: [SYSTEM, { role: 'user', content: text }] }
        : { prompt: SYSTEM.content + text }
    const response = await served.post(path, { ...body, max_tokens: 2, temperature: 0, ...more }, headers)
    const { usage } = (await response.json()) as {
      usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } }
    }
    return { prompt: usage.prompt_tokens, cached: usage.prompt_tokens_details.cached_tokens }
  }

  it.each([[CHAT], ['/v1/completions']])(
    'share what their own requests have read, and nothing of others: %s',
    async (path) => {
      await using served = await serve({ models, apiKeys: ['one', 'two'], cachedConversations: 4 })
      const first = await ask(served, path, 'one', 'What did Ann say?')
      expect(first.prompt).toBeGreaterThan(300)
      expect(first.cached).toBe(0)
      expect((await ask(served, path, 'two', 'What did Ann say?')).cached).toBe(0)
      // A conversation of its own, which the prefix cache or a kept session begins.
      expect((await ask(served, path, 'one', 'And what did Ben do?')).cached).toBeGreaterThan(250)
      expect((await ask(served, path, 'two', 'And what did Ben do?')).cached).toBeGreaterThan(250)
    },
  )

  it('share by the prefix cache too, while both run at the same time', async () => {
    await using served = await serve({ models, cachedConversations: 0 })
    expect((await ask(served, CHAT, undefined, 'First')).cached).toBe(0)
    const cached = await Promise.all(
      ['Second', 'Third'].map((text) => ask(served, CHAT, undefined, text).then(({ cached }) => cached)),
    )
    for (const count of cached) expect(count).toBeGreaterThan(300)
  })

  it('get the same text for a seed whatever is cached', async () => {
    const request = { messages: [SYSTEM, ...USER], seed: 5, temperature: 1, max_tokens: 12 }
    const text = async (served: Served) =>
      (await (await served.post(CHAT, request)).json()).choices[0].message.content as string
    await using plain = await serve({
      models: {
        tiny: {
          model: () => loadModel(TINY_STORIES, { contextLength: 512, threads: 1 }),
          template: 'chatml',
        },
      },
    })
    const expected = await text(plain)
    await using served = await serve({ models })
    await ask(served, CHAT, undefined, 'Something else')
    expect([await text(served), await text(served)]).toEqual([expected, expected])
  })
})

describe('models', () => {
  const loaded = () => {
    const all: Model[] = []
    const loader = async () => {
      const own = await load()
      all.push(own)
      return own
    }
    return { all, loader: { model: loader, template: 'chatml' } }
  }
  const states = async (served: Served) => {
    const { models } = (await (await get(served, '/status')).json()) as {
      models: { name: string; state: string; memory_bytes: number }[]
    }
    return Object.fromEntries(models.map(({ name, state }) => [name, state]))
  }

  it('are unloaded when no request has used them for a while, and never while one does', async () => {
    const { all, loader } = loaded()
    await using served = await serve({ models: { a: loader }, unloadAfter: 30 })
    const response = await served.post(CHAT, {
      messages: USER,
      stream: true,
      max_tokens: 60,
      ignore_eos: true,
    })
    const reader = response.body!.getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      // The last events are read after the request has ended.
      if (served.records.length === 0) expect(all[0].memoryBytes).toBeGreaterThan(0)
    }
    await expect.poll(() => all[0].memoryBytes, { timeout: 10_000 }).toBe(0)
    expect(await states(served)).toEqual({ a: 'unloaded' })
    expect((await served.post(CHAT, { messages: USER, max_tokens: 1 })).status).toBe(200)
    expect(all).toHaveLength(2)
  })

  it('take turns in memory where only one may be there, and requests wait for that', async () => {
    const [a, b] = [loaded(), loaded()]
    await using served = await serve({ models: { a: a.loader, b: b.loader }, maxLoaded: 1 })
    const ask = async (name: string) =>
      (await served.post(CHAT, { model: name, messages: USER, max_tokens: 4, temperature: 0 })).json()
    const replies = await Promise.all(['a', 'b', 'a', 'b', 'a'].map(ask))
    const texts = replies.map(({ choices }) => choices[0].message.content)
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toMatch(/^The/)
    const inMemory = [...a.all, ...b.all].filter(({ memoryBytes }) => memoryBytes > 0)
    expect(inMemory).toHaveLength(1)
  })

  it('are loaded and unloaded on request, but not while they are in use', async () => {
    const { all, loader } = loaded()
    await using served = await serve({ models: { 'my model': loader, given: models.tiny } })
    const act = async (name: string, action: string) => {
      const response = await served.post(`/models/${encodeURIComponent(name)}/${action}`, {})
      const { error, state } = await response.json()
      return [response.status, error?.code ?? state]
    }
    expect(await states(served)).toEqual({ 'my model': 'unloaded', given: 'ready' })
    expect(await act('my model', 'load')).toEqual([200, 'ready'])
    expect(all).toHaveLength(1)
    const stream = await served.post(CHAT, {
      model: 'my model',
      messages: USER,
      stream: true,
      ignore_eos: true,
    })
    expect(await act('my model', 'unload')).toEqual([409, 'model_busy'])
    await expect(served.handler.unload('my model')).rejects.toMatchObject({ code: 'model_busy' })
    await stream.body?.cancel()
    await expect.poll(async () => (await act('my model', 'unload'))[0]).toBe(200)
    expect(all[0].memoryBytes).toBe(0)
    expect(await act('my model', 'unload')).toEqual([200, 'unloaded'])
    expect(await act('given', 'unload')).toEqual([409, 'model_not_unloadable'])
    expect(await act('other', 'load')).toEqual([404, 'model_not_found'])
    expect(await act('given', 'explode')).toEqual([404, 'unknown_url'])
  })

  it('cannot be unloaded by a form of any page', async () => {
    await using served = await serve({ models: { a: loaded().loader }, cors: true })
    const send = async (headers: Record<string, string>) => {
      const request = new Request('http://server/models/a/unload', { method: 'POST', headers })
      return (await served.handler(request)).status
    }
    expect(await send({ origin: 'https://a.example' })).toBe(415)
    expect(await send({ origin: 'http://server', 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await send({})).toBe(200)
  })

  it('that are lost are loaded again for the next request', async () => {
    const { all, loader } = loaded()
    await using served = await serve({ models: { a: loader } })
    const response = await served.post(CHAT, { messages: USER, stream: true, ignore_eos: true })
    const reader = response.body!.getReader()
    await reader.read()
    await all[0].dispose()
    while (!(await reader.read()).done);
    await served.record(0)
    // The loss may not have been noticed by the one whose generation was ended.
    const statuses = []
    for (let i = 0; i < 2; i++) {
      statuses.push((await served.post(CHAT, { messages: USER, max_tokens: 1 })).status)
    }
    expect(statuses.at(-1)).toBe(200)
    expect(all).toHaveLength(2)
  })

  it('make requests wait for them only up to a limit', async () => {
    let give: (model: Model) => void = () => {}
    const slow = new Promise<Model>((resolve) => {
      give = resolve
    })
    await using served = await serve({
      models: { slow: { model: () => slow, template: 'chatml' }, tiny: models.tiny },
      maxConcurrent: 1,
      maxQueued: 1,
    })
    const ask = (name: string) => served.post(CHAT, { model: name, messages: USER, max_tokens: 1 })
    const waiting = [ask('slow'), ask('slow')]
    await new Promise((resolve) => setTimeout(resolve, 20))
    // They have no slot before their model is there.
    const slots = (await (await get(served, '/slots')).json()) as { is_processing: boolean }[]
    expect(slots.map((slot) => slot.is_processing)).toEqual([false])
    const refused = await ask('slow')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10'])
    // Others are not concerned.
    expect((await ask('tiny')).status).toBe(200)
    give(await load())
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('priorities', () => {
  it('order the queue; each step is worth five seconds of waiting', async () => {
    let now = 0
    const queue = new Queue({ limit: 1, maxWaiting: 10, now: () => now })
    const never = new AbortController().signal
    const order: string[] = []
    const first = await queue.enter(never)
    const enter = (name: string, priority: number) =>
      queue.enter(never, { priority }).then((leave) => {
        order.push(name)
        leave()
      })
    const all = [enter('low', 1), enter('normal', 0), enter('high', -1)]
    now = 4999
    all.push(enter('later', 0))
    now = 5001
    all.push(enter('too late', 0))
    first()
    await Promise.all(all)
    expect(order).toEqual(['high', 'normal', 'later', 'low', 'too late'])
  })

  it('are refused unless they are enabled', async () => {
    await using closed = await serve({ models })
    const refused = await closed.post(CHAT, { messages: USER, priority: -1 })
    expect([refused.status, (await refused.json()).error.param]).toEqual([400, 'priority'])
    expect((await closed.post(CHAT, { messages: USER, priority: 0, max_tokens: 1 })).status).toBe(200)
    await using open = await serve({ models, priorities: true, maxConcurrent: 1 })
    const running = await open.post(CHAT, { messages: USER, ignore_eos: true, stream: true })
    const order: string[] = []
    const ask = async (name: string, priority?: number) => {
      const response = await open.post(CHAT, { messages: USER, max_tokens: 1, priority })
      expect(response.status).toBe(200)
      order.push(name)
    }
    const waiting = [ask('low', 3), ask('normal'), ask('high', -3)]
    await new Promise((resolve) => setTimeout(resolve, 30))
    await running.body?.cancel()
    await Promise.all(waiting)
    expect(order).toEqual(['high', 'normal', 'low'])
    expect((await open.post(CHAT, { messages: USER, priority: 1.5 })).status).toBe(400)
    expect((await open.post(CHAT, { messages: USER, priority: 101 })).status).toBe(400)
  })
})

describe('tenants in the queue', () => {
  /** The order in which requests that wait for the only turn get it; each turn takes a second. */
  async function orderOf(
    waiting: readonly { name: string; tenant: string; at: number; priority?: number }[],
  ) {
    let now = 0
    const queue = new Queue({ limit: 1, maxWaiting: 100, now: () => now })
    const order: string[] = []
    const first = await queue.enter(new AbortController().signal, { tenant: 'a' })
    const all = waiting.map(({ name, at, ...options }) => {
      now = at
      return queue.enter(new AbortController().signal, options).then((leave) => {
        order.push(name)
        now += 1000
        leave()
      })
    })
    now = 1000
    first()
    await Promise.all(all)
    return order
  }
  const many = Array.from({ length: 60 }, () => ({ name: 'many', tenant: 'a', at: 0 }))

  it('take turns, so that sixty requests of one do not hold up the only one of another', async () => {
    const order = await orderOf([...many, { name: 'single', tenant: 'b', at: 10 }])
    expect(order).toHaveLength(61)
    expect(order.indexOf('single')).toBe(1)
    const three = ['a', 'b', 'c'].flatMap((tenant) =>
      Array.from({ length: 4 }, () => ({ name: tenant, tenant, at: 10 })),
    )
    const rounds = await orderOf(three)
    for (let at = 1; at < 9; at += 3) expect(rounds.slice(at, at + 3).sort()).toEqual(['a', 'b', 'c'])
  })

  it('are overtaken for as long as their priority says, and no longer', async () => {
    const order = await orderOf([...many, { name: 'single', tenant: 'b', at: 10, priority: 1 }])
    // Those whose turn comes within five seconds.
    expect(order.indexOf('single')).toBe(6)
    const urgent = many.map((each) => ({ ...each, priority: -1 }))
    const behind = await orderOf([...urgent, { name: 'single', tenant: 'b', at: 10 }])
    expect(behind.indexOf('single')).toBe(6)
  })

  it('are those of the API keys', async () => {
    await using served = await serve({ models, apiKeys: ['one', 'two'], maxConcurrent: 1 })
    const as = (key: string, body: object) =>
      served.post(CHAT, { messages: USER, ...body }, { authorization: `Bearer ${key}` })
    const running = await as('one', { ignore_eos: true, stream: true })
    const order: string[] = []
    const ask = async (key: string) => {
      expect((await as(key, { max_tokens: 1 })).status).toBe(200)
      order.push(key)
    }
    const waiting = ['one', 'one', 'one', 'one', 'two'].map(ask)
    await new Promise((resolve) => setTimeout(resolve, 30))
    await running.body?.cancel()
    await Promise.all(waiting)
    expect(order.indexOf('two')).toBeLessThan(2)
  })
})

describe('what the server reports', () => {
  it('has a slot for each request that runs, without texts', async () => {
    await using served = await serve({ models, maxConcurrent: 2 })
    const idle = { is_processing: false, n_prompt_tokens: 0, n_cached_tokens: 0, n_decoded: 0 }
    const slots = async () => (await (await get(served, '/slots')).json()) as Record<string, unknown>[]
    expect(await slots()).toMatchObject([
      { id: 0, ...idle },
      { id: 1, ...idle },
    ])
    const stream = await served.post(CHAT, { messages: USER, stream: true, ignore_eos: true })
    const reader = stream.body!.getReader()
    for (let i = 0; i < 8; i++) await reader.read()
    const [first, second] = await slots()
    expect(first).toMatchObject({
      ...{ id: 0, is_processing: true, model: 'tiny', state: 'generating' },
      request_id: stream.headers.get('x-request-id'),
    })
    expect(first.n_prompt_tokens).toBeGreaterThan(30)
    expect(first.n_decoded).toBeGreaterThan(4)
    expect(first.tokens_per_second).toBeGreaterThan(0)
    expect(second).toMatchObject({ id: 1, ...idle })
    expect(JSON.stringify(first)).not.toContain('Once')
    await reader.cancel()
    expect(await slots()).toMatchObject([idle, idle])
  })

  it('frees the slot of a client that vanishes within a step', async () => {
    await using served = await serve({ models, maxConcurrent: 1 })
    const leaving = new AbortController()
    const request = new Request(`http://server${CHAT}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: USER, stream: true, ignore_eos: true }),
      signal: leaving.signal,
    })
    const reader = (await served.handler(request)).body!.getReader()
    await reader.read()
    const { generatedTokens, passes } = model.counters
    leaving.abort()
    await served.record(0)
    // The stream is 16 events ahead of its reader at most, and after the abort one pass may still end.
    const after = model.counters
    expect(after.passes - passes).toBeLessThanOrEqual(18)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(model.counters).toEqual(after)
    expect(after.generatedTokens).toBeGreaterThanOrEqual(generatedTokens)
    expect(await (await get(served, '/status')).json()).toMatchObject({ queue: { running: 0, waiting: 0 } })
  })

  it('has totals of all requests and models', async () => {
    await using served = await serve({ models, maxConcurrent: 2, maxQueued: 7 })
    await served.post(CHAT, { messages: USER, max_tokens: 5, temperature: 0, ignore_eos: true })
    await served.post(CHAT, { messages: USER, max_tokens: 5, temperature: 0, ignore_eos: true })
    await served.post(CHAT, { messages: 7 })
    const status = await (await get(served, '/status')).json()
    expect(status).toMatchObject({
      version: expect.any(String),
      models: [{ name: 'tiny', state: 'ready', memory_bytes: model.memoryBytes, context_length: 512 }],
      slots: [{ id: 0 }, { id: 1 }],
      queue: { waiting: 0, max_waiting: 7, running: 0, max_running: 2 },
      totals: { requests: 3, errors: 0, completion_tokens: 10, drafted_tokens: 0, accepted_tokens: 0 },
    })
    expect(status.totals.cached_tokens).toBeGreaterThan(20)
    expect(status.totals.prompt_tokens).toBeGreaterThan(status.totals.cached_tokens)
    expect(status.rates.average_batch_size).toBeGreaterThanOrEqual(1)
  })

  it('is readable by Prometheus', async () => {
    const name = 'odd "name" \\ of\na model'
    await using served = await serve({ models: { [name]: { model, template: 'chatml' } } })
    await served.post(CHAT, { messages: USER, max_tokens: 5, temperature: 0, ignore_eos: true })
    await served.post(CHAT, { messages: USER, max_tokens: 3, stream: true }).then((stream) => stream.text())
    await served.post(CHAT, { messages: 7 })
    await get(served, '/no/such/path')
    const response = await get(served, '/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const families = parsePrometheus(await response.text())
    const value = (family: string, labels: Record<string, string> = {}) =>
      families.get(family)?.samples.find(({ labels: its }) => JSON.stringify(its) === JSON.stringify(labels))
        ?.value
    expect(value('dasllama_requests_total', { endpoint: CHAT, status: '200' })).toBe(2)
    expect(value('dasllama_requests_total', { endpoint: CHAT, status: '400' })).toBe(1)
    expect(value('dasllama_requests_total', { endpoint: 'none', status: '404' })).toBe(1)
    expect(value('dasllama_completion_tokens_total', { model: name })).toBe(8)
    expect(value('dasllama_model_loaded', { model: name })).toBe(1)
    expect(value('dasllama_passes_total', { model: name })).toBe(model.counters.passes)
    expect(families.get('dasllama_time_to_first_token_seconds')?.count).toBe(2)
    // The GET request is not among them.
    expect(families.get('dasllama_request_duration_seconds')?.count).toBe(3)
    expect([...families.values()].every(({ help }) => help !== '')).toBe(true)
  })

  it('is for those with a key, unless the metrics are public', async () => {
    for (const metrics of ['private', 'public'] as const) {
      await using served = await serve({ models, apiKeys: ['key'], metrics })
      for (const path of ['/metrics', '/slots', '/status']) {
        const isOpen = metrics === 'public' && path === '/metrics'
        expect((await get(served, path)).status).toBe(isOpen ? 200 : 401)
        expect((await get(served, path, 'key')).status).toBe(200)
      }
      const unload = await served.post('/models/tiny/unload', {})
      expect(unload.status).toBe(401)
    }
  })
})

describe('the counters of a model', () => {
  it('add up what its sessions do', async () => {
    await using own = await load()
    await using first = own.createSession()
    await using second = own.createSession()
    const prompt = own.encode('Once upon a time there was a girl')
    const generate = (session: typeof first) =>
      session.generate(prompt, { maxTokens: 10, ignoreEos: true }).result()
    await generate(first)
    const alone = own.counters
    expect(alone).toMatchObject({ promptTokens: prompt.length, generatedTokens: 10, draftedTokens: 0 })
    // The last token is not evaluated.
    expect([alone.passes, alone.sequences, alone.rows]).toEqual([10, 10, prompt.length + 9])
    await Promise.all([generate(first), generate(second)])
    const both = own.counters
    expect(both.generatedTokens).toBe(30)
    expect((both.sequences - alone.sequences) / (both.passes - alone.passes)).toBeGreaterThan(1.5)
    expect(both.computeMs).toBeGreaterThan(alone.computeMs)
  })
})

describe('several choices', () => {
  const request = { seed: 5, temperature: 1, max_tokens: 12, n: 3 }
  const texts = async (served: Served, path: string) => {
    const body = path === CHAT ? { messages: USER, ...request } : { prompt: 'Once upon a time', ...request }
    const { choices, usage } = await (await served.post(path, body)).json()
    expect(usage.completion_tokens).toBe(36)
    return choices.map(({ message, text }: { message?: { content: string }; text?: string }) =>
      message ? message.content : text,
    ) as string[]
  }

  it.each([[CHAT], ['/v1/completions']])(
    'share passes, with the texts that they have alone: %s',
    async (path) => {
      await using alone = await serve({
        models: {
          tiny: {
            model: () => loadModel(TINY_STORIES, { contextLength: 512, threads: 1 }),
            template: 'chatml',
          },
        },
      })
      const expected = await texts(alone, path)
      expect(new Set(expected).size).toBeGreaterThan(1)
      await using served = await serve({ models })
      const before = model.counters
      expect(await texts(served, path)).toEqual(expected)
      const { passes, sequences } = model.counters
      // One pass or two for the prompt, and then all three together.
      expect(passes - before.passes).toBeLessThan(20)
      expect((sequences - before.sequences) / (passes - before.passes)).toBeGreaterThan(1.5)
    },
  )
})
