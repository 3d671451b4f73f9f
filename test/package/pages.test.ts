/** The package on pages that restrict what it may do, and in other places of a browser: unbundled, in Chromium. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { type FileServer, type SpecialResponse, serveFiles } from '../runtimes/file-server.js'
import { MODEL_PATH, storiesInNode } from '../runtimes/stories.js'
import { type Outcome, visit } from './site.js'

const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

/** A program with `tell`, from an entry of the package. */
const program = (entry: string, options: string) => `
  import { loadModel } from '/dist/${entry}.js'
  const tell = async () => {
    const warnings = []
    const onWarning = ({ code }) => warnings.push(code)
    const model = await loadModel(new URL('/${MODEL_PATH}', location.origin), { kernels: 'baseline', onWarning, ...${options} })
    const session = model.createSession()
    const { ids } = await session.generate('Once upon a time', { maxTokens: 12 }).result()
    const { text } = await session.generate('Once', { maxTokens: 3, responseFormat: { type: 'grammar', grammar: 'root ::= "ab"' } }).result()
    const state = await session.save()
    await model.dispose()
    return { ids, text, isSaved: state.length > 0, warnings }
  }
  const outcome = () => tell().catch(({ name, code, message, hint }) => ({ error: { name, code, message, hint } }))`

const scripts: Record<string, string> = {
  '/page.js': `${program('index', '{ worker: false }')}
    globalThis.onPage = outcome()`,
  '/threads.js': `${program('index', '{ worker: false, threads: 2 }')}
    globalThis.onPage = outcome()`,
  '/service-worker.js': `${program('service-worker', '{}')}
    addEventListener('message', (event) => event.waitUntil(outcome().then((result) => event.source.postMessage(result))))`,
  '/plain-service-worker.js': `${program('index', '{}')}
    addEventListener('message', (event) => event.waitUntil(outcome().then((result) => event.source.postMessage(result))))`,
}

const registering = (script: string) => `<script type="module">
  globalThis.onPage = new Promise(async (resolve) => {
    navigator.serviceWorker.onmessage = ({ data }) => resolve(data)
    const { installing, active } = await navigator.serviceWorker.register('${script}', { type: 'module' })
    const worker = installing ?? active
    if (worker.state !== 'activated') await new Promise((done) => {
      worker.onstatechange = () => worker.state === 'activated' && done()
    })
    worker.postMessage('tell')
  })
</script>`

const page = (script: string, headers = {}, before = ''): SpecialResponse => ({
  body: `${before}<script type="module" src="${script}"></script>`,
  headers: { ...ISOLATION, ...headers },
})

const PAGES: Readonly<Record<string, SpecialResponse>> = {
  '/strict': page('/page.js', { 'content-security-policy': "script-src 'self'" }),
  '/trusted': page('/threads.js', { 'content-security-policy': "require-trusted-types-for 'script'" }),
  '/electron': page(
    '/page.js',
    {},
    `<script>globalThis.process = { versions: { node: '22.0.0', electron: '38.0.0' }, type: 'renderer' }</script>`,
  ),
  '/serving': { body: registering('/service-worker.js'), headers: {} },
  '/plainly-serving': { body: registering('/plain-service-worker.js'), headers: {} },
}

let server: FileServer
let browser: Browser
let story: readonly number[]

beforeAll(async () => {
  story = (await storiesInNode()).greedy.ids.slice(0, 12)
  server = await serveFiles(undefined, (path) => {
    const script = scripts[path]
    return script === undefined ? PAGES[path] : { body: script, isScript: true, headers: ISOLATION }
  })
  browser = await startChromium()
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

async function result({ task }: TestContext, path: string, row: string): Promise<Outcome> {
  const { onPage } = await visit(browser, `${server.url}${path}`, ['onPage'])
  task.meta.row = { tool: task.name, result: row }
  return onPage
}

const told = () => ({ ids: story, text: 'ab', isSaved: true, warnings: [] })

describe.skipIf(withoutChromium)('Chromium', () => {
  it("Content Security Policy without 'wasm-unsafe-eval'", async (test) => {
    const { error } = await result(test, 'strict', 'an error that names it')
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining("'wasm-unsafe-eval'") })
    expect(error?.hint).not.toContain('SIMD')
  })

  it('Trusted Types, threads: 2', async (test) => {
    const { error } = await result(test, 'trusted', 'UNSUPPORTED')
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('threads: 1') })
    expect(error?.message).toMatch(/TrustedScriptURL/)
  })

  it('a page with process.versions.node, as in Electron (simulated)', async (test) => {
    expect(await result(test, 'electron', "works, on the browser's path")).toEqual(told())
  })

  it('dasllama/service-worker in a service worker', async (test) => {
    expect(await result(test, 'serving', 'works')).toEqual(told())
  })

  it('dasllama in a service worker', async (test) => {
    const { error } = await result(test, 'plainly-serving', 'an error that names dasllama/service-worker')
    expect(error).toMatchObject({ code: 'IO', hint: expect.stringContaining('dasllama/service-worker') })
  })
})
