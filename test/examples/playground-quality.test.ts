import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPlayground, PLAYGROUND_FOLDER } from '../../playground/tools/build.js'
import { type StaticServer, serveFolder } from '../../playground/tools/serve.js'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { modelLoaded, openPlayground, screenshot, selectTab, send } from './playground-page.js'

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
        for (const summary of await page.locator('section:not([hidden]) summary').all()) await summary.click()
        expect(await violations(page), tab).toEqual([])
        await screenshot(page, `${colorScheme}-${width}-${tab.toLowerCase().replaceAll(' ', '-')}`, {
          fullPage: true,
        })
      }
    },
  )

  it('leaves the page responsive while the model loads and writes', async ({ task }) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.addInitScript(() => {
      const tasks: { duration: number }[] = []
      Object.assign(globalThis, { tasks })
      new PerformanceObserver((list) => tasks.push(...list.getEntries())).observe({
        type: 'longtask',
        buffered: true,
      })
    })
    /** The longest task since the last call; the browser reports those of 50 ms and more. */
    const longest = () =>
      page.evaluate<number>('Math.max(0, ...globalThis.tasks.splice(0).map(({ duration }) => duration))')
    await page.goto(server.url)
    await modelLoaded(page)
    const loading = await longest()
    await page.getByLabel('Most tokens of a reply').fill('1000')
    for (const text of ['Once upon a time', 'The little dog', 'Lily and Tom']) await send(page, text)
    const writing = await longest()
    task.meta.row = {
      browser: 'chromium',
      what: 'longest task while loading; while writing (0: under 50 ms)',
      ms: `${loading}; ${writing}`,
    }
    expect(await page.locator('.reply-stats').count()).toBe(3)
    await context.close()
  })
})

/** What axe objects to, in short. */
async function violations(page: Page): Promise<string[]> {
  const results = await page.evaluate<axe.AxeResults>('axe.run()')
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  )
}
