/** The packed package in Next: a page, a route handler of Node and one of the edge runtime. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { MODEL_PATH, storiesInNode } from '../runtimes/stories.js'
import { bin, project, ROOT, run } from '../support/packed.js'
import { serveWith } from '../support/tool-server.js'
import { visit } from './site.js'

const MODEL = join(ROOT, MODEL_PATH)
let browser: Browser
let story: readonly number[]

beforeAll(async () => {
  story = (await storiesInNode()).greedy.ids.slice(0, 12)
  browser = await startChromium()
})

afterAll(() => browser?.close())

it.skipIf(withoutChromium)('Next 16: a page, a route handler, an edge route', async ({ task }) => {
  const folder = await project('next')
  await cp(join(ROOT, 'test/package/app/story.js'), join(folder, 'app/story.js'))
  await mkdir(join(folder, 'public'))
  await cp(MODEL, join(folder, 'public/model.gguf'))
  await writeFile(join(folder, 'next.config.mjs'), `export default { serverExternalPackages: ['dasllama'] }`)
  const next = bin(folder, 'next/dist/bin/next')
  const env = { NEXT_TELEMETRY_DISABLED: '1', MODEL }
  await run(process.execPath, [next, 'build'], folder, env)
  await using server = await serveWith([next, 'start'], folder, env)
  const told = { ids: story, warnings: [] }
  const get = async (path: string) => (await fetch(`${server.url}${path}`)).json()
  expect(await get('api/story')).toEqual(told)
  expect((await visit(browser, server.url, ['onPage'])).onPage).toEqual(told)
  expect(await get('api/edge')).toEqual(told)
  task.meta.row = {
    tool: task.name,
    result: "works; serverExternalPackages: ['dasllama'] for the route handler",
  }
})
