import { execFile } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createThreadedEngine } from '../../../src/backend/wasm/engine.js'
import { importingSharedMemory } from '../../../src/backend/wasm/shared-memory.js'
import type { Thread, ThreadHost } from '../../../src/backend/wasm/threads.js'
import { loadModel, type Model } from '../../../src/index.js'
import { platform } from '../../../src/platform/node/platform.js'
import { smallModel } from '../../model/small.js'

const HOST = platform.threads as ThreadHost
const KERNELS = (await platform.loadKernels()) as Uint8Array<ArrayBuffer>

/** A host that gives access to its threads. */
function watchedHost() {
  const threads: Thread[] = []
  const host: ThreadHost = {
    physicalCores: 4,
    maySleep: true,
    async startThread(start) {
      const thread = await HOST.startThread(start)
      threads.push(thread)
      return thread
    },
  }
  return { host, threads }
}

const PROMPT = Array.from({ length: 70 }, (_, i) => (i * 37 + 5) % 96)

/** The bits of all logits of a batched prompt, then of a few single tokens. */
async function trace(model: Model): Promise<number[]> {
  using session = model.createSession()
  const bits: number[] = []
  const keep = () => bits.push(...new Uint32Array(session.logits().slice().buffer))
  await session.eval(PROMPT)
  keep()
  for (const id of [7, 8, 9]) {
    await session.eval([id])
    keep()
  }
  return bits
}

describe('threads', () => {
  const bytes = smallModel()

  it.each([2, 3, 8])('%i give the same bits as one', async (threads) => {
    await using one = await loadModel(bytes, { threads: 1, kernels: 'baseline' })
    await using many = await loadModel(bytes, { threads, kernels: 'baseline' })
    expect(one.threads).toBe(1)
    expect(many.threads).toBe(threads)
    expect(await trace(many)).toEqual(await trace(one))
  })

  it('auto is one for a small model', async () => {
    await using model = await loadModel(bytes)
    expect(model.threads).toBe(1)
  })

  it.each([0, 33, 1.5, Number.NaN, '2', 'all'])('%s are rejected', async (threads) => {
    await expect(loadModel(bytes, { threads: threads as number })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('threads'),
    })
  })

  it('need the bytes of kernels, not compiled ones', async () => {
    const kernels = await WebAssembly.compile(KERNELS)
    await expect(loadModel(bytes, { kernels, threads: 2 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      hint: expect.stringContaining('bytes'),
    })
    await using model = await loadModel(bytes, { kernels })
    expect(model.threads).toBe(1)
    await using shared = await loadModel(bytes, { kernels: KERNELS, threads: 2 })
    expect(shared.threads).toBe(2)
  })

  it('serve several models at once', async () => {
    await using a = await loadModel(bytes, { threads: 2, kernels: 'baseline' })
    await using b = await loadModel(bytes, { threads: 3, kernels: 'baseline' })
    const [first, second] = await Promise.all([trace(a), trace(b)])
    expect(second).toEqual(first)
  })
})

describe('a thread pool', () => {
  it('ends its threads when it is shut down', async () => {
    const { host, threads } = watchedHost()
    const { pool } = await createThreadedEngine(KERNELS, 4, host)
    expect(pool.size).toBe(4)
    const ended = [false, false, false]
    for (const [i, thread] of threads.entries()) void thread.ended.then(() => (ended[i] = true))
    void pool.shutDown()
    expect(pool.size).toBe(1)
    await pool.shutDown()
    expect(ended).toEqual([true, true, true])
    pool.run(() => {})
  })

  it('reports once that a thread has died, and continues with the others', async () => {
    const { host, threads } = watchedHost()
    const { pool } = await createThreadedEngine(KERNELS, 3, host)
    threads[0].terminate()
    await threads[0].ended
    await new Promise((resolve) => setImmediate(resolve))
    let ran = 0
    const work = () => ran++
    expect(() => pool.run(work)).toThrow(
      expect.objectContaining({ code: 'THREAD_LOST', hint: expect.stringContaining('2 threads') }),
    )
    expect(ran).toBe(0)
    pool.run(work)
    expect([ran, pool.size]).toEqual([1, 2])
    pool.shutDown()
  })

  it('gives up on a thread that does not finish, and continues alone', async () => {
    const { host, threads } = watchedHost()
    const { pool } = await createThreadedEngine(KERNELS, 3, host)
    const trap = () => {
      throw new WebAssembly.RuntimeError('unreachable')
    }
    expect(() => pool.run(trap)).toThrow(
      expect.objectContaining({ code: 'THREAD_LOST', hint: expect.stringContaining('one thread') }),
    )
    await Promise.all(threads.map(({ ended }) => ended))
    await new Promise((resolve) => setImmediate(resolve))
    pool.run(() => {})
    expect(pool.size).toBe(1)
    // On one thread, a trap is passed on unchanged.
    expect(() => pool.run(trap)).toThrow(WebAssembly.RuntimeError)
  })

  it('is not started when one of its threads cannot be started', async () => {
    const { host, threads } = watchedHost()
    const refusing: ThreadHost = {
      ...host,
      startThread: (start) =>
        start.number === 2 ? Promise.reject(new Error('no more threads')) : host.startThread(start),
    }
    await expect(createThreadedEngine(KERNELS, 3, refusing)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('no more threads'),
    })
    expect(threads).toHaveLength(1)
    await threads[0].ended
  })

  it('does not keep the process alive', async () => {
    const index = pathToFileURL(fileURLToPath(new URL('../../../dist/index.js', import.meta.url)))
    const story = fileURLToPath(new URL('../../../models/tiny-stories.Q8_0.gguf', import.meta.url))
    const program = `
      const { loadModel } = await import(${JSON.stringify(index.href)})
      const model = await loadModel(${JSON.stringify(story)}, { threads: 2 })
      const session = model.createSession()
      await session.eval([1, 2, 3])
      console.log(model.threads)`
    const args = ['--input-type=module', '-e', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 })
    expect(stdout.trim()).toBe('2')
  })
})

describe('importingSharedMemory', () => {
  it('does not change its argument', () => {
    const before = KERNELS.slice()
    const shared = importingSharedMemory(KERNELS)
    expect(KERNELS).toEqual(before)
    const different = shared.filter((byte, i) => byte !== before[i])
    expect(different).toHaveLength(1)
    expect(WebAssembly.validate(shared)).toBe(true)
  })

  it.each([
    ['nothing', Uint8Array.of()],
    ['a module without imports', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
    ['a number without end', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff)],
    // One import "" "": a memory without a maximum, then a function.
    ['no maximum', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 6, 1, 0, 0, 2, 0, 1)],
    ['a function', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 5, 1, 0, 0, 0, 0)],
  ])('rejects %s', (_, module) => {
    expect(() => importingSharedMemory(module)).toThrow(expect.objectContaining({ code: 'BAD_FORMAT' }))
  })
})
