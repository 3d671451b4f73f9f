/** Which requests run at the same time on a model whose memory does not hold all of them. */
import { describe, expect, it, vi } from 'vitest'
import { writeGguf } from '../../src/gguf/writer.js'
import { inspectModel, loadModel } from '../../src/index.js'
import { Admission } from '../../src/server/service/admission.js'
import { together } from '../../src/server/service/together.js'
import { RERANKER_CASES } from '../support/family-models/encoders.js'
import { TINY_STORIES } from '../support/model-files.js'
import { serve } from './support.js'

const NEVER = new AbortController().signal

/** A model with 100 bytes for sequences. */
function admission(model: { memoryBytes?: number } = {}) {
  const state = { memoryBytes: 1000, memoryLimit: 1100, prefixCache: undefined, ...model, frees: 0 }
  const admission = new Admission(state, { free: async () => state.frees++ })
  return { admission, state }
}

describe('admission by memory', () => {
  it('lets in what fits beside the others, and the rest in order when there is room', async () => {
    const { admission: its } = admission()
    const order: string[] = []
    const first = await its.enter(60, NEVER)
    const enter = (name: string, bytes: number) =>
      its.enter(bytes, NEVER).then((leave) => {
        order.push(name)
        return leave
      })
    const large = enter('large', 70)
    // It would fit, but must not overtake.
    const small = enter('small', 10)
    await new Promise(setImmediate)
    expect(order).toEqual([])
    first()
    first()
    const leaves = await Promise.all([large, small])
    expect(order).toEqual(['large', 'small'])
    expect(its.isFull(20)).toBe(false)
    expect(its.isFull(21)).toBe(true)
    for (const leave of leaves) leave()
    expect(its.isFull(100)).toBe(false)
  })

  it('lets in what is too large for it when nobody else runs', async () => {
    const { admission: its } = admission()
    const first = await its.enter(10, NEVER)
    const huge = its.enter(500, NEVER)
    first()
    const leave = await huge
    expect(its.isFull(1)).toBe(true)
    leave()
  })

  it('forgets who leaves while waiting, and lets in those behind', async () => {
    const { admission: its } = admission()
    const first = await its.enter(50, NEVER)
    const leaving = new AbortController()
    const large = its.enter(90, leaving.signal)
    const small = its.enter(50, NEVER)
    leaving.abort(new Error('gone'))
    await expect(large).rejects.toThrow('gone')
    ;(await small)()
    first()
    expect(its.isFull(100)).toBe(false)
    await expect(its.enter(1, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
  })

  it('drops what is kept for later requests when the memory is needed', async () => {
    const { admission: its, state } = admission()
    ;(await its.enter(90, NEVER))()
    expect(state.frees).toBe(0)
    state.memoryBytes = 1020
    ;(await its.enter(80, NEVER))()
    expect(state.frees).toBe(0)
    ;(await its.enter(90, NEVER))()
    expect(state.frees).toBe(1)
  })
})

describe('requests on a model with little memory', () => {
  it('wait instead of failing, and all are answered', async () => {
    const unlimited = await loadModel(TINY_STORIES, { contextLength: 512, threads: 1 })
    const limit = unlimited.memoryBytes + 2.5 * unlimited.sessionBytes(512)
    await unlimited.dispose()
    await using model = await loadModel(TINY_STORIES, {
      ...{ contextLength: 512, threads: 1, prefixCache: true },
      memoryLimit: Math.ceil(limit),
    })
    await using served = await serve({
      models: { tiny: { model, template: 'chatml' } },
      maxConcurrent: 6,
      cachedConversations: 6,
    })
    const ask = async (i: number) => {
      const messages = [{ role: 'user', content: `Number ${i} went home. `.repeat(20) }]
      const body = { messages, max_tokens: 280, ignore_eos: true, temperature: 0 }
      const response = await served.post('/v1/chat/completions', body)
      return [response.status, (await response.json()).usage?.completion_tokens]
    }
    const answers = Promise.all(Array.from({ length: 6 }, (_, i) => ask(i)))
    let waited = 0
    const slots = async () => {
      const response = await served.handler(new Request('http://server/slots'))
      return (await response.json()) as { state?: string; n_prompt_tokens: number }[]
    }
    while (served.records.length < 6) {
      waited = Math.max(waited, (await slots()).filter(({ state }) => state === 'waiting').length)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await answers).toEqual(Array.from({ length: 6 }, () => [200, 280]))
    // Two of them fit.
    expect(waited).toBe(4)
  })
})

describe('texts that are embedded', () => {
  it('wait for memory that a reply has reserved', async () => {
    const unlimited = await loadModel(TINY_STORIES, { contextLength: 512, threads: 1 })
    const limit = unlimited.memoryBytes + 1.3 * unlimited.sessionBytes(512)
    await unlimited.dispose()
    await using model = await loadModel(TINY_STORIES, {
      ...{ contextLength: 512, threads: 1 },
      memoryLimit: Math.ceil(limit),
    })
    await using served = await serve({ models: { tiny: { model, template: 'chatml' } } })
    const messages = [{ role: 'user', content: 'Once' }]
    const running = await served.post('/v1/chat/completions', { messages, stream: true, ignore_eos: true })
    const input = 'The dog ran home. '.repeat(50)
    const embedded = [
      served.post('/v1/embeddings', { input }),
      served.post('/api/embed', { model: 'tiny', input }),
    ]
    const waiting = async () => {
      const response = await served.handler(new Request('http://server/slots'))
      return ((await response.json()) as { state?: string }[]).filter(({ state }) => state === 'waiting')
        .length
    }
    await vi.waitFor(async () => expect(await waiting()).toBe(2))
    await running.body?.cancel()
    const statuses = (await Promise.all(embedded)).map(({ status }) => status)
    expect(served.records.flatMap(({ error }) => error ?? [])).toEqual([])
    expect(statuses).toEqual([200, 200])
    expect(await waiting()).toBe(0)
  })

  it('reserve what the longest takes, and give it back, also pairs that are ranked', async () => {
    const reranker = await loadModel(writeGguf(RERANKER_CASES[0].parts))
    await using served = await serve({ models: { ranks: async () => reranker } })
    const enter = vi.spyOn(Admission.prototype, 'enter')
    const documents = ['a panda', 'the giant panda is a bear of China']
    const ask = () => served.post('/v1/rerank', { query: 'pandas', documents })
    expect((await ask()).status).toBe(200)
    const [[bytes]] = enter.mock.calls
    const [, longest] = documents.map((text) => reranker.encode(`pandas ${text}`).length)
    expect(bytes).toBeGreaterThanOrEqual(reranker.sessionBytes(longest))
    expect(((await enter.mock.contexts[0]) as Admission).isFull(Number.MAX_SAFE_INTEGER)).toBe(false)
    enter.mockRestore()
  })

  it('take in an encoder what sessionBytes says', async () => {
    const bytes = writeGguf(RERANKER_CASES[0].parts)
    await using model = await loadModel(bytes)
    for (const contextLength of [1, 40, 200]) {
      const { memory } = await inspectModel(bytes, { contextLength })
      expect(model.sessionBytes(contextLength)).toBe(memory!.sessionBytes)
    }
    expect(model.sessionBytes(200)).toBeGreaterThan(model.sessionBytes(40))
    expect(model.sessionBytes(0)).toBe(0)
  })
})

describe('generators that run together', () => {
  const numbers = async function* (name: string, count: number, log: string[]) {
    log.push(`begin ${name}`)
    try {
      for (let i = 0; i < count; i++) {
        await new Promise(setImmediate)
        yield `${name}${i}`
      }
    } finally {
      log.push(`end ${name}`)
    }
  }

  it('yield all values, the first one before the others begin', async () => {
    const log: string[] = []
    const values: string[] = []
    for await (const value of together(['a', 'b', 'c'].map((name) => () => numbers(name, 3, log)))) {
      values.push(value)
    }
    expect(values[0]).toBe('a0')
    expect([...values].sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2'])
    expect(values.indexOf('b0')).toBeLessThan(values.indexOf('a2'))
  })

  it('all end when one fails, or when nobody wants more', async () => {
    const log: string[] = []
    const failing = async function* (): AsyncGenerator<string> {
      yield* numbers('f', 1, log)
      throw new Error('failed')
    }
    const run = together([() => numbers('a', 100, log), failing, () => numbers('b', 100, log)])
    await expect(
      (async () => {
        for await (const _ of run);
      })(),
    ).rejects.toThrow('failed')
    expect(log.slice(-2).sort()).toEqual(['end a', 'end b'])
    for await (const _ of together([() => numbers('c', 100, log), () => numbers('d', 100, log)])) break
    expect(log.slice(-2).sort()).toEqual(['end c', 'end d'])
  })
})
