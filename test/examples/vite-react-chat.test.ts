/**
 * examples/vite-react-chat: built and served, in both browsers, and its development server in Chromium. Elements are found by role and
 * label only, as a screen reader finds them.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROWSERS } from '../runtimes/browsers.js'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { serveSlowHub } from '../support/hub-server.js'
import { TINY_STORIES } from '../support/model-files.js'
import { bin, run } from '../support/packed.js'
import { serveWith, type ToolServer } from '../support/tool-server.js'
import { exampleFolder, MODEL_FILE, openPage, REPOSITORY, stopAtFirstWords, typeInto } from './example.js'
import { thinkingModel } from './thinking-model.js'

const PIECE = 2 ** 21
let folder: string
let bytes: Uint8Array
let thinking: string

beforeAll(async () => {
  folder = await exampleFolder('vite-react-chat')
  bytes = new Uint8Array(await readFile(TINY_STORIES))
  thinking = join(folder, 'thinking.gguf')
  await writeFile(thinking, thinkingModel(bytes))
  await run('npm', ['run', 'build'], folder)
}, 600_000)

const vite = (...args: string[]) => serveWith([bin(folder, 'vite/bin/vite.js'), ...args], folder)

async function send(page: Page, text: string): Promise<void> {
  await typeInto(page.getByLabel('Message'), text)
  await page.getByLabel('Message').press('Enter')
}

/** The text of a reply, counted from 1, once it has ended. */
async function answered(page: Page, count: number): Promise<string> {
  const reply = page.getByRole('article', { name: 'Model' }).nth(count - 1)
  await reply.waitFor()
  await page.getByRole('button', { name: 'Send' }).waitFor()
  return (await reply.textContent())!
}

describe.for(BROWSERS)('examples/vite-react-chat, built, in $name', ({ name, start, isMissing }) => {
  let browser: Browser
  let server: ToolServer
  beforeAll(async () => {
    if (isMissing) return
    server = await vite('preview')
    browser = await start()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  it.skipIf(isMissing)(
    'pulls a model by its name, with progress, and streams a chat that can be stopped',
    async ({ task }) => {
      await using hub = await serveSlowHub(REPOSITORY, MODEL_FILE, bytes, PIECE)
      const { page, failures } = await openPage(await browser.newContext(), server.url, hub.base)
      await page.getByRole('button', { name: 'Load' }).click()
      await page.getByText('Downloading: 2.1 MB of 3.1 MB').waitFor()
      const bar = page.getByRole('progressbar', { name: 'Downloading' })
      expect(await bar.getAttribute('value')).toBe(String(PIECE))
      await page.getByRole('button', { name: 'Cancel' }).click()
      hub.release()
      await page.getByRole('button', { name: 'Load' }).click()

      await page.getByLabel('Message').waitFor()
      expect(await page.evaluate('crossOriginIsolated')).toBe(true)
      await send(page, 'Tell me about a little dog.')
      expect(await answered(page, 1)).toMatch(/[a-z]+ [a-z]+/)

      await stopAtFirstWords(page, '[role=log] :nth-child(4 of article)')
      await send(page, 'And then?')
      const stopped = await answered(page, 2)
      expect(stopped).toMatch(/Stopped\.$/)
      expect(stopped.length).toBeLessThan(300)
      // The field is ready for the next message.
      expect(await page.getByLabel('Message').evaluate((field) => field === document.activeElement)).toBe(
        true,
      )

      await page.getByRole('button', { name: 'Close' }).click()
      await typeInto(page.getByLabel('A model on Hugging Face'), 'hf:../secrets')
      await page.getByRole('button', { name: 'Load' }).click()
      await page.getByRole('alert').waitFor()
      expect(failures).toEqual([])
      task.meta.row = {
        example: 'vite-react-chat',
        browser: name,
        result: 'pull, cancel, chat, stop, bad name',
      }
      await page.context().close()
    },
  )

  it.skipIf(isMissing)(
    'loads a file that is picked, and shows reasoning apart from the answer',
    async ({ task }) => {
      const { page, failures } = await openPage(await browser.newContext(), server.url, '')
      await page.getByLabel('a file of this device').setInputFiles(thinking)
      await typeInto(page.getByLabel('Tokens for thinking'), '16')
      await send(page, 'Once upon a time')
      const text = await answered(page, 1)
      const reasoning = await page
        .getByRole('group')
        .getByRole('paragraph', { includeHidden: true })
        .textContent()
      expect(reasoning).toMatch(/[a-z]+ [a-z]+/)
      expect(text.startsWith(`Reasoning${reasoning}`)).toBe(true)
      expect(text.slice(`Reasoning${reasoning}`.length)).toMatch(/[a-z]+ [a-z]+/)
      expect(text).not.toMatch(/think>/)
      expect(failures).toEqual([])
      task.meta.row = { example: 'vite-react-chat', browser: name, result: 'a picked file, reasoning' }
      await page.context().close()
    },
  )
})

it.skipIf(withoutChromium)('examples/vite-react-chat works in development', async ({ task }) => {
  await using server = await vite()
  await using browser = await startChromium()
  const { page, failures } = await openPage(await browser.newContext(), server.url, '')
  await page.getByLabel('a file of this device').setInputFiles(TINY_STORIES)
  await send(page, 'Once upon a time')
  expect(await answered(page, 1)).toMatch(/[a-z]+ [a-z]+/)
  expect(failures).toEqual([])
  task.meta.row = { example: 'vite-react-chat, npm run dev', browser: 'Chromium', result: 'works' }
})
