import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium, withoutChromium } from './chromium.js'
import { type FileServer, serveFiles } from './file-server.js'
import { MODEL_PATH, type Stories, storiesInNode } from './stories.js'

describe.skipIf(withoutChromium)('Chromium', () => {
  let server: FileServer
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    server = await serveFiles()
    browser = await startChromium()
    page = await browser.newPage()
    await page.goto(server.url)
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('generates the same stories as Node, from a URL relative to the page', async () => {
    // As text: functions that the test runner has transformed do not run in a page.
    const stories = await page.evaluate<Stories>(`(async () => {
      const dasllama = await import('/dist/index.js')
      const { tell } = await import('/test/runtimes/program.mjs')
      return tell(dasllama, '${MODEL_PATH}')
    })()`)
    expect(stories).toEqual(await storiesInNode())
  })

  it('generates them with three threads, on the page and in a worker, and ends the threads', async () => {
    const told = await page.evaluate<Stories>(`(async () => {
      const dasllama = await import('/dist/index.js')
      const { tell } = await import('/test/runtimes/program.mjs')
      return tell(dasllama, '${MODEL_PATH}', 3)
    })()`)
    expect(told).toEqual(await storiesInNode())
    const toldInWorker = await page.evaluate<Stories>(`new Promise((resolve, reject) => {
      const worker = new Worker('/test/runtimes/page-worker.mjs', { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message))
      worker.postMessage(['/${MODEL_PATH}', 3])
    })`)
    expect(toldInWorker).toEqual(told)
    expect(server.requests).toContain('/dist/browser-thread.js')
    await expect.poll(() => page.workers().length).toBe(1)
  })

  it('reports that a page which is not isolated has no threads', async () => {
    const plain = await browser.newPage()
    await plain.goto(`${server.url}plain`)
    const refusal = await plain.evaluate<string>(`(async () => {
      const { loadModel } = await import('/dist/index.js')
      const refused = loadModel('/${MODEL_PATH}', { threads: 2 })
      const { code, hint } = await refused.then(() => ({ code: 'none' }), (error) => error)
      return [code, hint, (await loadModel('/${MODEL_PATH}')).threads].join('; ')
    })()`)
    await plain.close()
    expect(refusal).toMatch(/^UNSUPPORTED; .*COOP.*; 1$/)
  })

  it('does not fetch files of other runtimes', () => {
    expect(server.requests).toContain('/dist/platform-browser.js')
    expect(server.requests.filter((path) => /node|workerd/.test(path))).toEqual([])
  })
})
