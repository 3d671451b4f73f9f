/**
 * Every fault that a server, a network, a disk or a browser's storage may have while a model is downloaded and loaded. Whatever
 * happens, a model that loads is the right one, and everything else is a clear error after which the next attempt works.
 */

import { access, appendFile, chmod, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PullOptions } from '../../src/hub/index.js'
import { ModelStore } from '../../src/hub/store.js'
import { DasllamaError, loadModel, type Warning } from '../../src/index.js'
import { storeFolder } from '../../src/platform/node/store-folder.js'
import { ChunkedFolder } from '../../src/storage/store/chunked-folder.js'
import type { StoreFolder } from '../../src/storage/store/folder.js'
import { MemoryShelf } from '../../src/storage/store/memory-shelf.js'
import { smallModel } from '../model/small.js'
import {
  afterProbe,
  askedFor,
  cutAfter,
  type Handler,
  inTurn,
  ranges,
  status,
} from '../support/http-server.js'
import { type HubFile, serveHub, sha256Of, withTag } from '../support/hub-server.js'
import { temporaryFolder } from '../support/model-files.js'
import '../support/row-reporter.js'

const MODEL = smallModel()
/** Of the same length, with other bytes at its end. */
const OTHER = MODEL.map((byte, i) => (i > MODEL.length - 50 ? byte ^ 1 : byte))
const TAG = { etag: `"${sha256Of(MODEL)}"` }
const HTML = new TextEncoder().encode('<!doctype html><title>Log in</title>'.padEnd(MODEL.length))
const NAME = 'hf:someone/models/model.gguf'
const QUICK: PullOptions = { retries: 1 }
/** For servers that say nothing. */
const BRIEF: PullOptions = { retries: 1, stallTimeout: 1000 }

type Bytes = Uint8Array<ArrayBuffer>

/** A storage, and how its bytes can be harmed. */
interface Storage {
  readonly folder: StoreFolder
  /** Replaces the bytes of the stored file, or of its first piece. */
  harm(change: (bytes: Bytes) => Bytes): Promise<void>
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

let folders = 0

function onDisk(): Storage & { readonly path: string } {
  const path = join(folder.path, String(folders++))
  return {
    path,
    folder: storeFolder(path),
    async harm(change) {
      const file = await storedPath(path)
      await writeFile(file, change(new Uint8Array(await readFile(file))))
    },
  }
}

async function storedPath(path: string): Promise<string> {
  return join(path, (await readdir(path)).find((name) => name.endsWith('.gguf'))!)
}

function inMemory(): Storage & { readonly shelf: MemoryShelf } {
  const shelf = new MemoryShelf()
  return {
    shelf,
    folder: new ChunkedFolder(shelf),
    async harm(change) {
      const key = [...shelf.blobs.keys()].find((key) => key.includes('~'))!
      shelf.blobs.set(key, change(shelf.blobs.get(key)!))
    },
  }
}

interface Attempt {
  /** `loaded`, or the code of the error. */
  readonly outcome: string
  readonly message: string
  readonly hint: string
  readonly warnings: readonly string[]
}

/** The ids that the right model generates. */
let right: readonly number[]
beforeAll(async () => {
  right = await generated(MODEL, {})
})

async function generated(
  source: string | Uint8Array,
  options: Parameters<typeof loadModel>[1],
): Promise<number[]> {
  await using model = await loadModel(source, { threads: 1, ...options })
  await using session = model.createSession({ seed: 3 })
  return [...(await session.generate('a', { maxTokens: 6, temp: 1 }).result()).ids]
}

/** Loads the model through a store. Fails the test if a model is loaded that is not the right one. */
async function attempt(storage: Storage, baseUrl: string, options: PullOptions = QUICK): Promise<Attempt> {
  const store = ModelStore.over(storage.folder, { hub: { baseUrl } })
  const warnings: string[] = []
  const onWarning = ({ code }: Warning) => void warnings.push(code)
  const { update: _, verify, ...rest } = options
  try {
    if (verify) await store.pull(NAME, options)
    const ids = await generated(NAME, { store, onWarning, ...rest } as never)
    expect(ids).toEqual(right)
    return { outcome: 'loaded', message: '', hint: '', warnings }
  } catch (error) {
    if (!(error instanceof DasllamaError)) throw error
    return { outcome: error.code, message: error.message, hint: error.hint ?? '', warnings }
  }
}

interface Fault {
  readonly fault: string
  /** How the server misbehaves. Default: it does not. */
  readonly file?: HubFile
  readonly server?: Parameters<typeof serveHub>[2]
  /** What happens to the stored model, or to the storage, before the attempt. */
  readonly before?: (storage: Storage) => Promise<void> | void
  /** Whether the model was stored before. */
  readonly isStored?: boolean
  /** Whether the server cannot be reached. */
  readonly isOffline?: boolean
  readonly options?: PullOptions
  /** Default: both. */
  readonly storage?: readonly (() => Storage)[]
  readonly outcome: string
  /** What its message or hint says. */
  readonly says?: RegExp
  readonly warns?: readonly string[]
}

const cut = (bytes: number): Handler => cutAfter(MODEL, bytes, TAG)
const good = withTag(MODEL)
const silent: Handler = () => {}
const MIDDLE = Math.floor(MODEL.length / 2)

const SERVER_FAULTS: Fault[] = [
  { fault: 'none', outcome: 'loaded' },
  { fault: '404', file: { bytes: MODEL, handler: status(404) }, outcome: 'NOT_FOUND' },
  {
    fault: 'no such repository',
    server: { list: status(404), routes: {} },
    file: { bytes: MODEL, handler: status(404) },
    outcome: 'NOT_FOUND',
  },
  { fault: '401 without a token', server: { token: 'right' }, outcome: 'IO', says: /HF_TOKEN/ },
  {
    fault: '401 with a revoked token',
    server: { token: 'right' },
    options: { ...QUICK, hub: { token: 'old' } },
    outcome: 'IO',
    says: /revoked/,
  },
  {
    fault: '403 with a token without rights',
    server: { list: status(403) },
    options: { ...QUICK, hub: { token: 'of someone' } },
    outcome: 'IO',
    says: /has not accepted the terms/,
  },
  {
    fault: '403 for the bytes only',
    file: { bytes: MODEL, handler: status(403) },
    outcome: 'IO',
    says: /terms/,
  },
  {
    fault: 'HTML instead of a list',
    server: { list: (_, response) => void response.end(HTML) },
    outcome: 'BAD_FORMAT',
    says: /HF_ENDPOINT/,
  },
  {
    fault: 'HTML instead of a model, of its length',
    file: { bytes: MODEL, handler: ranges(HTML, TAG) },
    outcome: 'BAD_FORMAT',
    says: /web page/,
  },
  {
    fault: 'HTML instead of a model, of another length',
    file: { bytes: MODEL, handler: ranges(HTML.subarray(0, 100)) },
    outcome: 'BAD_FORMAT',
    says: /instead of/,
  },
  {
    fault: 'a shorter file than stated',
    file: { bytes: MODEL.subarray(0, -1), size: MODEL.length },
    outcome: 'BAD_FORMAT',
    says: /instead of/,
  },
  {
    fault: 'a longer file than stated',
    file: { bytes: MODEL, size: MODEL.length - 1 },
    outcome: 'BAD_FORMAT',
    says: /instead of/,
  },
  {
    fault: 'bytes changed on the way',
    file: { bytes: MODEL, handler: ranges(OTHER, TAG) },
    outcome: 'BAD_FORMAT',
    says: /checksum mismatch/,
  },
  {
    fault: 'bytes changed on the way, without a tag',
    file: { bytes: MODEL, handler: ranges(OTHER) },
    outcome: 'BAD_FORMAT',
    says: /checksum mismatch/,
  },
  {
    fault: 'a connection cut once',
    file: { bytes: MODEL, handler: inTurn(good, cut(MIDDLE), good) },
    outcome: 'loaded',
  },
  {
    fault: 'a connection cut again and again',
    file: { bytes: MODEL, handler: afterProbe(good, cut(10)) },
    outcome: 'IO',
  },
  {
    fault: 'a silent server',
    file: { bytes: MODEL, handler: afterProbe(good, silent) },
    options: BRIEF,
    outcome: 'IO',
    says: /almost nothing/,
  },
  {
    fault: 'a silent server, then an answer',
    file: { bytes: MODEL, handler: inTurn(good, silent, good) },
    options: BRIEF,
    outcome: 'loaded',
  },
  {
    fault: '503 and 429 with Retry-After',
    file: {
      bytes: MODEL,
      handler: inTurn(status(503, { 'retry-after': '0' }), good, status(429, { 'retry-after': '0' }), good),
    },
    outcome: 'loaded',
  },
  { fault: '503 for ever', file: { bytes: MODEL, handler: status(503) }, outcome: 'IO', says: /overloaded/ },
  {
    fault: 'no ranges',
    file: { bytes: MODEL, handler: (_, response) => void response.end(MODEL) },
    outcome: 'loaded',
  },
  {
    fault: 'no ranges and no length',
    file: { bytes: MODEL, handler: (_, response) => void response.writeHead(200).end(MODEL) },
    outcome: 'loaded',
  },
  {
    fault: 'no ranges, other bytes',
    file: { bytes: MODEL, handler: (_, response) => void response.end(OTHER) },
    outcome: 'BAD_FORMAT',
    says: /checksum mismatch/,
  },
  { fault: 'no list of files', server: { list: status(404) }, outcome: 'loaded' },
  {
    fault: 'another range than asked for',
    file: {
      bytes: MODEL,
      handler: afterProbe(good, (request, response) => {
        const { end } = askedFor(request, MODEL.length)
        response
          .writeHead(206, { 'content-range': `bytes 5-${end - 1}/${MODEL.length}` })
          .end(MODEL.subarray(5, end))
      }),
    },
    outcome: 'IO',
    says: /requested bytes/,
  },
  { fault: 'not reachable', isOffline: true, outcome: 'IO', says: /not in the store/ },
  {
    fault: 'the tag changes while it arrives',
    file: { bytes: MODEL, handler: afterProbe(good, ranges(OTHER, { etag: '"2"' })) },
    outcome: 'IO',
    says: /replaced/,
  },
]

const STORED_FAULTS: Fault[] = [
  { fault: 'not reachable, but stored', isStored: true, isOffline: true, outcome: 'loaded' },
  {
    fault: 'stored bytes cut',
    isStored: true,
    before: ({ harm }) => harm((bytes) => bytes.slice(0, -9)),
    outcome: 'loaded',
    warns: ['STORED_FILE_DAMAGED'],
  },
  {
    fault: 'stored bytes cut, and not reachable',
    isStored: true,
    isOffline: true,
    before: ({ harm }) => harm((bytes) => bytes.slice(0, -9)),
    outcome: 'IO',
    warns: ['STORED_FILE_DAMAGED'],
  },
  {
    fault: 'stored bytes gone',
    isStored: true,
    before: ({ harm }) => harm(() => new Uint8Array(0)),
    outcome: 'loaded',
    warns: ['STORED_FILE_DAMAGED'],
  },
  {
    fault: 'stored bytes changed',
    isStored: true,
    storage: [onDisk],
    before: ({ harm }) => harm(flipped),
    outcome: 'loaded',
    warns: ['STORED_FILE_DAMAGED'],
  },
  {
    fault: 'stored bytes changed, found on demand',
    isStored: true,
    storage: [inMemory],
    options: { ...QUICK, verify: true },
    before: ({ harm }) => harm(flipped),
    outcome: 'loaded',
  },
  {
    fault: 'the record is cut',
    isStored: true,
    before: ({ folder }) => spoilTexts(folder, (text) => text.slice(0, 40)),
    outcome: 'loaded',
  },
  {
    fault: 'the record is of a later version',
    isStored: true,
    before: ({ folder }) => spoilTexts(folder, (text) => text.replace('"format": 1', '"format": 2')),
    outcome: 'loaded',
  },
  {
    fault: 'the clock was years ahead',
    isStored: true,
    isOffline: true,
    before: ({ folder }) =>
      spoilTexts(folder, (text) => text.replace(/"(storedAt|usedAt)": \d+/g, '"$1": 9999999999999')),
    outcome: 'loaded',
  },
  {
    fault: 'the file was only touched',
    isStored: true,
    isOffline: true,
    storage: [onDisk],
    before: async (storage) => {
      const { path } = storage as ReturnType<typeof onDisk>
      await utimes(await storedPath(path), new Date(0), new Date(0))
    },
    outcome: 'loaded',
  },
]

function flipped(bytes: Bytes): Bytes {
  bytes[bytes.length - 60] ^= 1
  return bytes
}

async function spoilTexts(folder: StoreFolder, change: (text: string) => string): Promise<void> {
  for (const name of await folder.texts())
    await folder.writeText(name, change((await folder.readText(name))!))
}

async function tryFault(fault: Fault, storage: Storage): Promise<Attempt> {
  const { file = { bytes: MODEL }, server, before, isStored, isOffline, options } = fault
  if (isStored) {
    await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: MODEL } })
    await ModelStore.over(storage.folder, { hub: { baseUrl: hub.base } }).pull(NAME)
  }
  await before?.(storage)
  await using hub = await serveHub('someone/models', { 'model.gguf': file }, server)
  return await attempt(storage, isOffline ? 'http://127.0.0.1:1' : hub.base, { ...QUICK, ...options })
}

/** Whether the model can be loaded once the fault is over. */
async function recovers(storage: Storage): Promise<void> {
  await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: MODEL } })
  expect((await attempt(storage, hub.base)).outcome).toBe('loaded')
}

it('a name that leads out of the repository', async ({ task }) => {
  await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: MODEL } })
  const store = ModelStore.over(inMemory().folder, { hub: { baseUrl: hub.base } })
  const refused: DasllamaError = await loadModel('hf:someone/models/../other/model.gguf', { store }).then(
    () => expect.fail('loaded'),
    (error) => error,
  )
  task.meta.row = {
    fault: 'a name with ..',
    storage: inMemory.name,
    outcome: refused.code,
    says: refused.message.slice(0, 100),
  }
  expect(refused.code).toBe('INVALID_ARGUMENT')
  expect(hub.requests).toEqual([])
})

for (const [group, faults] of Object.entries({ server: SERVER_FAULTS, stored: STORED_FAULTS })) {
  describe(`faults: ${group}`, () => {
    for (const fault of faults) {
      for (const make of fault.storage ?? [onDisk, inMemory]) {
        it(`${fault.fault} (${make.name})`, async ({ task }) => {
          const storage = make()
          const found = await tryFault(fault, storage)
          task.meta.row = rowOf(fault.fault, make.name, found)
          expect(found, `${found.message}; ${found.hint}`).toMatchObject({ outcome: fault.outcome })
          if (fault.says) expect(`${found.message}; ${found.hint}`).toMatch(fault.says)
          expect(found.warnings).toEqual(fault.warns ?? [])
          await recovers(storage)
        })
      }
    }
  })
}

function rowOf(fault: string, storage: string, { outcome, message, warnings }: Attempt) {
  const said = message.replace(/^\S+: /, '').replace(/http:\S+: /, '')
  return { fault, storage, outcome, says: (said || warnings.join(', ')).slice(0, 100) }
}

/** A storage that refuses to write after so many bytes, as a full disk and a browser's quota do. */
function withQuota(folder: StoreFolder, quota: number): StoreFolder {
  let written = 0
  return new Proxy(folder, {
    get(target, key) {
      const value = Reflect.get(target, key)
      if (key === 'freeSpace') return async () => Math.max(0, quota - written)
      if (key !== 'partial') return typeof value === 'function' ? value.bind(target) : value
      return async (name: string) => {
        const file = await target.partial(name)
        const write = file.write.bind(file)
        file.write = async (offset, bytes) => {
          if (written + bytes.length > quota) throw new DasllamaError('NO_SPACE', 'the disk is full')
          written += bytes.length
          await write(offset, bytes)
        }
        return file
      }
    },
  })
}

describe('faults: the storage', () => {
  for (const make of [onDisk, inMemory]) {
    it(`there is too little space (${make.name})`, async ({ task }) => {
      const storage = make()
      await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: MODEL } })
      const found = await attempt({ ...storage, folder: withQuota(storage.folder, 1000) }, hub.base)
      task.meta.row = rowOf('too little space', make.name, found)
      expect(found.outcome).toBe('NO_SPACE')
      expect(found.message).toMatch(/needs .* more, but there are 1000 bytes/)
      expect(hub.requests.filter(({ range }) => range !== undefined && range !== 'bytes=0-0')).toEqual([])
      await recovers(storage)
    })

    it(`the space ends half-way, and what has arrived is kept (${make.name})`, async ({ task }) => {
      const storage = make()
      const large = new Uint8Array(7 * 2 ** 20)
      large.set(MODEL)
      await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: large } })
      // Not even the storage knows its quota beforehand.
      const full = withQuota(storage.folder, 3 * 2 ** 20)
      const lying = new Proxy(full, {
        get: (target, key) => (key === 'freeSpace' ? async () => undefined : Reflect.get(target, key)),
      })
      const found = await attempt({ ...storage, folder: lying }, hub.base)
      task.meta.row = rowOf('the space ends half-way', make.name, found)
      expect(found.outcome).toBe('NO_SPACE')
      const store = ModelStore.over(storage.folder, { hub: { baseUrl: hub.base } })
      expect(await store.list()).toMatchObject([{ isComplete: false, loaded: expect.any(Number) }])
      expect(await store.pull(NAME)).toMatchObject({ isComplete: true, size: large.length })
    })
  }

  it('the disk may not be written to', async ({ task }) => {
    const storage = onDisk()
    await writeFile(storage.path, 'a file where the folder should be')
    await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: MODEL } })
    const found = await attempt(storage, hub.base)
    task.meta.row = rowOf('a file in place of the folder', onDisk.name, found)
    expect(['IO', 'NOT_FOUND']).toContain(found.outcome)
    await rm(storage.path)
    await recovers(storage)
  })

  it('the disk is read-only, with the model', async ({ task }) => {
    const storage = onDisk()
    await recovers(storage)
    const parent = dirname(storage.path)
    await chmod(parent, 0o711)
    await chmod(storage.path, 0o555)
    const found = await withoutPrivileges(() => attempt(storage, 'http://127.0.0.1:1'))
    await chmod(storage.path, 0o700)
    task.meta.row = rowOf('a read-only disk', onDisk.name, found)
    expect(found.outcome).toBe('loaded')
  })

  it('a process ended while it wrote a piece', async ({ task }) => {
    const storage = onDisk()
    const large = new Uint8Array(7 * 2 ** 20)
    large.set(MODEL)
    const handler = inTurn(withTag(large), withTag(large), status(404))
    {
      await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: large, handler } })
      const store = ModelStore.over(storage.folder, { hub: { baseUrl: hub.base }, connections: 1 })
      await store.pull(NAME).catch(() => {})
    }
    const names = await readdir(storage.path)
    const journal = join(storage.path, names.find((name) => name.endsWith('.journal'))!)
    // A line that was cut, one of bytes that are not there, and a lock of a process that has ended.
    await appendFile(journal, `${2 ** 22} ${2 ** 30}\n4194304 62914`)
    const data = names.find((name) => name.endsWith('.part'))!.slice(0, -'.part'.length)
    const dead = { pid: 2 ** 22 + 1, host: hostname(), token: 'x' }
    await writeFile(join(storage.path, `${data}.lock`), JSON.stringify(dead))
    await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: large } })
    const store = ModelStore.over(storage.folder, { hub: { baseUrl: hub.base } })
    const model = await store.pull(NAME)
    task.meta.row = {
      fault: 'a process ended while it wrote',
      storage: onDisk.name,
      outcome: 'continued',
      says: '',
    }
    expect(model.files[0].sha256).toBe(sha256Of(large))
    expect(hub.requests.map(({ range }) => range)).not.toContain('bytes=0-2097151')
  })

  it('pieces that arrived before were changed: the download begins again', async ({ task }) => {
    const storage = onDisk()
    const large = new Uint8Array(7 * 2 ** 20)
    large.set(MODEL)
    {
      const handler = inTurn(withTag(large), withTag(large), status(404))
      await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: large, handler } })
      const store = ModelStore.over(storage.folder, { hub: { baseUrl: hub.base }, connections: 1 })
      await store.pull(NAME).catch(() => {})
    }
    const part = join(storage.path, (await readdir(storage.path)).find((name) => name.endsWith('.part'))!)
    const bytes = await readFile(part)
    bytes[1000] ^= 1
    await writeFile(part, bytes)
    await using hub = await serveHub('someone/models', { 'model.gguf': { bytes: large } })
    const store = ModelStore.over(storage.folder, { hub: { baseUrl: hub.base } })
    const model = await store.pull(NAME)
    task.meta.row = {
      fault: 'pieces changed between two attempts',
      storage: onDisk.name,
      outcome: 'begun again',
      says: '',
    }
    expect(model.files[0].sha256).toBe(sha256Of(large))
  })
})

/** Runs `action` as another user, if this one may write everywhere (root) and that one may read this repository. */
async function withoutPrivileges<T>(action: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await action()
  process.seteuid?.('nobody')
  try {
    await access(fileURLToPath(import.meta.url)).catch(() => process.seteuid?.(0))
    return await action()
  } finally {
    process.seteuid?.(0)
  }
}
