/** Batches on a real Redis, with workers in processes of their own. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/model-files.js'
import { startReplica } from './nginx.js'
import { need, type Running, root, row, run, start, until } from './programs.js'
import {
  batch,
  counted,
  openStore,
  requests,
  results,
  startBatch,
  startRedis,
  startWorker,
  type TestRedis,
  textsOf,
  writeBatch,
} from './redis.js'

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('batches', () => {
  let redis: TestRedis
  beforeAll(async () => {
    need('redis-server')
    redis = await startRedis()
  })
  afterAll(() => redis?.[Symbol.asyncDispose]())

  it('have exactly one result per request while workers are killed', async ({ task }) => {
    const count = 240
    const file = await writeBatch(redis, 'kills.jsonl', requests(count))
    await batch(redis, 'submit', file, '--id', 'kills')
    await using opened = await openStore(redis.url)
    const done = async () => {
      const { succeeded, failed } = await opened.store.get('kills')
      return succeeded + failed
    }
    const random = seeded(18)
    const args = ['--attempts', '1000', '--parallel', '3']
    const workers: Running[] = [startWorker(redis, ...args), startWorker(redis, ...args)]
    let kills = 0
    try {
      for (let next = 0; next < count - 10; ) {
        next = Math.min(count - 10, (await done()) + Math.floor(20 * random()))
        await until(`${next} results`, async () => (await done()) >= next)
        const index = Math.floor(workers.length * random())
        await workers[index].stop('SIGKILL')
        kills++
        workers[index] = startWorker(redis, ...args)
      }
      await batch(redis, 'status', 'kills', '--wait')
    } finally {
      await Promise.all(workers.map((worker) => worker.stop('SIGKILL')))
    }
    expect(kills).toBeGreaterThan(8)
    const lines = await results(redis, 'kills')
    expect(lines.map(({ custom_id }) => custom_id)).toEqual(requests(count).map((_, i) => `request-${i}`))
    expect(lines.filter(({ response }) => response?.status_code !== 200)).toEqual([])
    const { succeeded, failed, status } = await opened.store.get('kills')
    expect([succeeded, failed, status]).toEqual([count, 0, 'completed'])

    // The same file without kills has the same texts.
    await batch(redis, 'submit', file, '--id', 'calm')
    const calm = startWorker(redis, '--until-empty')
    expect(await calm.ended).toBe(0)
    expect(textsOf(lines)).toEqual(textsOf(await results(redis, 'calm')))
    task.meta.row = row('batch: workers killed', { requests: count, kills, ...counted(lines) })
  })

  it('are continued when their submission was killed, and wait for room in the queue', async ({ task }) => {
    const count = 150
    const file = await writeBatch(redis, 'submission.jsonl', requests(count, 2))
    const submitting = startBatch(redis, 'submit', file, '--id', 'submission', '--max-queue', '30')
    await until('a full queue', () => submitting.err.includes('waiting for workers'))
    await using opened = await openStore(redis.url)
    const waiting = async () => Number(await opened.connection.redis.llen('{dasllama:default}:jobs:wait'))
    expect(await waiting()).toBe(30)
    await submitting.stop('SIGKILL')
    expect(await opened.store.get('submission')).toMatchObject({ status: 'validating', total: 30 })
    const worker = startWorker(redis)
    const again = startBatch(redis, 'submit', file, '--id', 'submission', '--max-queue', '30')
    let most = 0
    await until('the rest', async () => {
      most = Math.max(most, await waiting())
      return again.child.exitCode !== null
    })
    expect(await again.ended).toBe(0)
    expect(most).toBeLessThanOrEqual(30)
    await batch(redis, 'status', 'submission', '--wait')
    const lines = await results(redis, 'submission')
    expect(lines.map(({ custom_id }) => custom_id)).toEqual(requests(count).map((_, i) => `request-${i}`))
    expect(await worker.stop()).toBe(0)
    await expect(batch(redis, 'submit', file, '--id', 'submission')).rejects.toThrow(
      /already, that is completed/,
    )
    const counts = counted(lines)
    task.meta.row = row('batch: submission killed', { requests: count, kills: 1, ...counts })
  })

  it('survive a Redis that goes away', async ({ task }) => {
    const count = 120
    const file = await writeBatch(redis, 'outage.jsonl', requests(count))
    await batch(redis, 'submit', file, '--id', 'outage')
    const worker = startWorker(redis, '--attempts', '1000')
    for (let i = 1; i <= 2; i++) {
      const answered = () => worker.err.split(' outage ').length - 1
      await until('results', () => answered() >= 20 * i)
      await redis.kill()
      await until('the worker to notice', () => worker.err.split('gone away').length === i + 1)
      await redis.restart()
    }
    await batch(redis, 'status', 'outage', '--wait')
    expect(await worker.stop()).toBe(0)
    expect(worker.err).toMatch(/gone away; waiting for it[\s\S]*is back/)
    const lines = await results(redis, 'outage')
    expect(lines.filter(({ response }) => response?.status_code !== 200)).toEqual([])
    task.meta.row = row('batch: Redis killed', { requests: count, kills: 2, ...counted(lines) })
  })

  it('wait for a server that is restarted', async ({ task }) => {
    const count = 40
    const file = await writeBatch(redis, 'server.jsonl', requests(count))
    await batch(redis, 'submit', file, '--id', 'server')
    let replica = await startReplica()
    const url = `http://127.0.0.1:${replica.port}/v1`
    const worker = startBatch(redis, 'work', '--server', url, '--parallel', '2')
    await until('results', () => worker.err.split(' 200, ').length > 10)
    await replica.program.stop('SIGKILL')
    await until('the worker to notice', () => worker.err.includes('does not answer'))
    replica = await startReplica(replica.port)
    await batch(redis, 'status', 'server', '--wait')
    expect(await worker.stop()).toBe(0)
    await replica.program.stop()
    const lines = await results(redis, 'server')
    expect(lines.filter(({ response }) => response?.status_code !== 200)).toEqual([])
    task.meta.row = row('batch: server killed', { requests: count, kills: 1, ...counted(lines) })
  })

  it('give each bad line a result with its number', async ({ task }) => {
    const [good, ...others] = requests(3, 2)
    const long = JSON.stringify({ ...others[0], body: { prompt: 'x'.repeat(10 * 2 ** 20) } })
    const lines = [
      ...[good, '{"custom_id": ', '', good, { ...others[0], url: '/v1/rerank' }],
      ...[long, '[]', { ...others[1], custom_id: 7 }, { ...others[0], body: { stream: true } }],
      { ...others[1], body: { prompt: 'x', max_tokens: 'many' } },
    ]
    const file = await writeBatch(redis, 'bad.jsonl', lines)
    const { err } = await batch(redis, 'submit', file, '--id', 'bad')
    expect(err).toContain('9 requests, of which 7 cannot be answered')
    expect(await startWorker(redis, '--until-empty').ended).toBe(0)
    const all = await results(redis, 'bad')
    const found = all.map(({ custom_id, response, error }) => {
      return [custom_id, response?.status_code ?? error?.code, error?.line]
    })
    expect(found).toEqual([
      ['request-0', 200, undefined],
      [null, 'invalid_json', 2],
      ['request-0', 'duplicate_custom_id', 4],
      ['request-1', 'invalid_url', 5],
      [null, 'line_too_long', 6],
      [null, 'invalid_json', 7],
      [null, 'invalid_request', 8],
      ['request-1', 'invalid_request', 9],
      ['request-2', 400, undefined],
    ])
    task.meta.row = row('batch: bad lines', { requests: 9, ...counted(all) })
  })

  it('can be cancelled and deleted', async ({ task }) => {
    const count = 60
    const file = await writeBatch(redis, 'cancel.jsonl', requests(count, 200))
    await batch(redis, 'submit', file, '--id', 'cancelled')
    await expect(batch(redis, 'result', 'cancelled')).rejects.toThrow(/0 of 60 requests have a result/)
    await expect(batch(redis, 'delete', 'cancelled')).rejects.toThrow(/is in_progress/)
    const worker = startWorker(redis, '--parallel', '2')
    await until('results', () => worker.err.split(' 200, ').length > 3)
    await batch(redis, 'cancel', 'cancelled')
    const lines = await results(redis, 'cancelled')
    const codes = lines.map(({ response, error }) => response?.status_code ?? error?.code)
    expect(new Set(codes)).toEqual(new Set([200, 'batch_cancelled']))
    expect(lines.map(({ custom_id }) => custom_id)).toEqual(requests(count).map((_, i) => `request-${i}`))
    await using opened = await openStore(redis.url)
    expect(await opened.connection.redis.llen('{dasllama:default}:jobs:wait')).toBe(0)
    // The worker drops what it was doing, and goes on with other batches.
    const next = await writeBatch(redis, 'next.jsonl', requests(2, 2))
    await batch(redis, 'submit', next, '--id', 'next')
    await batch(redis, 'status', 'next', '--wait')
    expect(await worker.stop()).toBe(0)
    expect(await results(redis, 'cancelled')).toEqual(lines)
    await batch(redis, 'delete', 'cancelled')
    await expect(batch(redis, 'status', 'cancelled')).rejects.toThrow(/there is no batch/)
    expect(await opened.connection.redis.keys('*cancelled*')).toEqual([])
    task.meta.row = row('batch: cancelled', { requests: count, ...counted(lines) })
  })

  it('are given back by a worker that is stopped', async ({ task }) => {
    const count = 8
    const file = await writeBatch(redis, 'stopped.jsonl', requests(count, 150))
    await batch(redis, 'submit', file, '--id', 'stopped')
    // With a single attempt, a request that was not given back would have failed.
    for (let i = 0; i < 3; i++) {
      const worker = startWorker(redis, '--attempts', '1', '--drain', '0', '--parallel', '1')
      await until('a start', async () => {
        await using opened = await openStore(redis.url)
        return (await opened.connection.redis.hlen('{dasllama:default}:batches:stopped:starts')) > 0
      })
      expect(await worker.stop()).toBe(0)
    }
    expect(await startWorker(redis, '--attempts', '1', '--until-empty').ended).toBe(0)
    const lines = await results(redis, 'stopped')
    expect(lines.filter(({ response }) => response?.status_code !== 200)).toEqual([])
    task.meta.row = row('batch: workers stopped', { requests: count, ...counted(lines) })
  })
})

describe('a Redis', () => {
  beforeAll(() => need('redis-server'))

  it('with a password is reached with it alone', async () => {
    await using redis = await startRedis('--requirepass', 'secret')
    await expect(batch(redis, 'status')).rejects.toThrow(/refuses the password[\s\S]*--redis-password-file/)
    const file = join(redis.folder, 'password')
    await writeFile(file, 'secret\n')
    expect((await batch(redis, 'status', '--redis-password-file', file)).out).toContain('id')
    await writeFile(file, 'wrong')
    const wrong = batch(redis, 'status', '--redis-password-file', file)
    await expect(wrong).rejects.toThrow(/refuses the password/)
    const inUrl = { ...redis, url: redis.url.replace('//', '//:secret@') }
    expect((await batch(inUrl, 'status')).out).toContain('id')
  })

  it('that discards keys is refused', async () => {
    await using redis = await startRedis('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru')
    await expect(batch(redis, 'status')).rejects.toThrow(/discards keys[\s\S]*maxmemory-policy noeviction/)
  })

  it('that is full says so, and the submission can be continued', async () => {
    await using redis = await startRedis('--maxmemory', '8mb', '--maxmemory-policy', 'noeviction')
    const large = requests(100, 2).map((request, i) => ({
      ...request,
      url: '/v1/completions',
      body: { prompt: 'x'.repeat(100_000), max_tokens: 1, seed: i },
    }))
    const file = await writeBatch(redis, 'large.jsonl', large)
    await expect(batch(redis, 'submit', file, '--id', 'large')).rejects.toThrow(
      /Redis has reached its maxmemory[\s\S]*raise maxmemory/,
    )
    await using opened = await openStore(redis.url)
    await opened.connection.redis.config('SET', 'maxmemory', '0')
    await batch(redis, 'submit', file, '--id', 'large')
    expect(await opened.store.get('large')).toMatchObject({ status: 'in_progress', total: 100 })
    expect(await opened.connection.redis.llen('{dasllama:default}:jobs:wait')).toBe(100)
  })

  it('that has gone away does not keep a worker from stopping', async () => {
    await using redis = await startRedis()
    const file = await writeBatch(redis, 'away.jsonl', requests(20, 400))
    await batch(redis, 'submit', file, '--id', 'away')
    const worker = startWorker(redis, '--drain', '1', '--parallel', '2')
    await until('results', () => worker.err.includes(' 200, '))
    await redis.kill()
    await until('the worker to notice', () => worker.err.includes('gone away'))
    expect(await worker.stop()).toBe(0)
  })

  it('that is not there is named, without its password', async () => {
    const failed = run(process.execPath, [
      ...[`${root}dist/cli.js`, 'batch', 'status', '--redis', 'redis://:hidden@127.0.0.1:1'],
    ])
    const message = await failed.catch(String)
    expect(message).toMatch(/cannot reach Redis at 127\.0\.0\.1:1: connect ECONNREFUSED/)
    expect(String(message).split('\n').slice(1).join()).not.toContain('hidden')
  })
})

describe('without the packages', () => {
  it('batches say what to install', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'dist'))
    await cp(`${root}dist`, join(folder.path, 'dist'), { recursive: true })
    await writeFile(join(folder.path, 'package.json'), '{"type": "module"}')
    const program = start(
      process.execPath,
      [join(folder.path, 'dist/cli.js'), 'batch', 'status'],
      folder.path,
    )
    expect(await program.ended).toBe(1)
    expect(program.err).toMatch(/need the packages bullmq and ioredis\nnpm install bullmq ioredis/)
  })
})
