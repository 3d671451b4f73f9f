/** examples/service-worker: a page that writes the same story after its server, and the hub, have ended. */
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../src/index.js'
import { BROWSERS } from '../runtimes/browsers.js'
import { serveHub } from '../support/hub-server.js'
import { TINY_STORIES } from '../support/model-files.js'
import { exampleFolder, MODEL_FILE, openPage, REPOSITORY, serveExample } from './example.js'

const BEGINNING = 'Once upon a time'
let folder: string
let bytes: Uint8Array
let told: string

beforeAll(async () => {
  folder = await exampleFolder('service-worker')
  bytes = new Uint8Array(await readFile(TINY_STORIES))
  await using model = await loadModel(bytes, { threads: 1, kernels: 'baseline' })
  await using session = model.createSession()
  told = BEGINNING + (await session.generate(BEGINNING, { maxTokens: 200 }).result()).text
})

async function write(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Write on' }).click()
  await page.getByText('Done.').waitFor()
  return (await page.locator('#story').textContent())!
}

describe.for(BROWSERS)('examples/service-worker in $name', ({ name, start, isMissing }) => {
  let browser: Browser
  beforeAll(async () => {
    if (!isMissing) browser = await start()
  })
  afterAll(() => browser?.close())

  it.skipIf(isMissing)('works without its server and the hub after the first visit', async ({ task }) => {
    const context = await browser.newContext()
    const server = await serveExample(folder)
    const hub = await serveHub(REPOSITORY, { [MODEL_FILE]: { bytes } }, { isCrossOrigin: true })
    const { page, failures } = await openPage(context, server.url, hub.base)
    expect(await write(page)).toBe(told)
    expect(failures).toEqual([])

    await server[Symbol.asyncDispose]()
    await hub[Symbol.asyncDispose]()
    await page.reload()
    expect(await write(page)).toBe(told)
    expect(failures).toEqual([])

    // A model that is not stored cannot be had.
    await page.getByLabel('Model').fill('hf:someone/models/other.gguf')
    await page.getByRole('button', { name: 'Write on' }).click()
    await page
      .getByRole('alert')
      .filter({ hasText: 'is not in the store and cannot be downloaded now' })
      .waitFor()
    task.meta.row = { example: 'service-worker', browser: name, result: 'the same story without any server' }
    await context.close()
  })
})
