/** examples/page: a download with progress that is cancelled and continued, a chat, and a reply that is stopped. */
import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSERS } from '../runtimes/browsers.js'
import { serveSlowHub } from '../support/hub-server.js'
import { TINY_STORIES } from '../support/model-files.js'
import type { ToolServer } from '../support/tool-server.js'
import { exampleFolder, MODEL_FILE, openPage, REPOSITORY, serveExample, stopAtFirstWords } from './example.js'

const PIECE = 2 ** 21
let server: ToolServer
let bytes: Uint8Array

beforeAll(async () => {
  bytes = new Uint8Array(await readFile(TINY_STORIES))
  server = await serveExample(await exampleFolder('page'))
})

afterAll(() => server?.[Symbol.asyncDispose]())

describe.for(BROWSERS)('examples/page in $name', ({ name, start, isMissing }) => {
  let browser: Browser
  beforeAll(async () => {
    if (!isMissing) browser = await start()
  })
  afterAll(() => browser?.close())

  it.skipIf(isMissing)(
    'continues a download that was cancelled, chats, stops, and keeps the model',
    async ({ task }) => {
      await using hub = await serveSlowHub(REPOSITORY, MODEL_FILE, bytes, PIECE)
      const { page, failures } = await openPage(await browser.newContext(), server.url, hub.base)
      const status = page.locator('#status')
      const load = async () => {
        await page.getByRole('button', { name: 'Load' }).click()
      }
      const ready = () =>
        page.getByText(/^Ready: llama, (one thread|\d threads), relaxed kernels\.$/).waitFor()

      await load()
      await page.getByText('Downloading: 2.1 of 3.1 MB').waitFor()
      expect(await page.getByRole('progressbar').getAttribute('value')).toBe(String(PIECE))
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByText('Cancelled. What has arrived is kept.').waitFor()
      hub.release()
      await load()
      await ready()
      expect(hub.requests.filter(({ range }) => range?.startsWith('bytes=0-2'))).toHaveLength(1)

      const message = page.getByLabel('Message')
      await message.fill('Tell me about a little dog.')
      await message.press('Enter')
      await page.locator('#log p:nth-child(2)').waitFor()
      await page.getByRole('button', { name: 'Send' }).waitFor()
      const [asked, answer] = await page.locator('#log p').allTextContents()
      expect(asked).toBe('Tell me about a little dog.')
      expect(answer).toMatch(/[a-z]+ [a-z]+/)

      await stopAtFirstWords(page, '#log p:nth-child(4)')
      await message.fill('And then?')
      await page.getByRole('button', { name: 'Send' }).click()
      const stopped = page.locator('#log p.cut:nth-child(4)')
      await stopped.waitFor()
      expect((await stopped.textContent())!.length).toBeLessThan(300)

      const requests = hub.requests.length
      await page.reload()
      await load()
      await ready()
      expect(hub.requests.length).toBe(requests)
      expect(await status.textContent()).toContain('Ready')
      expect(failures).toEqual([])
      task.meta.row = {
        example: 'page',
        browser: name,
        result: 'download, cancel, continue, chat, stop, reload',
      }
      await page.context().close()
    },
  )
})
