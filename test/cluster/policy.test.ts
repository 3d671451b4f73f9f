/** Which requests of a batch are repeated, and how often. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { namedJob, openQueue } from '../../src/batch/queue.js'
import { connectRedis } from '../../src/batch/redis.js'
import { type WorkOptions, work } from '../../src/batch/work.js'
import { need, row, until } from './programs.js'
import { openStore, startRedis, type TestRedis } from './redis.js'

let redis: TestRedis
beforeAll(async () => {
  need('redis-server')
  redis = await startRedis()
})
afterAll(() => redis?.[Symbol.asyncDispose]())

let batches = 0

/** Works on a batch of one request. Returns its result, and how often it was asked. */
async function answered(
  answer: WorkOptions['answer'],
  { attempts = 5, startsBefore = 0 }: { attempts?: number; startsBefore?: number } = {},
) {
  await using opened = await openStore(redis.url)
  const { store } = opened
  const id = `batch-${batches++}`
  await store.create(id, { file: 'file', bytes: 1 })
  await store.admit(id, [{ index: 0, customId: 'a' }], { end: 1, readBytes: 1 })
  for (let i = 0; i < startsBefore; i++) await store.begin(id, 0)
  const queue = openQueue(opened.connection, 'default')
  const { name, data, opts } = namedJob({
    ...{ batch: id, index: 0, customId: 'a', url: '/v1/completions', body: '{}' },
  })
  await queue.add(name, data, { ...opts, delay: 0 })
  await store.seal(id)
  const connection = await connectRedis({ url: redis.url, onOutage: () => {} })
  let calls = 0
  const worker = work({
    ...{ connection, store, queue: 'default', concurrency: 1, attempts, lostAfter: 30_000 },
    answer: (job, signal) => {
      calls++
      return answer(job, signal)
    },
  })
  try {
    await until('a result', async () => (await store.get(id)).endedAt !== undefined)
  } finally {
    await worker.stop({ signal: AbortSignal.abort() })
    await connection.close()
  }
  const lines: string[] = []
  for await (const line of store.results(id)) lines.push(line)
  expect(lines).toHaveLength(1)
  return { ...JSON.parse(lines[0]), calls, lines: lines.length }
}

const json = (status: number, body: unknown = { status }) => new Response(JSON.stringify(body), { status })

describe('a request of a batch', () => {
  it('is repeated while there is not enough memory, or the engine was lost', async ({ task }) => {
    let call = 0
    const { response, calls, lines } = await answered(async () => json([503, 503, 200][call++]))
    expect([response.status_code, calls]).toEqual([200, 3])
    task.meta.row = row('batch: busy for now', { requests: 1, answered: 1, answers: lines })
  })

  it('keeps its answer until a full Redis has room for it', async () => {
    await using opened = await openStore(redis.url)
    const { redis: client } = opened.connection
    const { response, calls } = await answered(async () => {
      await client.config('SET', 'maxmemory', '1')
      setTimeout(() => void client.config('SET', 'maxmemory', '0'), 2500)
      return json(200)
    })
    expect([response.status_code, calls]).toEqual([200, 1])
  })

  it('is not repeated if it is wrong', async () => {
    const body = { error: { code: 'unknown_parameter' } }
    const { response, error, calls } = await answered(async () => json(400, body))
    expect([response, error, calls]).toEqual([{ status_code: 400, request_id: null, body }, null, 1])
  })

  it('is given up after the attempts, with the last answer', async () => {
    const { response, calls } = await answered(async () => json(429), { attempts: 2 })
    expect([response.status_code, calls]).toEqual([429, 2])
  })

  it('is given up if each attempt ends without an answer', async () => {
    const failing = async () => {
      throw new Error('connection reset')
    }
    const { response, error, calls } = await answered(failing, { attempts: 2 })
    expect([response, error, calls]).toEqual([null, { code: 'no_response', message: 'connection reset' }, 2])
  })

  it('is given up if it has ended as many workers', async () => {
    const { error, calls } = await answered(async () => json(200), { attempts: 3, startsBefore: 3 })
    expect([error.code, calls]).toEqual(['worker_lost', 0])
    expect(error.message).toContain('3 attempts')
  })

  it('keeps an answer that is not JSON as text', async () => {
    const { response } = await answered(async () => new Response('<html>', { status: 404 }))
    expect(response).toEqual({ status_code: 404, request_id: null, body: '<html>' })
  })

  it('need not be there: an empty batch has ended', async () => {
    await using opened = await openStore(redis.url)
    await opened.store.create('empty', { file: 'file', bytes: 0 })
    await opened.store.seal('empty')
    expect(await opened.store.get('empty')).toMatchObject({ status: 'completed', total: 0 })
  })

  it('keeps the first of two results', async () => {
    await using opened = await openStore(redis.url)
    const { store } = opened
    await store.create('twice', { file: 'file', bytes: 1 })
    await store.admit('twice', [{ index: 0, customId: 'a' }], { end: 1, readBytes: 1 })
    await store.seal('twice')
    const result = (code: string) => ({ index: 0, result: { customId: 'a', error: { code, message: '' } } })
    const stored = await Promise.all(['first', 'second'].map((code) => store.finish('twice', [result(code)])))
    expect(stored).toEqual([1, 0])
    expect(await store.begin('twice', 0)).toBe('has-result')
    expect(await store.get('twice')).toMatchObject({ status: 'completed', total: 1, failed: 1 })
    await expect(store.create('twice', { file: 'file', bytes: 1 })).rejects.toThrow(/already/)
    expect(await store.begin('missing', 0)).toBe('missing')
    await expect(store.seal('missing')).rejects.toThrow(/there is no batch "missing"/)
  })
})
