/** The model store in real browsers: a download that survives a reload, two tabs, Workers, and storage that is missing, denied or full. */
import { readFile } from 'node:fs/promises'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/index.js'
import { type FakeHub, serveSlowHub } from '../support/hub-server.js'
import { TINY_STORIES } from '../support/model-files.js'
import '../support/row-reporter.js'
import { BROWSERS } from './browsers.js'
import { type FileServer, serveFiles } from './file-server.js'
import { firefoxPath, startFirefox } from './firefox.js'

const PIECE = 2 ** 21
let bytes: Uint8Array
let told: string
let server: FileServer
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(TINY_STORIES))
  await using model = await loadModel(TINY_STORIES, { threads: 1, kernels: 'baseline' })
  await using session = model.createSession({ seed: 7 })
  told = (await session.generate('Once upon a time', { maxTokens: 12 }).result()).text
  server = await serveFiles()
})
afterAll(() => server.close())

const slowHub = () => serveSlowHub('someone/stories', 'tiny.gguf', bytes, PIECE)

const downloads = (hub: FakeHub) =>
  hub.requests
    .filter(({ path, range }) => path.startsWith('/cdn/') && range !== 'bytes=0-0')
    .map(({ range }) => range)

const PIECES = () => [`bytes=0-${PIECE - 1}`, `bytes=${PIECE}-${bytes.length - 1}`]

/** Calls a function of store-program.mjs in a page. */
const call = <T>(page: Page, task: string, ...values: unknown[]) =>
  page.evaluate<T>(
    `import('/test/runtimes/store-program.mjs').then((program) => program.${task}(...${JSON.stringify(values)}))`,
  )

interface Pulled {
  readonly before: { readonly isComplete: boolean; readonly loaded: number }[]
  readonly model: { readonly isComplete: boolean; readonly isVerified: boolean }
  readonly warnings: string[]
  readonly location: string
}

describe.for(BROWSERS)('the store in $name', ({ name, isMissing, start }) => {
  const test = it.skipIf(isMissing)
  let browser: Browser
  let context: BrowserContext
  let page: Page
  beforeAll(async () => {
    if (!isMissing) browser = await start()
  })
  afterAll(() => browser?.close())

  async function open(): Promise<Page> {
    context = await browser.newContext()
    page = await context.newPage()
    await page.goto(`${server.url}plain`)
    return page
  }

  test('continues a download after a reload, and loads the model on a page and in its Worker', async ({
    task,
  }) => {
    await using hub = await slowHub()
    await open()
    expect(await call(page, 'pullAPiece', hub.base)).toMatchObject({ isComplete: false, loaded: PIECE })
    await page.reload()
    hub.release()
    const before = downloads(hub).length
    const pulled = await call<Pulled>(page, 'pullAll', hub.base)
    task.meta.row = {
      fault: 'a reload half-way',
      storage: name,
      outcome: 'continued',
      says: pulled.location,
    }
    expect(pulled).toMatchObject({
      before: [{ loaded: PIECE }],
      model: { isComplete: true, isVerified: true },
    })
    expect(downloads(hub).slice(before)).toEqual([PIECES()[1]])
    const requests = hub.requests.length
    for (const worker of [true, false])
      expect(await call(page, 'tell', hub.base, worker)).toEqual({ text: told, from: ['store'] })
    expect(hub.requests.length).toBe(requests)
    await context.close()
  })

  test('downloads once for two tabs, and the second continues if the first is closed', async ({ task }) => {
    for (const closes of [false, true]) {
      await using hub = await slowHub()
      const first = await open()
      const second = await context.newPage()
      await second.goto(`${server.url}plain`)
      await call(first, 'pullAPiece', hub.base)
      const pulling = call<Pulled>(second, 'pullAll', hub.base)
      await second.waitForFunction('globalThis.lastWarning')
      if (closes) await first.close()
      hub.release()
      const pulled = await pulling
      expect(pulled).toMatchObject({ model: { isComplete: true }, warnings: ['WAITING_FOR_DOWNLOAD'] })
      expect(new Set(downloads(hub))).toEqual(new Set(PIECES()))
      if (!closes) expect(downloads(hub)).toHaveLength(2)
      await context.close()
    }
    task.meta.row = {
      fault: 'two tabs; a tab closed',
      storage: name,
      outcome: 'one download',
      says: 'WAITING_FOR_DOWNLOAD',
    }
  })

  test('works in a Worker, with synchronous handles', async () => {
    await using hub = await slowHub()
    hub.release()
    await open()
    const inWorker = <T>(...message: unknown[]) =>
      page.evaluate<T>(`new Promise((resolve, reject) => {
        const worker = new Worker('/test/runtimes/store-worker.mjs', { type: 'module' })
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => reject(new Error(message))
        worker.postMessage(${JSON.stringify(message)})
      })`)
    expect(await inWorker('pullAll', hub.base)).toMatchObject({
      model: { isComplete: true, isVerified: true },
    })
    expect(await inWorker('tell', hub.base)).toEqual({ text: told, from: ['store'] })
    // The page sees what the Worker has stored.
    expect(await call(page, 'tell', hub.base)).toEqual({ text: told, from: ['store'] })
    await context.close()
  })

  test('uses the Cache API where there is no private file system, and survives a reload there too', async ({
    task,
  }) => {
    await using hub = await slowHub()
    await open()
    await context.addInitScript('delete StorageManager.prototype.getDirectory')
    await page.reload()
    await call(page, 'pullAPiece', hub.base)
    await page.reload()
    hub.release()
    const pulled = await call<Pulled>(page, 'pullAll', hub.base)
    task.meta.row = {
      fault: 'no private file system',
      storage: name,
      outcome: 'continued',
      says: pulled.location,
    }
    expect(pulled).toMatchObject({
      before: [{ loaded: PIECE }],
      model: { isComplete: true },
      location: expect.stringContaining('cache'),
    })
    expect(await call(page, 'tell', hub.base)).toEqual({ text: told, from: ['store'] })
    await context.close()
  })

  test('reads from the server where storage is denied, as in private windows', async ({ task }) => {
    await using hub = await slowHub()
    hub.release()
    await open()
    await context.addInitScript(`
      const deny = async () => { throw new DOMException('denied', 'SecurityError') }
      StorageManager.prototype.getDirectory = deny
      CacheStorage.prototype.open = deny`)
    await page.reload()
    const result = await call<string[]>(page, 'tellUnkept', hub.base)
    task.meta.row = {
      fault: 'storage denied',
      storage: name,
      outcome: 'loaded',
      says: result.slice(1, 3).join(': ').slice(0, 100),
    }
    expect(result).toEqual([told, 'NO_STORE', expect.stringContaining('private windows'), 'IO'])
    await context.close()
  })

  test('loads a stored model without a network, and says that another one is not stored', async ({
    task,
  }) => {
    const hub = await slowHub()
    hub.release()
    await open()
    await call(page, 'pullAll', hub.base)
    await hub[Symbol.asyncDispose]()
    expect(await call(page, 'tell', hub.base)).toEqual({ text: told, from: ['store'] })
    await call(page, 'removeAll', hub.base)
    const message = await call<string>(page, 'failureOf', hub.base)
    task.meta.row = { fault: 'not reachable', storage: name, outcome: 'IO', says: message.slice(4, 104) }
    expect(message).toMatch(/^IO: .* is not in the store and cannot be downloaded now/)
    await context.close()
  })

  test.for(['cut', 'changed'])(
    'downloads a model again whose stored bytes were %s',
    async (how, { task }) => {
      await using hub = await slowHub()
      hub.release()
      await open()
      await call(page, 'pullAll', hub.base)
      await call(page, 'harm', how)
      expect(await call(page, 'tell', hub.base)).toEqual({ text: told, from: ['network'] })
      expect(await page.evaluate('lastWarning')).toBe('STORED_FILE_DAMAGED')
      // And again from the store.
      expect(await call(page, 'tell', hub.base)).toEqual({ text: told, from: ['store'] })
      task.meta.row = {
        fault: `stored bytes ${how}`,
        storage: name,
        outcome: 'loaded',
        says: 'STORED_FILE_DAMAGED',
      }
      await context.close()
    },
  )

  // Firefox has no command that lowers a quota.
  if (name === 'Firefox') return

  test('reports a quota that is too small, and what is needed', async ({ task }) => {
    await using hub = await slowHub()
    hub.release()
    await open()
    const session = await context.newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', {
      origin: new URL(server.url).origin,
      quotaSize: 2 ** 20,
    })
    const message =
      await page.evaluate<string>(`import('/test/runtimes/store-program.mjs').then(({ pullAll }) =>
      pullAll('${hub.base}').catch(({ code, message }) => code + ': ' + message))`)
    task.meta.row = {
      fault: 'quota too small',
      storage: 'Chromium',
      outcome: message.split(':')[0],
      says: message.slice(10, 110),
    }
    expect(message).toMatch(/^NO_SPACE: .* needs [\d.]+ MiB more, but (there are|the storage takes no more)/)
    expect(await call<Pulled>(page, 'removeAll', hub.base)).toBe(0)
    await context.close()
  })

  test('keeps what has arrived when the quota is reached half-way, and continues when there is space again', async ({
    task,
  }) => {
    await using hub = await slowHub()
    await open()
    const session = await context.newCDPSession(page)
    const origin = new URL(server.url).origin
    const failing = call<string>(page, 'failureOf', hub.base)
    await expect.poll(() => call<number>(page, 'arrived', hub.base), { timeout: 60_000 }).toBe(PIECE)
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: PIECE + 2 ** 16 })
    hub.release()
    const message = await failing
    task.meta.row = {
      fault: 'quota reached half-way',
      storage: name,
      outcome: 'NO_SPACE, then continued',
      says: message.slice(10, 110),
    }
    expect(message).toMatch(/^NO_SPACE: /)
    expect(await call(page, 'arrived', hub.base)).toBe(PIECE)
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    expect(await call(page, 'pullAll', hub.base)).toMatchObject({ model: { isVerified: true } })
    expect(downloads(hub).filter((range) => range === PIECES()[0])).toHaveLength(1)
    await context.close()
  })
})

it.skipIf(firefoxPath === undefined)(
  'the store in a private window of Firefox, which has a cache but no private file system',
  async ({ task }) => {
    await using hub = await slowHub()
    hub.release()
    await using browser = await startFirefox({ 'browser.privatebrowsing.autostart': true })
    const page = await browser.newPage()
    await page.goto(`${server.url}plain`)
    const { model, location } = await call<Pulled>(page, 'pullAll', hub.base)
    task.meta.row = { fault: 'a private window', storage: 'Firefox', outcome: 'loaded', says: location }
    expect(model).toMatchObject({ isComplete: true, isVerified: true })
    expect(location).toContain('cache')
    expect(await call(page, 'tell', hub.base)).toEqual({ text: told, from: ['store'] })
  },
)
