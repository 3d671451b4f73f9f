/**
 * An abort at each await between a call and its end. Promises are counted as they are made: an await makes one at least, so
 * that aborting at the first, the second and so on leaves none out, wherever in the package it stands.
 */
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inspectModel, loadModel, loadTokenizer, Model } from '../../src/index.js'
import { smallModel } from '../model/small.js'
import { temporaryFolder } from '../support/model-files.js'
import { watchedSource } from './sources.js'

const BYTES = smallModel()

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let path: string
let server: Server
let url: string
/** Threads that were started and have not ended. */
const threads = new Set<Worker>()
const watch = (worker: Worker) => {
  threads.add(worker)
  worker.once('exit', () => threads.delete(worker))
}

beforeAll(async () => {
  process.on('worker', watch)
  folder = await temporaryFolder()
  path = join(folder.path, 'small.gguf')
  await writeFile(path, BYTES)
  server = createServer((request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!
    const part = BYTES.subarray(Number(first), Number(last) + 1)
    response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${BYTES.length}` }).end(part)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/small.gguf`
})

afterAll(async () => {
  process.off('worker', watch)
  server.closeAllConnections()
  server.close()
  await folder[Symbol.asyncDispose]()
})

/** Calls `reached` when the `count`th promise from now on is made, and reports how many there were until it is disposed. */
function countPromises(count: number, reached: () => void) {
  let made = 0
  const hook = createHook({
    init(_, type) {
      if (type === 'PROMISE' && ++made === count) queueMicrotask(reached)
    },
  }).enable()
  return {
    get made() {
      return made
    },
    [Symbol.dispose]: () => void hook.disable(),
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Turns of the event loop until `promise` has settled, `limit` at most. */
async function turnsOf(promise: Promise<unknown>, limit: number): Promise<number> {
  let settled = false
  const settle = () => {
    settled = true
  }
  promise.then(settle, settle)
  for (let turns = 0; turns < limit; turns++) {
    if (settled) return turns
    await turn()
  }
  return limit
}

interface Call {
  readonly name: string
  readonly start: (signal: AbortSignal) => Promise<unknown>
  /** Every how many promises one is tried. */
  readonly stride: number
}

const CALLS: readonly Call[] = [
  { name: 'loadModel of bytes', start: (signal) => loadModel(BYTES, { signal, threads: 1 }), stride: 1 },
  { name: 'loadModel of a file', start: (signal) => loadModel(path, { signal, threads: 1 }), stride: 3 },
  { name: 'loadModel of a URL', start: (signal) => loadModel(url, { signal, threads: 1 }), stride: 17 },
  {
    name: 'loadModel on three threads',
    start: (signal) => loadModel(BYTES, { signal, threads: 3 }),
    stride: 5,
  },
  { name: 'loadTokenizer', start: (signal) => loadTokenizer(path, { signal }), stride: 1 },
  { name: 'inspectModel', start: (signal) => inspectModel(path, { signal }), stride: 1 },
]

describe('an abort at any await', () => {
  it.each(CALLS)('of $name rejects at once, and nothing is left', { timeout: 240_000 }, async (call) => {
    const reason = new Error('enough')
    // What is imported and compiled once is out of the way.
    await call.start(new AbortController().signal).then(dispose)
    let rejected = 0
    for (let count = 1; ; count += call.stride) {
      const controller = new AbortController()
      let late: Promise<number> | undefined
      using counter = countPromises(count, () => {
        controller.abort(reason)
        late = turnsOf(loading, 10)
      })
      const loading = call.start(controller.signal)
      const outcome = await loading.catch((error) => error)
      const madeAfterwards = counter.made - count
      if (!late) {
        // The end was reached first, so that all awaits have been tried.
        dispose(outcome)
        break
      }
      // Within a turn or two: neither after the weights nor after the threads.
      expect(await late, `aborted at promise ${count}`).toBeLessThan(4)
      if (outcome === reason) rejected++
      else {
        // Too late is only what comes when nothing is left but to hand the result over.
        dispose(outcome)
        expect(madeAfterwards).toBeLessThan(10)
      }
    }
    expect(rejected).toBeGreaterThan(5)
    await Promise.all(Array.from(threads, (worker) => once(worker, 'exit')))
  })

  it('closes the sources and takes its listeners back', async () => {
    const reason = new Error('enough')
    for (const threads of [1, 2]) {
      for (let count = 1; ; count += 11) {
        const [model, tokenizer] = [watchedSource(BYTES), watchedSource(BYTES)]
        const controller = new AbortController()
        const listeners = watchListeners(controller.signal)
        using counter = countPromises(count, () => controller.abort(reason))
        const options = { signal: controller.signal, tokenizer: tokenizer.source, threads }
        const outcome = await loadModel(model.source, options).catch((error) => error)
        dispose(outcome)
        await turn()
        expect(listeners()).toBe(0)
        // A source that was not opened yet need not be closed.
        for (const { state } of [model, tokenizer])
          expect(state.closed).toBe(state.reads > 0 ? 1 : state.closed)
        if (counter.made < count) break
      }
    }
  })

  it('is not kept waiting by a source that never answers', async () => {
    const never = new Promise<never>(() => {})
    const stuck = { name: 'stuck.gguf', size: 1000, read: () => never, close: () => never }
    const controller = new AbortController()
    const loading = loadModel(stuck, { signal: controller.signal })
    setTimeout(() => controller.abort('enough'), 5)
    await expect(loading).rejects.toBe('enough')
  })

  it('is not kept waiting by a source that never says whether it has changed', async () => {
    const controller = new AbortController()
    const { source } = watchedSource(BYTES)
    const checkUnchanged = () => {
      setTimeout(() => controller.abort('enough'), 5)
      return new Promise<never>(() => {})
    }
    await expect(loadModel({ ...source, checkUnchanged }, { signal: controller.signal })).rejects.toBe(
      'enough',
    )
  })

  it('disposes of a model that was finished at that moment', async () => {
    const controller = new AbortController()
    const { source } = watchedSource(BYTES)
    const closing = { ...source, close: async () => controller.abort('too late') }
    await expect(loadModel(closing, { signal: controller.signal, threads: 2 })).rejects.toBe('too late')
    await Promise.all(Array.from(threads, (worker) => once(worker, 'exit')))
  })

  it('by onProgress counts too, at the last byte as well', async () => {
    const controller = new AbortController()
    const onProgress = ({ loaded, total }: { loaded: number; total: number }) => {
      if (loaded === total) controller.abort('at the end')
    }
    await expect(loadModel(BYTES, { signal: controller.signal, onProgress })).rejects.toBe('at the end')
  })
})

function dispose(outcome: unknown): void {
  if (outcome instanceof Model) outcome.dispose()
}

/** How many listeners a signal has at the moment. */
function watchListeners(signal: AbortSignal): () => number {
  const listeners = new Set<unknown>()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (type: string, listener: unknown, options: unknown) => {
    listeners.add(listener)
    addEventListener.call(signal, type, listener as () => void, options as object)
  }
  signal.removeEventListener = (type: string, listener: unknown) => {
    listeners.delete(listener)
    removeEventListener.call(signal, type, listener as () => void)
  }
  // Those that were called once are gone.
  signal.addEventListener('abort', () => listeners.clear())
  listeners.clear()
  return () => listeners.size
}
