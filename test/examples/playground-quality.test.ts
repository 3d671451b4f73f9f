import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPlayground, PLAYGROUND_FOLDER } from '../../playground/tools/build.js'
import { type StaticServer, serveFolder } from '../../playground/tools/serve.js'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { modelLoaded, openPlayground, screenshot, selectTab, send, setNumber } from './playground-page.js'

const TABS = ['Chat', 'Sampling', 'Formats', 'Model']

describe.skipIf(withoutChromium)('the playground', () => {
  let server: StaticServer
  let browser: Browser
  beforeAll(async () => {
    await buildPlayground()
    server = await serveFolder(PLAYGROUND_FOLDER)
    browser = await startChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
  ] as const)(
    'has nothing that axe objects to, in %s colours, %i pixels wide',
    async (colorScheme, width) => {
      await using opened = await openPlayground(browser, server.url, {
        colorScheme,
        viewport: { width, height: 860 },
      })
      const { page } = opened
      await modelLoaded(page)
      await send(page, 'Once upon a time')
      await page.evaluate(axe.source)
      for (const tab of TABS) {
        await selectTab(page, tab)
        for (const summary of await page.locator('summary:visible').all()) await summary.click()
        expect(await violations(page), tab).toEqual([])
        await screenshot(opened, `${colorScheme}-${width}-${tab.toLowerCase().replaceAll(' ', '-')}`, {
          isWhole: true,
        })
      }
    },
  )

  it('leaves the page responsive while the model loads and writes', async ({ task }) => {
    const page = await browser.newPage()
    const loading = await longestTask(browser, page, async () => {
      await page.goto(server.url)
      await modelLoaded(page)
    })
    await setNumber(page, 'Most tokens of a reply', 1000)
    const writing = await longestTask(browser, page, async () => {
      for (const text of ['Once upon a time', 'The little dog', 'Lily and Tom']) await send(page, text)
    })
    const inWords = ({ processor, wall }: Durations) => `${processor} (${wall})`
    task.meta.row = {
      browser: 'chromium',
      what: 'longest task of the page, processor time (wall time), while loading; while writing',
      ms: `${inWords(loading)}; ${inWords(writing)}`,
    }
    expect(await page.locator('.reply-stats').count()).toBe(3)
    expect(loading.tasks).toBeGreaterThan(10)
    expect(writing.tasks).toBeGreaterThan(10)
    await page.close()
  })
})

interface Durations {
  /** How many there were. */
  readonly tasks: number
  /** Milliseconds of the longest one: its own, and with those in which the busy machine ran something else. */
  readonly processor: number
  readonly wall: number
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds. */
  readonly dur?: number
  readonly tdur?: number
  readonly args: { readonly name?: string }
}

/** The longest tasks of the main threads of pages, from the browser's trace. */
async function longestTask(browser: Browser, page: Page, work: () => Promise<void>): Promise<Durations> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  await work()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[]
  }
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const pages = new Set(traceEvents.filter(({ args }) => args.name === 'CrRendererMain').map(threadOf))
  const tasks = traceEvents.filter((event) => event.name.endsWith('::RunTask') && pages.has(threadOf(event)))
  const longest = (of: (event: TraceEvent) => number) => Math.round(Math.max(...tasks.map(of)) / 1000)
  return {
    tasks: tasks.length,
    processor: longest(({ tdur = 0 }) => tdur),
    wall: longest(({ dur = 0 }) => dur),
  }
}

/** What axe objects to, in short. */
async function violations(page: Page): Promise<string[]> {
  const results = await page.evaluate<axe.AxeResults>('axe.run()')
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  )
}
