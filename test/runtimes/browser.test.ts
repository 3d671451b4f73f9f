import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FileServer, serveFiles } from './file-server.js'
import { MODEL_PATH, type Stories, storiesInNode } from './stories.js'

const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path))

const absent = executablePath === undefined
if (absent && !process.env.CI) console.warn('skipped: no Chromium found; CHROMIUM may name its path')

describe.skipIf(absent && !process.env.CI)('Chromium', () => {
  let server: FileServer
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    if (absent) throw new Error('CI must have Chromium')
    server = await serveFiles()
    browser = await chromium.launch({
      executablePath,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
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
