/** examples/extension: as an unpacked extension in Chromium, and as a page with the manifest's policy in both browsers. */
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChat, loadModel } from '../../src/index.js'
import { BROWSERS } from '../runtimes/browsers.js'
import { chromiumOptions, withoutChromium } from '../runtimes/chromium.js'
import { type FileServer, serveFiles } from '../runtimes/file-server.js'
import { type FakeHub, serveHub } from '../support/hub-server.js'
import { TINY_STORIES } from '../support/model-files.js'
import { ROOT } from '../support/packed.js'
import { exampleFolder, MODEL_FILE, openPage, REPOSITORY } from './example.js'

const TEXT = 'Lily had a red ball. She played in the park with Max, her dog.'
let folder: string
let hub: FakeHub
let summary: string

beforeAll(async () => {
  folder = await exampleFolder('extension')
  const bytes = new Uint8Array(await readFile(TINY_STORIES))
  hub = await serveHub(REPOSITORY, { [MODEL_FILE]: { bytes } }, { isCrossOrigin: true })
  await using model = await loadModel(bytes, { threads: 1, kernels: 'baseline' })
  const system = 'You summarise texts. Answer with one short sentence.'
  await using chat = createChat(model, { system, template: 'chatml', maxTokens: 100, temp: 0 })
  summary = (await chat.send(TEXT)).content
})

afterAll(() => hub?.[Symbol.asyncDispose]())

async function summarise(page: Page): Promise<string> {
  await page.getByLabel('Text').fill(TEXT)
  await page.getByRole('button', { name: 'Summarise' }).click()
  await page.getByText('Done.').waitFor()
  return (await page.locator('#summary').textContent())!
}

it.skipIf(withoutChromium)('examples/extension is an extension of Chromium', async ({ task }) => {
  const options = chromiumOptions(`--disable-extensions-except=${folder}`, `--load-extension=${folder}`)
  const context = await chromium.launchPersistentContext('', {
    ...options,
    ignoreDefaultArgs: EXTENSION_DEFAULTS,
  })
  try {
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'))
    const { page, failures } = await openPage(context, new URL('page.html', worker.url()).href, hub.base)
    expect(page.url()).toMatch(/^chrome-extension:/)
    expect(await summarise(page)).toBe(summary)
    expect(await page.evaluate('crossOriginIsolated')).toBe(true)
    // The model is kept in the extension's storage.
    const requests = hub.requests.length
    await page.reload()
    expect(await summarise(page)).toBe(summary)
    expect(hub.requests.length).toBe(requests)
    expect(failures).toEqual([])
    task.meta.row = {
      example: 'extension',
      browser: 'Chromium',
      result: 'an unpacked extension; kept across a reload',
    }
  } finally {
    await context.close()
  }
})

/** Playwright's own arguments that keep extensions out. */
const EXTENSION_DEFAULTS = ['--disable-extensions', '--load-extension=']

describe.for(BROWSERS)(
  'examples/extension as a page with its policy in $name',
  ({ name, start, isMissing }) => {
    let server: FileServer
    beforeAll(async () => {
      const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
      const headers = {
        'content-security-policy': manifest.content_security_policy.extension_pages,
        'cross-origin-opener-policy': manifest.cross_origin_opener_policy.value,
        'cross-origin-embedder-policy': manifest.cross_origin_embedder_policy.value,
      }
      server = await serveFiles(undefined, (path) => ({ file: `/${relative(ROOT, folder)}${path}`, headers }))
    })
    afterAll(() => server?.close())

    it.skipIf(isMissing)('summarises a text', async ({ task }) => {
      await using browser = await start()
      const { page, failures } = await openPage(
        await browser.newContext(),
        `${server.url}page.html`,
        hub.base,
      )
      expect(await summarise(page)).toBe(summary)
      expect(failures).toEqual([])
      task.meta.row = { example: 'extension, as a page with its policy', browser: name, result: 'works' }
    })
  },
)
