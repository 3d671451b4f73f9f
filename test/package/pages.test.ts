/** The package on pages that restrict what it may do, and in other places of a browser: unbundled, in Chromium. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { type FileServer, type SpecialResponse, serveFiles } from '../runtimes/file-server.js'
import { MODEL_PATH } from '../runtimes/stories.js'
import { report } from './rows.js'
import { type Outcome, visit } from './site.js'

const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

/** Of a server whose files pages of other origins may load. */
const CDN = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

/** A program with `outcome`, from an entry of the package. */
const program = (entry: string, options: string) => `
  import { loadModel } from '${entry}'
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
  '/page.js': `${program('/dist/index.js', '{ worker: false }')}
    globalThis.onPage = outcome()`,
  '/service-worker.js': `${program('/dist/service-worker.js', '{}')}
    addEventListener('message', (event) => event.waitUntil(outcome().then((result) => event.source.postMessage(result))))`,
  '/plain-service-worker.js': `${program('/dist/index.js', '{}')}
    addEventListener('message', (event) => event.waitUntil(outcome().then((result) => event.source.postMessage(result))))`,
}

/** Programs on pages that may not start a Worker: as they would be written, and with threads that are asked for. */
function addPrograms(name: string, dist: string): void {
  scripts[`/${name}.js`] = `${program(`${dist}index.js`, '{}')}
    globalThis.onPage = outcome()`
  scripts[`/${name}-threads.js`] = `${program(`${dist}index.js`, '{ worker: false, threads: 2 }')}
    globalThis.onPage = outcome()`
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

const TRUSTED_TYPES = { 'content-security-policy': "require-trusted-types-for 'script'" }

const PAGES: Readonly<Record<string, SpecialResponse>> = {
  '/strict': page('/page.js', { 'content-security-policy': "script-src 'self'" }),
  '/trusted': page('/trusted.js', TRUSTED_TYPES),
  '/trusted-threads': page('/trusted-threads.js', TRUSTED_TYPES),
  '/cdn': page('/cdn.js'),
  '/cdn-threads': page('/cdn-threads.js'),
  '/electron': page(
    '/page.js',
    {},
    `<script>globalThis.process = { versions: { node: '22.0.0', electron: '38.0.0' }, type: 'renderer' }</script>`,
  ),
  '/serving': { body: registering('/service-worker.js'), headers: {} },
  '/plainly-serving': { body: registering('/plain-service-worker.js'), headers: {} },
}

let server: FileServer
let cdn: FileServer
let browser: Browser

beforeAll(async () => {
  cdn = await serveFiles(undefined, (file) => ({ file, headers: CDN }))
  addPrograms('trusted', '/dist/')
  addPrograms('cdn', `${cdn.url}dist/`)
  server = await serveFiles(undefined, (path) => {
    const script = scripts[path]
    return script === undefined ? PAGES[path] : { body: script, isScript: true, headers: ISOLATION }
  })
  browser = await startChromium()
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  await cdn?.close()
})

async function outcomeAt(path: string): Promise<Outcome> {
  return (await visit(browser, `${server.url}${path}`, ['onPage'])).onPage
}

const told = (...warnings: string[]) => ({ ids: inject('story'), text: 'ab', isSaved: true, warnings })

describe.skipIf(withoutChromium)('Chromium', () => {
  it("Content Security Policy without 'wasm-unsafe-eval'", async (test) => {
    const { error } = await outcomeAt('strict')
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining("'wasm-unsafe-eval'") })
    expect(error?.hint).not.toContain('SIMD')
    report(test, 'an error that names it')
  })

  it.for([
    ['Trusted Types', 'trusted'],
    ['the package on a CDN', 'cdn'],
  ])('%s', async ([, path], test) => {
    expect(await outcomeAt(path)).toEqual(told('NO_WORKER'))
    report(test, 'works on the main thread, with a warning')
  })

  it.for([
    ['Trusted Types, threads: 2', 'trusted-threads', /TrustedScriptURL/],
    ['the package on a CDN, threads: 2', 'cdn-threads', /cannot be accessed from origin/],
  ] as const)('%s', async ([, path, message], test) => {
    const { error } = await outcomeAt(path)
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('threads: 1') })
    expect(error?.message).toMatch(message)
    report(test, 'an error that says to pass threads: 1')
  })

  it('a page with process.versions.node, as in Electron (simulated)', async (test) => {
    expect(await outcomeAt('electron')).toEqual(told())
    report(test, "works, on the browser's path")
  })

  it('dasllama/service-worker in a service worker', async (test) => {
    expect(await outcomeAt('serving')).toEqual(told())
    report(test, 'works')
  })

  it('dasllama in a service worker', async (test) => {
    const { error } = await outcomeAt('plainly-serving')
    expect(error).toMatchObject({ code: 'IO', hint: expect.stringContaining('dasllama/service-worker') })
    report(test, 'an error that names dasllama/service-worker')
  })
})
