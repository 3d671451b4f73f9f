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

  it('tells the same stories as Node, from a URL relative to the page', async () => {
    // As text: what the test runner makes of functions does not run in a page.
    const stories = await page.evaluate<Stories>(`(async () => {
      const dasllama = await import('/dist/index.js')
      const { tell } = await import('/test/runtimes/program.mjs')
      return tell(dasllama, '${MODEL_PATH}')
    })()`)
    expect(stories).toEqual(await storiesInNode())
  })

  it('fetches the files of no other runtime', () => {
    expect(server.requests).toContain('/dist/platform/browser.js')
    expect(server.requests.filter((path) => /node|workerd/.test(path))).toEqual([])
  })
})
