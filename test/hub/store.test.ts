import { readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { u16, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import {
  type HubProgress,
  type ModelStore,
  memoryStore,
  openStore,
  type PullOptions,
} from '../../src/hub/index.js'
import { DasllamaError, loadModel, loadTokenizer, type Warning } from '../../src/index.js'
import { openFile } from '../../src/platform/node/file-source.js'
import type { ByteSource } from '../../src/storage/source.js'
import { smallModel, smallParts } from '../model/small.js'
import { cutAfter, type Handler, inTurn, status } from '../support/http-server.js'
import { COMMIT, type FakeHub, type HubFile, serveHub, sha256Of, withTag } from '../support/hub-server.js'
import { temporaryFolder } from '../support/model-files.js'

const MODEL = smallModel()
/** A file that takes several pieces. */
const LARGE = Uint8Array.from({ length: 11 * 2 ** 20 }, (_, i) => (i * 31 + (i >> 12)) % 251)
LARGE.set(new TextEncoder().encode('GGUF'))
const NAME = 'hf:someone/models/model.gguf'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

let stores = 0
const newFolder = () => join(folder.path, String(stores++))

async function withHub<T>(
  files: Record<string, HubFile>,
  work: (hub: FakeHub, options: { hub: { baseUrl: string } }) => Promise<T>,
  settings: Parameters<typeof serveHub>[2] = {},
): Promise<T> {
  await using hub = await serveHub('someone/models', files, settings)
  return await work(hub, { hub: { baseUrl: hub.base } })
}

/** The checksum of the model as it is loaded. */
async function digestOf(store: ModelStore): Promise<string> {
  const source = await store.open(NAME)
  const opened = typeof source === 'string' ? await openFile(source) : source
  if (!('read' in (opened as object))) throw new Error('not a source of bytes')
  const { size, read, close } = opened as ByteSource
  const bytes = new Uint8Array(size)
  await read.call(opened, 0, bytes)
  await close.call(opened)
  return sha256Of(bytes)
}

describe('a store in a folder', () => {
  it('keeps what it has pulled, under the name of a commit with its checksum', async () => {
    await withHub({ 'model.gguf': { bytes: MODEL } }, async (hub, options) => {
      const path = newFolder()
      const store = await openStore({ folder: path, ...options })
      const events: HubProgress[] = []
      const model = await store.pull(NAME, { onProgress: (progress) => events.push(progress) })
      expect(model).toMatchObject({
        name: `${NAME}@main`,
        size: MODEL.length,
        isComplete: true,
        isVerified: true,
        files: [{ sha256: sha256Of(MODEL) }],
      })
      expect(hub.requests.some(({ path }) => path.includes(COMMIT))).toBe(true)
      expect(events.at(-1)).toMatchObject({ loaded: MODEL.length, total: MODEL.length, from: 'network' })
      expect((await readdir(path)).sort()).toEqual([
        expect.stringMatching(/^[0-9a-f]{12}-model\.gguf$/),
        expect.stringMatching(/^[0-9a-f]{12}-model\.gguf\.json$/),
      ])
      const requests = hub.requests.length
      await store.pull(NAME)
      expect(await digestOf(await openStore({ folder: path }))).toBe(sha256Of(MODEL))
      expect(hub.requests.length).toBe(requests)
    })
  })
  it('downloads in several requests at a time, and hashes what it stored', async () => {
    await withHub({ 'model.gguf': { bytes: LARGE } }, async (hub, options) => {
      const store = await openStore({ folder: newFolder(), ...options })
      expect(await store.pull(NAME)).toMatchObject({ files: [{ sha256: sha256Of(LARGE) }] })
      expect(hub.downloads()).toBeGreaterThan(4)
      expect(await digestOf(store)).toBe(sha256Of(LARGE))
    })
  })

  it('continues after the process has ended, with the pieces that it has', async () => {
    const path = newFolder()
    const broken: Handler = inTurn(withTag(LARGE), withTag(LARGE), status(404))
    await withHub({ 'model.gguf': { bytes: LARGE, handler: broken } }, async (_, options) => {
      const store = await openStore({ folder: path, connections: 1, ...options })
      await expect(store.pull(NAME)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      const [model] = await store.list()
      expect(model).toMatchObject({
        name: `${NAME}@main`,
        isComplete: false,
        loaded: 2 ** 21,
        size: LARGE.length,
      })
      await expect(digestOf(await openStore({ folder: path, retries: 0, ...options }))).rejects.toThrow()
    })
    await withHub({ 'model.gguf': { bytes: LARGE } }, async (hub, options) => {
      const store = await openStore({ folder: path, ...options })
      const first: HubProgress[] = []
      expect(await store.pull(NAME, { onProgress: (event) => first.push(event) })).toMatchObject({
        isComplete: true,
      })
      expect(first[0].loaded).toBeGreaterThanOrEqual(2 ** 21)
      expect(hub.requests.map(({ range }) => range)).not.toContain(`bytes=0-${2 ** 21 - 1}`)
      expect(await digestOf(store)).toBe(sha256Of(LARGE))
    })
  })

  it('begins again if the file on the server is another one', async () => {
    const path = newFolder()
    const other = LARGE.map((byte, i) => (i < 4 ? byte : 255 - byte))
    const cut: Handler = inTurn(withTag(other), withTag(other), status(404))
    await withHub({ 'model.gguf': { bytes: other, handler: cut } }, async (_, options) => {
      const store = await openStore({ folder: path, connections: 1, ...options })
      await expect(store.pull(NAME)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })
    await withHub({ 'model.gguf': { bytes: LARGE } }, async (_, options) => {
      const store = await openStore({ folder: path, ...options })
      await store.pull(NAME)
      expect(await digestOf(store)).toBe(sha256Of(LARGE))
    })
  })

  it('is shared by callers, and the one that leaves does not stop the others', async () => {
    await withHub({ 'model.gguf': { bytes: LARGE } }, async (hub, options) => {
      const store = await openStore({ folder: newFolder(), ...options })
      const leaving = new AbortController()
      const left = store.pull(NAME, {
        signal: leaving.signal,
        onProgress: () => leaving.abort(new Error('enough')),
      })
      const stayed = store.pull(NAME)
      await expect(left).rejects.toThrow('enough')
      expect(await stayed).toMatchObject({ isComplete: true })
      const ranges = hub.requests.filter(({ path }) => path.startsWith('/cdn/')).map(({ range }) => range)
      expect(new Set(ranges).size).toBe(ranges.length)
    })
  })

  it('waits for another store on the same folder, as of another process', async () => {
    await withHub({ 'model.gguf': { bytes: LARGE } }, async (hub, options) => {
      const path = newFolder()
      const warnings: Warning[] = []
      const onWarning = (warning: Warning) => warnings.push(warning)
      const [one, two] = await Promise.all([
        openStore({ folder: path, ...options }),
        openStore({ folder: path, ...options }),
      ])
      const first = one.pull(NAME, { onWarning })
      const second = two.pull(NAME, { onWarning })
      expect([await first, await second].map(({ isComplete }) => isComplete)).toEqual([true, true])
      expect(warnings.map(({ code }) => code)).toEqual(['WAITING_FOR_DOWNLOAD'])
      const ranges = hub.requests.filter(({ path }) => path.startsWith('/cdn/')).map(({ range }) => range)
      expect(new Set(ranges).size).toBe(ranges.length)
      expect(await readdir(path)).toHaveLength(2)
    })
  })

  it('takes over the lock of a process that has ended', async () => {
    await withHub({ 'model.gguf': { bytes: MODEL } }, async (_, options) => {
      const path = newFolder()
      const store = await openStore({ folder: path, ...options })
      const { files } = await store.pull(NAME)
      const [data] = (await readdir(path)).filter((name) => name.endsWith('.gguf'))
      await store.remove(NAME)
      const dead = { pid: 2 ** 22 + 1, host: (await import('node:os')).hostname(), token: 'x' }
      await writeFile(join(path, `${data}.lock`), JSON.stringify(dead))
      expect((await store.pull(NAME)).files).toEqual(files)
    })
  })

  it('replaces a stored model on update only, and keeps it where the server cannot be reached', async () => {
    const path = newFolder()
    await withHub({ 'model.gguf': { bytes: MODEL } }, async (_, options) => {
      await (await openStore({ folder: path, ...options })).pull(NAME)
    })
    await withHub({ 'model.gguf': { bytes: LARGE } }, async (_, options) => {
      const store = await openStore({ folder: path, ...options })
      await store.pull(NAME)
      expect(await digestOf(store)).toBe(sha256Of(MODEL))
      await store.pull(NAME, { update: true })
      expect(await digestOf(store)).toBe(sha256Of(LARGE))
    })
    const offline = await openStore({ folder: path, retries: 0, hub: { baseUrl: 'http://127.0.0.1:1' } })
    const warnings: Warning[] = []
    await offline.pull(NAME, { update: true, onWarning: (warning) => warnings.push(warning) })
    expect(warnings).toMatchObject([{ code: 'NOT_UPDATED' }])
  })

  it('lists, sizes, pins and removes', async () => {
    const files = { 'a.gguf': { bytes: MODEL }, 'b.gguf': { bytes: LARGE } }
    await withHub(files, async (_, options) => {
      const path = newFolder()
      const store = await openStore({ folder: path, maxBytes: LARGE.length + MODEL.length - 1, ...options })
      await store.pull('hf:someone/models/a.gguf')
      expect(await store.size()).toMatchObject({ used: MODEL.length, free: expect.any(Number) })
      await store.pin('hf:someone/models/a.gguf')
      await expect(store.pull('hf:someone/models/b.gguf')).rejects.toMatchObject({ code: 'NO_SPACE' })
      await store.pin('hf:someone/models/a.gguf', false)
      await store.pull('hf:someone/models/b.gguf')
      expect((await store.list()).map(({ name }) => name)).toEqual(['hf:someone/models/b.gguf@main'])
      expect(await store.has('hf:someone/models/a.gguf')).toBe(false)
      await store.remove('hf:someone/models/b.gguf')
      await expect(store.remove('hf:someone/models/b.gguf')).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await readdir(path)).toEqual([])
    })
  })

  it('chooses a file by its type, and finds it again without the server', async () => {
    const files = Object.fromEntries(
      ['m-Q8_0.gguf', 'm-Q4_K_M.gguf', 'mmproj-Q4_K_M.gguf', 'README.md'].map((path) => [
        path,
        { bytes: MODEL },
      ]),
    )
    await withHub(files, async (hub, options) => {
      const store = await openStore({ folder: newFolder(), ...options })
      expect((await store.pull('hf:someone/models')).name).toBe('hf:someone/models/m-Q4_K_M.gguf@main')
      expect((await store.pull('hf:someone/models:q8_0')).name).toBe('hf:someone/models/m-Q8_0.gguf@main')
      const requests = hub.requests.length
      expect((await store.pull('hf:someone/models:Q8_0')).name).toBe('hf:someone/models/m-Q8_0.gguf@main')
      expect(hub.requests.length).toBe(requests)
      await expect(store.pull('hf:someone/models:Q2_K')).rejects.toMatchObject({
        code: 'NOT_FOUND',
        hint: 'it has m-Q8_0.gguf, m-Q4_K_M.gguf',
      })
      await expect(store.pull('hf:someone/models/m-Q8_1.gguf')).rejects.toThrow('did you mean "m-Q8_0.gguf"?')
    })
  })

  it('keeps a file of an address, and does not continue one without a version', async () => {
    const anonymous = cutAfter(LARGE, 3 * 2 ** 20)
    await withHub(
      { 'model.gguf': { bytes: LARGE, handler: inTurn(withTag(LARGE), anonymous, anonymous, status(404)) } },
      async (hub) => {
        const path = newFolder()
        const store = await openStore({ folder: path, retries: 0 })
        await expect(store.pull(`${hub.base}/cdn/model.gguf`)).rejects.toThrow()
        expect((await readdir(path)).filter((name) => name.endsWith('.gguf'))).toEqual([])
      },
    )
    await withHub({ 'model.gguf': { bytes: MODEL } }, async (hub) => {
      const store = await openStore({ folder: newFolder() })
      const model = await store.pull(`${hub.base}/cdn/model.gguf`)
      expect(model).toMatchObject({ isVerified: false, isComplete: true })
      const requests = hub.requests.length
      await loadTokenizer(`${hub.base}/cdn/model.gguf`, { store })
      expect(hub.requests.length).toBe(requests)
    })
  })
})

describe('loadModel with a name on the hub', () => {
  const text = async (
    source: string,
    options: PullOptions & { store: Awaited<ReturnType<typeof openStore>> },
  ) => {
    const { hub, store, onProgress, onWarning } = options
    await using model = await loadModel(source, {
      threads: 1,
      hub,
      store,
      onProgress: onProgress as never,
      onWarning,
    })
    using session = model.createSession({ seed: 1 })
    return (await session.generate('a', { maxTokens: 5 }).result()).ids
  }

  it('loads it while it arrives, then from the store, with the same result', async () => {
    await withHub({ 'model.gguf': { bytes: MODEL } }, async (hub, options) => {
      for (const store of [await openStore({ folder: newFolder(), ...options }), memoryStore(options)]) {
        const events: { from: string }[] = []
        const onProgress = (event: { from: string }) => void events.push(event)
        const arriving = await text(NAME, { store, onProgress })
        expect(new Set(events.map(({ from }) => from))).toContain('network')
        const requests = hub.requests.length
        events.length = 0
        expect(await text(NAME, { store, onProgress })).toEqual(arriving)
        expect(new Set(events.map(({ from }) => from))).toEqual(new Set(['store']))
        expect(hub.requests.length).toBe(requests)
        await using plain = await loadModel(MODEL, { threads: 1 })
        using session = plain.createSession({ seed: 1 })
        expect((await session.generate('a', { maxTokens: 5 }).result()).ids).toEqual(arriving)
      }
    })
  })

  it('downloads all parts of a split model, and loads them from any store', async () => {
    const { metadata, tensors } = smallParts()
    const parts = [tensors.slice(0, 5), tensors.slice(5)].map((own, no) =>
      writeGguf({
        metadata: [
          ...(no === 0 ? metadata : []),
          ['split.no', u16(no)],
          ['split.count', u16(2)],
          ['split.tensors.count', u32(tensors.length)],
        ],
        tensors: own,
      }),
    )
    const files = {
      'big/m-00001-of-00002.gguf': { bytes: parts[0] },
      'big/m-00002-of-00002.gguf': { bytes: parts[1] },
    }
    const total = parts[0].length + parts[1].length
    await withHub(files, async (hub, options) => {
      const name = 'hf:someone/models/big/m-00001-of-00002.gguf'
      await using plain = await loadModel(MODEL, { threads: 1 })
      using session = plain.createSession({ seed: 1 })
      const { ids } = await session.generate('a', { maxTokens: 5 }).result()
      for (const store of [await openStore({ folder: newFolder(), ...options }), memoryStore(options)]) {
        const events: { total: number; from: string }[] = []
        const onProgress = (event: { total: number; from: string }) => void events.push(event)
        expect(await text(name, { store, onProgress: onProgress as never })).toEqual(ids)
        expect(new Set(events.map((event) => event.from))).toEqual(new Set(['network', 'store']))
        expect(events[0].total).toBe(total)
        const requests = hub.requests.length
        expect(await text(name, { store })).toEqual(ids)
        await using remote = await loadModel(name, { store, worker: true, threads: 1 })
        expect(remote.config.layers).toBe(plain.config.layers)
        expect(hub.requests.length).toBe(requests)
        expect(await store.list()).toMatchObject([
          { name: `${name}@main`, size: total, isComplete: true, files: [{}, {}] },
        ])
        await store.remove(name)
        expect(await store.list()).toEqual([])
      }
      await using direct = await loadModel(name, { store: false, threads: 1, ...options })
      expect(direct.config.layers).toBe(plain.config.layers)
    })
  })

  it('reads only the beginning for a tokenizer, and stores nothing', async () => {
    await withHub({ 'model.gguf': { bytes: MODEL } }, async (_, options) => {
      const store = await openStore({ folder: newFolder() })
      const { vocabSize } = await loadTokenizer(NAME, { store, ...options })
      expect(vocabSize).toBeGreaterThan(0)
      expect(await store.list()).toEqual([])
    })
  })

  it('without a store, reads it from the server', async () => {
    await withHub({ 'model.gguf': { bytes: MODEL } }, async (_, options) => {
      await using model = await loadModel(NAME, { threads: 1, store: false, ...options })
      expect(model.config.layers).toBeGreaterThan(0)
    })
  })

  it('stops the download when loading fails, and keeps what has arrived', async () => {
    await withHub({ 'model.gguf': { bytes: LARGE } }, async (_, options) => {
      const store = await openStore({ folder: newFolder(), ...options })
      await expect(loadModel(NAME, { threads: 1, store })).rejects.toBeInstanceOf(DasllamaError)
      const [model] = await store.list()
      expect(model?.isComplete ?? false).toBe(false)
    })
  })
})

describe('a stored file', () => {
  const damaged = async (harm: (path: string) => Promise<void>, options: PullOptions = {}) => {
    return withHub({ 'model.gguf': { bytes: MODEL } }, async (_, hubOptions) => {
      const path = newFolder()
      const store = await openStore({ folder: path, retries: 0, ...hubOptions })
      await store.pull(NAME)
      const [data] = (await readdir(path)).filter((name) => name.endsWith('.gguf'))
      await harm(join(path, data))
      const warnings: Warning[] = []
      await store.pull(NAME, { ...options, onWarning: (warning) => warnings.push(warning) })
      expect(await digestOf(store)).toBe(sha256Of(MODEL))
      return warnings.map(({ code }) => code)
    })
  }

  it('that was cut is downloaded again', async () => {
    expect(await damaged((path) => truncate(path, 100))).toEqual(['STORED_FILE_DAMAGED'])
  })

  it('in which a byte was changed is downloaded again', async () => {
    const flip = async (path: string) => {
      const bytes = await readFile(path)
      bytes[bytes.length - 10] ^= 1
      await writeFile(path, bytes)
    }
    expect(await damaged(flip)).toEqual(['STORED_FILE_DAMAGED'])
    // With its time restored only a complete check finds it.
    const secretly = async (path: string) => {
      const { atime, mtime } = await stat(path)
      await flip(path)
      await utimes(path, atime, mtime)
    }
    expect(await damaged(secretly, { verify: true })).toEqual(['STORED_FILE_DAMAGED'])
  })

  it('that was only touched is read once and kept', async () => {
    expect(await damaged((path) => utimes(path, new Date(0), new Date(0)))).toEqual([])
  })
})
