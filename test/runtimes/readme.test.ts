/** The page in README.md works as pasted: in Chromium, with a hub that has a small model. */
import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeHub } from '../support/hub-server.js'
import { redirectingFetch, serveReadmeHub } from '../support/readme-hub.js'
import { startChromium, withoutChromium } from './chromium.js'
import { type FileServer, serveFiles } from './file-server.js'

describe.skipIf(withoutChromium)('the page in README.md', () => {
  let hub: FakeHub
  let server: FileServer
  let browser: Browser

  beforeAll(async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
    const [, body] = /^```html\n([\s\S]*?)^```$/m.exec(readme)!
    hub = await serveReadmeHub()
    server = await serveFiles(undefined, (path) => {
      // As static servers do, without headers that isolate a page.
      if (path === '/index.html') return { body, headers: {} }
      const [, file] = /^\/node_modules\/dasllama\/(.*)/.exec(path) ?? []
      return file === undefined ? undefined : { file, headers: {} }
    })
    browser = await startChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await hub?.[Symbol.asyncDispose]()
  })

  it('shows a reply, and loads the stored model the next time', async () => {
    const context = await browser.newContext()
    await context.addInitScript(redirectingFetch(hub.base))
    const shown = async () => {
      const page = await context.newPage()
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(String(error)))
      await page.goto(`${server.url}index.html`)
      const reply = async () => (await page.locator('#reply').textContent()) ?? ''
      const isOver = async () => errors.length > 0 || !/^(?:\d+ %)?$/.test(await reply())
      await expect.poll(isOver, { timeout: 60_000 }).toBe(true)
      expect(errors).toEqual([])
      await page.close()
    }
    await shown()
    const downloads = hub.downloads()
    expect(downloads).toBeGreaterThan(0)
    await shown()
    expect(hub.downloads()).toBe(downloads)
  })
})
