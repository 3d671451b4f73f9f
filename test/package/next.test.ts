/** The packed package in Next: a page, a route handler of Node and one of the edge runtime. */
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, it } from 'vitest'
import { engines } from '../engines/launch.js'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { MODEL_PATH } from '../runtimes/stories.js'
import { bin, project, ROOT, run } from '../support/packed.js'
import { serveWith } from '../support/tool-server.js'
import { expectStory, report, weigh } from './rows.js'
import { type Outcome, visit } from './site.js'

const MODEL = join(ROOT, MODEL_PATH)
const ENV = { NEXT_TELEMETRY_DISABLED: '1', MODEL }
const NEXT = 'next/dist/bin/next'
let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

async function app(): Promise<string> {
  const folder = await project('next')
  await cp(join(ROOT, 'test/package/app/story.js'), join(folder, 'app/story.js'))
  await mkdir(join(folder, 'public'))
  await cp(MODEL, join(folder, 'public/model.gguf'))
  return folder
}

/** Next runs edge routes on the Node that it has, whose edge runtime compiles all of their modules: also relaxed SIMD. */
async function newerNode(): Promise<string> {
  const newer = (await engines()).find(
    ({ program, version }) => program === 'node' && Number.parseInt(version, 10) >= 22,
  )
  if (!newer) throw new Error('Node 22 or newer is not there; npm run engines fetches it')
  return newer.path
}

const get = async (url: string): Promise<Outcome> => (await fetch(url)).json()

it.skipIf(withoutChromium)('Next 16 build: a page, a route handler, an edge route', async (test) => {
  const node = await newerNode()
  const folder = await app()
  const next = bin(folder, NEXT)
  await run(node, [next, 'build'], folder, ENV)
  await using server = await serveWith([next, 'start'], folder, { node, env: ENV })
  expectStory(await get(`${server.url}api/story`))
  expectStory(await get(`${server.url}api/edge`))
  expectStory((await visit(browser, server.url, ['onPage'])).onPage)
  report(test, 'works', await weigh(join(folder, '.next/static')))
})

it('Next 16 dev: a route handler, an edge route', async (test) => {
  const node = await newerNode()
  const folder = await app()
  await using server = await serveWith([bin(folder, NEXT), 'dev'], folder, { node, env: ENV })
  expectStory(await get(`${server.url}api/story`))
  expectStory(await get(`${server.url}api/edge`))
  report(test, 'works')
})
