import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Worker } from 'node:worker_threads'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ByteSource,
  type DasllamaError,
  type LoadOptions,
  loadModel,
  type Model,
  type ModelSource,
} from '../../src/index.js'
import type { Warning } from '../../src/warnings.js'
import { smallModel } from '../model/small.js'
import { ranges, serve, type TestServer } from '../support/http-server.js'
import { temporaryFolder } from '../support/model-files.js'
import { watchedSource } from './sources.js'

const BYTES = smallModel()
const PROMPT = 'a model from anywhere'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let path: string
let server: TestServer
/** Workers that were started in the present test, and those of them that have not ended. */
let started: Worker[]
const running = new Set<Worker>()
const watch = (worker: Worker) => {
  started.push(worker)
  running.add(worker)
  worker.once('exit', () => running.delete(worker))
}

beforeAll(async () => {
  process.on('worker', watch)
  folder = await temporaryFolder()
  path = join(folder.path, 'a model.gguf')
  await writeFile(path, BYTES)
  server = await serve({
    '/ranges.gguf': ranges(BYTES),
    '/whole.gguf': (_, response) => response.writeHead(200).end(BYTES),
  })
})

beforeEach(() => {
  started = []
})

afterEach(async () => {
  await expect.poll(() => running.size).toBe(0)
})

afterAll(async () => {
  process.off('worker', watch)
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const load = (source: ModelSource, options?: LoadOptions) =>
  loadModel(source, { worker: true, threads: 1, ...options })

async function storyOf(model: Model): Promise<readonly number[]> {
  using session = model.createSession()
  return (await session.generate(PROMPT, { maxTokens: 6 }).result()).ids
}

let expectedStory: readonly number[]

beforeAll(async () => {
  await using model = await loadModel(BYTES, { threads: 1 })
  expectedStory = await storyOf(model)
})

describe('an engine in a Worker reads', () => {
  it.each<[string, () => ModelSource, LoadOptions?]>([
    ['a path', () => path],
    ['a relative path', () => relative(process.cwd(), path)],
    ['a file URL', () => pathToFileURL(path)],
    ['a URL with ranges', () => `${server.base}/ranges.gguf`],
    ['a URL object', () => new URL(`${server.base}/ranges.gguf`)],
    ['a URL without ranges', () => `${server.base}/whole.gguf`],
    ['a Uint8Array', () => BYTES],
    ['a view of a larger buffer', () => Buffer.concat([Buffer.from('xyz'), BYTES]).subarray(3)],
    ['an ArrayBuffer', () => BYTES.slice().buffer as ArrayBuffer],
    [
      'shared memory',
      () => {
        const shared = new Uint8Array(new SharedArrayBuffer(BYTES.length))
        shared.set(BYTES)
        return shared
      },
    ],
    ['a Blob', () => new Blob([BYTES.slice()])],
    ['a File', () => new File([BYTES.slice()], 'chosen.gguf')],
    [
      'a file handle that cannot be posted',
      () => ({ kind: 'file', name: 'handle.gguf', getFile: async () => new Blob([BYTES.slice()]) }),
    ],
    ['a source of the caller', () => watchedSource(BYTES).source],
    [
      'a URL through a fetch of the caller',
      () => `${server.base}/ranges.gguf`,
      { fetch: (...args) => fetch(...args) },
    ],
    [
      'a URL with a Headers object',
      () => `${server.base}/ranges.gguf`,
      { headers: new Headers({ a: 'b' }) as never },
    ],
  ])('%s', async (_, source, options) => {
    await using model = await load(source(), options)
    expect(started).toHaveLength(1)
    expect(await storyOf(model)).toEqual(expectedStory)
  })

  it('a URL itself, with the headers that are given', async () => {
    let authorization: string | undefined
    await using secret = await serve({
      '/m.gguf': (request, response) => {
        authorization = request.headers.authorization
        ranges(BYTES)(request, response)
      },
    })
    await using _ = await load(`${secret.base}/m.gguf`, { headers: { authorization: 'Bearer x' } })
    expect(authorization).toBe('Bearer x')
  })

  it('a source of the caller, and closes it', async () => {
    const { source, state } = watchedSource(BYTES)
    await using _ = await load(source)
    expect(state.closed).toBe(1)
    expect(state.bytes).toBeLessThan(2 * BYTES.length)
  })
})

describe('an engine in a Worker', () => {
  it('has the identity, the numbers and the kernels of one in this thread', async () => {
    await using here = await loadModel(BYTES, { threads: 1 })
    await using there = await load(BYTES)
    const numbers = ({ config, kernels, threads, contextLength, architecture, chatTemplates }: Model) => ({
      config,
      kernels,
      threads,
      contextLength,
      architecture,
      chatTemplates,
    })
    expect(numbers(there)).toEqual(numbers(here))
    expect(there.memoryBytes).toBe(here.memoryBytes)
    await using saved = here.createSession({ seed: 5 })
    await saved.eval(here.encode(PROMPT))
    await using restored = there.createSession()
    await restored.restore(await saved.save())
    expect(restored.logits()).toEqual(saved.logits())
    expect(await restored.save()).toEqual(await saved.save())
  })

  it('uses as many threads as are asked for', async () => {
    await using model = await load(BYTES, { threads: 3 })
    expect(model.threads).toBe(3)
    expect(await storyOf(model)).toEqual(expectedStory)
    // The other two are the Worker's.
    expect(started).toHaveLength(1)
  })

  it('reports progress', async () => {
    const progress: number[] = []
    await using _ = await load(BYTES, { onProgress: ({ loaded, total }) => progress.push(loaded / total) })
    expect(progress.at(-1)).toBe(1)
    expect([...progress].sort((a, b) => a - b)).toEqual(progress)
  })

  it('reports the warnings of one in this thread', async () => {
    const warningsOf = async (worker: boolean) => {
      const warnings: Warning[] = []
      const source: ByteSource = {
        ...watchedSource(BYTES).source,
        close: () => Promise.reject(new Error('stuck')),
      }
      const onWarning = (warning: Warning) => warnings.push(warning)
      await using _ = await loadModel(source, { worker, threads: 1, onWarning })
      return warnings
    }
    const expected = await warningsOf(false)
    expect(expected).toMatchObject([{ code: 'SOURCE_NOT_CLOSED' }])
    expect(await warningsOf(true)).toEqual(expected)
  })

  it('rejects with what onProgress throws', async () => {
    const mine = new Error('enough')
    const onProgress = () => {
      throw mine
    }
    await expect(load(BYTES, { onProgress })).rejects.toBe(mine)
  })

  it('is not started for options that are wrong', async () => {
    await expect(load(BYTES, { contextLength: -1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(load(BYTES, { worker: 1 as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('worker'),
    })
    expect(started).toHaveLength(0)
  })

  it.each<[string, () => ModelSource, LoadOptions?]>([
    ['a file that is missing', () => join(folder.path, 'none.gguf')],
    ['a directory', () => folder.path],
    ['a URL that is missing', () => `${server.base}/none.gguf`],
    ['what is no source', () => 7 as never],
    ['an empty name', () => ''],
    ['text', () => new TextEncoder().encode('not a model')],
    ['a file that is cut', () => BYTES.slice(0, BYTES.length - 100)],
    ['too little memory', () => BYTES, { memoryLimit: 2 ** 20 }],
    ['kernels that are not a module', () => BYTES, { kernels: new Uint8Array(8) }],
    ['compiled kernels on two threads', () => BYTES, { threads: 2, kernels: new WebAssembly.Module(MODULE) }],
  ])('gives the same error for %s', async (_, source, options) => {
    const errorOf = (worker: boolean) =>
      loadModel(source(), { worker, threads: 1, retries: 0, ...options }).then(
        () => undefined,
        ({ name, code, message, hint }: DasllamaError) => ({ name, code, message, hint }),
      )
    const expected = await errorOf(false)
    expect(expected).toBeDefined()
    expect(await errorOf(true)).toEqual(expected)
  })
})

it.each<[string, unknown]>([
  ['an error of its own class', new (class QuotaError extends RangeError {})('no more reads')],
  ['a string', 'no more reads'],
])('a load rejects with %s that the source has thrown', async (_, thrown) => {
  for (const allowed of [0, 3]) {
    const { source, state } = watchedSource(BYTES)
    const failing: ByteSource = {
      ...source,
      async read(...range) {
        if (state.reads === allowed) throw thrown
        await source.read(...range)
      },
    }
    await expect(load(failing)).rejects.toBe(thrown)
  }
})

it('a buffer that was detached is an error, with a Worker or without', async () => {
  const buffer = BYTES.slice().buffer
  structuredClone(buffer, { transfer: [buffer] })
  for (const worker of [false, true]) {
    await expect(load(buffer, { worker })).rejects.toMatchObject({
      code: 'IO',
      message: 'bytes: its buffer was detached',
    })
  }
})

/** A module without anything in it. */
const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

describe('a Worker that ends', () => {
  it('during a generation rejects it; the session still knows its tokens, and the model can be loaded again', async () => {
    await using model = await load(BYTES)
    const session = model.createSession()
    const generation = session.generate(PROMPT, { maxTokens: 200 })
    const ids: number[] = []
    const reading = (async () => {
      for await (const { id } of generation) {
        if (id !== undefined) ids.push(id)
        if (ids.length === 3) void started[0].terminate()
      }
    })()
    await expect(reading).rejects.toMatchObject({
      code: 'ENGINE_LOST',
      message: expect.stringContaining('Worker'),
    })
    expect(ids.slice(0, 3)).toEqual(expectedStory.slice(0, 3))
    expect(session.position).toBeGreaterThan(3)
    await expect(session.eval([1])).rejects.toMatchObject({ code: 'ENGINE_LOST' })
    expect(() => model.createSession()).toThrow(expect.objectContaining({ code: 'ENGINE_LOST' }))
    await session.dispose()
    await using again = await load(BYTES)
    expect(await storyOf(again)).toEqual(expectedStory)
  })

  it('between two calls rejects the next one', async () => {
    await using model = await load(BYTES)
    const session = model.createSession()
    await session.eval([1, 2, 3])
    await started[0].terminate()
    await expect(session.eval([4])).rejects.toMatchObject({ code: 'ENGINE_LOST' })
    expect(session.position).toBe(3)
    expect(session.logits()).toHaveLength(model.config.vocabSize)
  })

  it('after an abort does so although the source never closes', async () => {
    const { source } = watchedSource(BYTES)
    const controller = new AbortController()
    const stuck: ByteSource = {
      ...source,
      read: () => new Promise(() => controller.abort('enough')),
      close: () => new Promise(() => {}),
    }
    await expect(load(stuck, { signal: controller.signal })).rejects.toBe('enough')
    await expect.poll(() => running.size).toBe(0)
  })

  it('while a model is loaded rejects the load and closes the source', async () => {
    const { source, state } = watchedSource(BYTES)
    const stuck: ByteSource = {
      ...source,
      read: (offset, target, signal) =>
        state.reads > 2
          ? new Promise(() => void started[0].terminate())
          : source.read(offset, target, signal),
    }
    await expect(load(stuck)).rejects.toMatchObject({ code: 'ENGINE_LOST' })
    expect(state.closed).toBe(1)
  })
})

describe('garbage collection', () => {
  /** Resolves when `isDone` holds after a collection, however many are needed. */
  async function collectUntil(isDone: () => boolean): Promise<void> {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    await expect
      .poll(
        () => {
          collect()
          return isDone()
        },
        { timeout: 10_000 },
      )
      .toBe(true)
  }

  it.each<[string, (model: Model) => Promise<unknown>]>([
    ['as it was loaded', async () => {}],
    ['after an evaluation', (model) => model.createSession().eval([1, 2, 3])],
    [
      'in the middle of a generation',
      (model) => model.createSession().generate(PROMPT)[Symbol.asyncIterator]().next(),
    ],
  ])('of a model that was forgotten %s ends its Worker', async (_, use) => {
    // Nothing of this frame may hold the model.
    await (async () => void (await use(await load(BYTES))))()
    expect(running.size).toBe(1)
    await collectUntil(() => running.size === 0)
  })

  it.each([false, true])('takes the bytes that a model was loaded from, with worker: %s', async (worker) => {
    const loadFromCopy = async () => {
      const bytes = BYTES.slice()
      return { model: await load(bytes, { worker }), weak: new WeakRef(bytes) }
    }
    const { model, weak } = await loadFromCopy()
    await collectUntil(() => weak.deref() === undefined)
    expect(await storyOf(model)).toEqual(expectedStory)
    await model.dispose()
  })
})

describe('the process', () => {
  const run = (code: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', code, path], { timeout: 60_000 })

  it('goes on while a Worker computes, and ends although an idle one is left', async () => {
    const { stdout } = await run(`
      import { loadModel } from './dist/index.js'
      const model = await loadModel(process.argv[1], { worker: true, threads: 1 })
      const { ids } = await model.createSession().generate(${JSON.stringify(PROMPT)}, { maxTokens: 6 }).result()
      console.log(JSON.stringify(ids))
    `)
    expect(JSON.parse(stdout)).toEqual(expectedStory)
  })
})
