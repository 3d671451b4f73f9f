/** The sampling lab with real keys, at several sizes and in both schemes, in Chromium; screenshots are kept in .cache/. */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPlayground } from '../../playground/tools/build.js'
import { type StaticServer, serveFolder } from '../../playground/tools/serve.js'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDER = `${ROOT}.cache/playground-lab-page`
const SCREENSHOTS = `${ROOT}.cache/playground-screenshots`

describe.skipIf(withoutChromium)('the lab in Chromium', () => {
  let server: StaticServer
  let browser: Browser

  beforeAll(async () => {
    await buildPlayground(FOLDER)
    await mkdir(SCREENSHOTS, { recursive: true })
    server = await serveFolder(FOLDER)
    browser = await startChromium()
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** A page in which the first distribution is shown. */
  async function withPage(options: BrowserContextOptions, use: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    try {
      const page = await context.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(String(error)))
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
      await page.goto(`${server.url}#sampling`)
      await page.locator('.lab-bar').first().waitFor()
      await use(page)
      expect(problems).toEqual([])
    } finally {
      await context.close()
    }
  }

  const isIdle = (page: Page) => page.locator('.status .stop').waitFor({ state: 'hidden' })
  const probability = async (page: Page) =>
    Number.parseFloat((await page.locator('.lab-after').first().textContent())!)

  /** A text with a branch and four seeds, the fork's alternatives being shown. */
  async function fill(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Balanced' }).click()
    await page.getByRole('button', { name: 'Run' }).click()
    await page.locator('.lab-tokens .lab-token').nth(39).waitFor()
    await isIdle(page)
    await page.locator('.lab-tokens .lab-token').nth(9).click()
    await page.locator('.lab-bar:not(.is-chosen) button').nth(1).click()
    await page.locator('.lab-branch').nth(1).waitFor()
    await page.getByRole('button', { name: 'Run' }).click()
    await page.locator('.lab-tokens .lab-token').nth(40).waitFor()
    await isIdle(page)
    await page.locator('.lab-tokens .lab-token').nth(24).click()
    await page.getByRole('button', { name: 'Generate' }).click()
    await page.locator('.lab-lane').nth(3).locator('.lab-token').nth(40).waitFor()
    await isIdle(page)
    await page.waitForTimeout(300)
  }

  it('moves sliders, tokens and candidates by keys, and chooses with Enter', async () => {
    await withPage({}, async (page) => {
      await page.getByRole('button', { name: 'Plain' }).click()
      await page.getByLabel('Temperature').last().focus()
      await page.waitForTimeout(50)
      const before = await probability(page)
      await page.keyboard.press('End')
      await expect.poll(() => probability(page)).toBeLessThan(before)
      await expect.poll(() => page.locator('.lab-code code').textContent()).toBe('{ temp: 2 }')
      await page.getByRole('listbox', { name: 'Generated tokens' }).focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      const chosen = await page.locator(':focus').getAttribute('data-id')
      await page.keyboard.press('Enter')
      await page.locator('.lab-tokens .lab-token').first().waitFor()
      expect(await page.locator('.lab-tokens .lab-token').first().getAttribute('data-id')).toBe(chosen)
    })
  })

  it('reaches the candidates and the tokens with one tab stop each', async () => {
    await withPage({}, async (page) => {
      expect(await page.locator('.lab-bar button[tabindex="0"]').count()).toBe(1)
      expect(await page.locator('.lab-tokens [tabindex="0"]').count()).toBe(0)
      expect(await page.locator('.lab-tokens').getAttribute('tabindex')).toBe('0')
    })
  })

  it('stops a run with Escape, and the text stays', async () => {
    await withPage({}, async (page) => {
      await page.locator('.lab-controls').getByLabel('Tokens').fill('200')
      await page.getByRole('button', { name: 'Run' }).click()
      await page.locator('.lab-tokens .lab-token').nth(4).waitFor()
      await page.keyboard.press('Escape')
      await isIdle(page)
      const count = await page.locator('.lab-tokens .lab-token').count()
      expect(count).toBeLessThan(200)
      await page.getByRole('button', { name: 'Step' }).click()
      await expect.poll(() => page.locator('.lab-tokens .lab-token').count()).toBe(count + 1)
    })
  })

  it('says that the context is full, and continues from an earlier token nevertheless', async () => {
    await withPage({}, async (page) => {
      await page.getByRole('button', { name: 'Balanced' }).click()
      // 250 tokens of the model's 256.
      await page.getByLabel('Prompt').last().fill('big '.repeat(248).trim())
      await page.getByRole('button', { name: 'Start' }).click()
      await page.locator('.lab-prompt', { hasText: 'big big' }).waitFor()
      await page.getByRole('button', { name: 'Run' }).click()
      await page.getByText('The context is full.').waitFor()
      await isIdle(page)
      await page.locator('.lab-tokens .lab-token').nth(1).click()
      await page.locator('.lab-bar:not(.is-chosen) button').nth(1).click()
      await expect.poll(() => page.locator('.lab-tokens .lab-token').count()).toBe(2)
      expect(await page.getByText('The context is full.').isVisible()).toBe(false)
    })
  })

  it('says why a prompt cannot be used, and keeps the text', async () => {
    await withPage({}, async (page) => {
      await page.getByRole('button', { name: 'Step' }).click()
      await page.locator('.lab-tokens .lab-token').first().waitFor()
      await page.getByLabel('Prompt').last().fill('word '.repeat(400))
      await page.getByRole('button', { name: 'Start' }).click()
      await expect.poll(() => page.locator('.lab .failure').textContent()).toMatch(/do not fit/)
      expect(await page.locator('.lab-tokens .lab-token').count()).toBe(1)
    })
  })

  it('copies the parameters as code', async () => {
    await withPage({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.getByRole('button', { name: 'No repeats' }).click()
      await page.locator('.lab-code button').click()
      await expect.poll(() => page.locator('.lab-code button').textContent()).toBe('Copied')
      const copied = await page.evaluate(() => navigator.clipboard.readText())
      expect(copied).toBe('{ penalty: 1.2, dryMultiplier: 0.8, temp: 0.7, topP: 0.9 }')
    })
  })

  it('moves nothing where less motion is wanted', async () => {
    await withPage({ reducedMotion: 'reduce' }, async (page) => {
      const duration = await page
        .locator('.lab-fill')
        .first()
        .evaluate((fill) => getComputedStyle(fill).transitionDuration)
      expect(duration).toBe('0s')
    })
  })

  it.each<[string, BrowserContextOptions]>([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    [
      'phone',
      { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
    ],
    [
      'phone-dark',
      { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: 'dark' },
    ],
  ])('fits the page: %s', async (name, options) => {
    await withPage(options, async (page) => {
      await fill(page)
      const { wide, room } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        room: document.documentElement.clientWidth,
      }))
      expect(wide).toBeLessThanOrEqual(room)
      // Sticky parts are where the page is scrolled to.
      await page.evaluate(() => scrollTo(0, 0))
      await page.waitForTimeout(200)
      await page.screenshot({ path: `${SCREENSHOTS}/lab-${name}.png`, fullPage: true })
    })
  })
})
