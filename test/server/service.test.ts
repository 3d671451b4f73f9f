/** What the server does besides answering: keys, origins, turns, caches, clients that leave, and its end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { createHandler, type HandlerOptions } from '../../src/server/index.js'
import { Queue } from '../../src/server/service/queue.js'
import { IdleList } from '../../src/serving/idle-list.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { serve, tinyStories } from './support.js'

let model: Model
let models: HandlerOptions['models']
beforeAll(async () => {
  model = await tinyStories()
  models = { tiny: { model, template: 'chatml' } }
})
afterAll(() => model.dispose())

const USER = [{ role: 'user', content: 'Once upon a time' }]
/** A request that goes on until the context is full. */
const LONG = { messages: USER, ignore_eos: true }
const CHAT = '/v1/chat/completions'

describe('API keys', () => {
  it('lets in who has one of them', async () => {
    await using served = await serve({ models, apiKeys: ['first', 'second'] })
    const status = async (headers: Record<string, string>) =>
      (await served.post('/tokenize', { content: 'a' }, headers)).status
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer third' })).toBe(401)
    expect(await status({ authorization: 'Basic first' })).toBe(401)
    expect(await status({ authorization: 'Bearer first' })).toBe(200)
    expect(await status({ authorization: 'bearer second' })).toBe(200)
    const { error } = await (await served.post(CHAT, LONG)).json()
    expect(error).toMatchObject({ type: 'authentication_error', code: 'invalid_api_key' })
    expect((await served.handler(new Request('http://server/health'))).status).toBe(200)
  })
})

describe('pages', () => {
  const preflight = (origin: string) =>
    new Request(`http://server${CHAT}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })

  it('may send requests only from the given origins', async () => {
    await using served = await serve({ models, cors: ['https://a.example'] })
    const allowed = await served.handler(preflight('https://a.example'))
    expect(allowed.status).toBe(204)
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-headers': 'authorization,content-type',
      vary: 'origin',
    })
    const other = await served.handler(preflight('https://b.example'))
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('may send requests from anywhere, or not at all by default', async () => {
    await using open = await serve({ models, cors: true })
    expect(
      (await open.handler(preflight('https://b.example'))).headers.get('access-control-allow-origin'),
    ).toBe('*')
    await using closed = await serve({ models })
    const headers = (await closed.handler(preflight('https://b.example'))).headers
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('turns', () => {
  it('are refused with 429 when too many wait, and are free again when a client leaves', async () => {
    await using served = await serve({ models, maxConcurrent: 1, maxQueued: 1 })
    const running = await served.post(CHAT, { ...LONG, stream: true })
    const waiting = served.post(CHAT, { messages: USER, max_tokens: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const refused = await served.post(CHAT, LONG)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect((await refused.json()).error).toMatchObject({ type: 'rate_limit_error', code: 'queue_full' })
    await running.body?.cancel()
    expect((await waiting).status).toBe(200)
  })

  it('go to those that wait in order; one that leaves loses its place', async () => {
    const queue = new Queue({ limit: 1, maxWaiting: 3 })
    const never = new AbortController().signal
    const order: string[] = []
    const first = await queue.enter(never)
    const leaving = new AbortController()
    const gone = queue.enter(leaving.signal).catch((reason) => order.push(reason))
    const second = queue.enter(never).then((leave) => {
      order.push('second')
      leave()
    })
    const third = queue.enter(never).then(() => order.push('third'))
    leaving.abort('gone')
    await gone
    first()
    first()
    await Promise.all([second, third])
    expect(order).toEqual(['gone', 'second', 'third'])
  })
})

describe('conversations in the cache', () => {
  it('are bounded, and the one that shares most is continued', async () => {
    await using served = await serve({ models, cachedConversations: 2 })
    const cached = async (messages: object[]) => {
      const response = await served.post(CHAT, { messages, max_tokens: 4, temperature: 0 })
      const { usage } = await response.json()
      return usage.prompt_tokens_details.cached_tokens as number
    }
    const talk = (name: string) => [{ role: 'user', content: `${name} went to the park. `.repeat(5) }]
    expect(await cached(talk('Ann'))).toBe(0)
    const empty = model.memoryBytes
    await cached(talk('Ben'))
    expect(await cached([...talk('Ann'), { role: 'assistant', content: 'Yes.' }, ...USER])).toBeGreaterThan(
      40,
    )
    for (const name of ['Cid', 'Dan', 'Eve', 'Fay']) await cached(talk(name))
    // Two conversations of one page each, whatever came before.
    expect(model.memoryBytes).toBeLessThanOrEqual(2 * empty)
  })

  it('do not change what a request with a seed gets', async () => {
    const request = { messages: USER, seed: 11, temperature: 1, max_tokens: 12 }
    const text = async (post: Awaited<ReturnType<typeof serve>>['post']) =>
      (await (await post(CHAT, request)).json()).choices[0].message.content as string
    await using fresh = await serve({ models })
    const expected = await text(fresh.post)
    await using used = await serve({ models })
    for (const content of ['Once upon a time', 'The dog']) {
      await used.post(CHAT, { messages: [{ role: 'user', content }], max_tokens: 20 })
    }
    expect(await text(used.post)).toBe(expected)
    expect(await text(used.post)).toBe(expected)
  })

  it('keeps a bounded number of items', async () => {
    const disposed: string[] = []
    const item = (name: string) => ({ name, dispose: async () => void disposed.push(name) })
    const list = new IdleList<ReturnType<typeof item>>(2)
    for (const name of ['a', 'b', 'c']) list.give(item(name))
    expect(disposed).toEqual(['a'])
    const share = (shares: Record<string, number>) => list.takeBest(({ name }) => shares[name])?.name
    expect(share({})).toBeUndefined()
    expect(share({ b: 0.1, c: 0.2 })).toBe('c')
    // There is room for another item, and this one is not of much use.
    expect(share({ b: 0.1 })).toBeUndefined()
    expect(share({ b: 0.5 })).toBe('b')
    list.give(item('d'))
    await list.close()
    list.give(item('e'))
    expect(disposed).toEqual(['a', 'd', 'e'])
  })
})

describe('models', () => {
  it('are loaded once, when they are first asked for, and disposed with the handler', async () => {
    let loads = 0
    const own = await tinyStories()
    const handler = createHandler({
      models: {
        lazy: async () => {
          loads++
          return own
        },
      },
    })
    const ask = () =>
      handler(
        new Request('http://server/tokenize', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"content":"a"}',
        }),
      )
    expect(loads).toBe(0)
    expect((await Promise.all([ask(), ask()])).map(({ status }) => status)).toEqual([200, 200])
    expect(loads).toBe(1)
    await handler.close()
    expect(own.memoryBytes).toBe(0)
  })

  it('are loaded again after a failure', async () => {
    let loads = 0
    const own = await tinyStories()
    await using served = await serve({
      models: {
        flaky: async () => {
          if (loads++ === 0) throw new Error('offline')
          return own
        },
      },
    })
    const status = async () => (await served.post('/tokenize', { content: 'a' })).status
    expect([await status(), await status()]).toEqual([503, 200])
  })
})

describe('clients', () => {
  it('that stop reading lose their stream', async () => {
    await using served = await serve({ models, stallTimeout: 50 })
    const response = await served.post(CHAT, { ...LONG, stream: true })
    expect((await served.record(0)).ended).toBe('stalled')
    await expect(response.text()).rejects.toThrow('nobody has read the stream')
  })

  it('that wait too long get an error, before and within a stream', async () => {
    await using served = await serve({ models, timeout: 1500, maxConcurrent: 1 })
    const running = await served.post(CHAT, { ...LONG, stream: true })
    const waiting = await served.post(CHAT, LONG)
    expect([waiting.status, (await waiting.json()).error.code]).toEqual([504, 'timeout'])
    const last = (await running.text()).trim().split('\n\n').at(-1)!
    expect(JSON.parse(last.slice('data: '.length)).error.code).toBe('timeout')
  })

  it('that vanish at any time free their turns and their memory', async () => {
    const atRest = model.memoryBytes
    await using served = await serve({ models, maxConcurrent: 3, cachedConversations: 1 })
    const random = new RandomBits(5)
    const vanish = async (i: number) => {
      const controller = new AbortController()
      const request = new Request(`http://server${CHAT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ...LONG,
          messages: [{ role: 'user', content: `Number ${i}` }],
          stream: i % 3 > 0,
        }),
        signal: controller.signal,
      })
      setTimeout(() => controller.abort(), 200 * random.fraction())
      const response = await served.handler(request)
      const reader = response.body!.getReader()
      // Some read, some cancel, and some do nothing more.
      if (i % 2 === 0)
        for (;;)
          if (
            await reader.read().then(
              ({ done }) => done,
              () => true,
            )
          )
            break
      if (i % 5 === 0) await reader.cancel().catch(() => {})
    }
    await Promise.all(Array.from({ length: 60 }, (_, i) => vanish(i)))
    await served.record(59)
    const answer = await served.post(CHAT, { messages: USER, max_tokens: 2, temperature: 0 })
    expect((await answer.json()).choices[0].message.content).toMatch(/^The/)
    await served.handler.close()
    expect(model.memoryBytes).toBe(atRest)
  })

  it('that leave before the first token free their turn', async () => {
    await using served = await serve({ models, maxConcurrent: 1 })
    const controller = new AbortController()
    const pending = served.handler(
      new Request(`http://server${CHAT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...LONG, stream: true }),
        signal: controller.signal,
      }),
    )
    controller.abort()
    expect((await pending).status).toBe(499)
    expect((await served.record(0)).ended).toBe('client_closed')
    expect((await served.post(CHAT, { messages: USER, max_tokens: 1 })).status).toBe(200)
  })
})

describe('closing', () => {
  it('waits for running requests and refuses new ones', async () => {
    const served = await serve({ models })
    const running = await served.post(CHAT, { messages: USER, stream: true, max_tokens: 30 })
    const closed = served.handler.close()
    const refused = await served.post(CHAT, LONG)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10'])
    expect(await running.text()).toMatch(/\[DONE\]\n\n$/)
    await closed
    await expect(served.handler.load('tiny')).rejects.toMatchObject({ code: 'shutting_down' })
    // The model was loaded by the caller, who still has it.
    expect(model.memoryBytes).toBeGreaterThan(0)
  })

  it('ends running requests with an error if it must not wait', async () => {
    const served = await serve({ models })
    const running = await served.post(CHAT, { ...LONG, stream: true })
    const reader = running.body!.getReader()
    await reader.read()
    await served.handler.close({ signal: AbortSignal.abort() })
    let last = ''
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      last = new TextDecoder().decode(read.value)
    }
    expect(JSON.parse(last.slice('data: '.length)).error).toMatchObject({
      type: 'server_error',
      code: 'shutting_down',
    })
    expect((await served.record(0)).ended).toBe('shutting_down')
  })
})

describe('records', () => {
  it('have numbers, and no texts', async () => {
    await using served = await serve({ models })
    await served.post(CHAT, { messages: USER, max_tokens: 3, temperature: 0 })
    const record = await served.record(0)
    expect(record).toMatchObject({
      method: 'POST',
      path: CHAT,
      status: 200,
      model: 'tiny',
      completionTokens: 3,
      cachedTokens: 0,
    })
    expect(JSON.stringify(record)).not.toContain('Once')
  })
})
