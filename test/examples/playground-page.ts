import { mkdir } from 'node:fs/promises'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { firefoxPath, startFirefox } from '../runtimes/firefox.js'

/** Git ignores it. */
const SCREENSHOTS = '.cache/playground-screenshots'

/** The installed browsers. */
export const BROWSERS = [
  { name: 'chromium', isMissing: withoutChromium, start: () => startChromium() },
  { name: 'firefox', isMissing: firefoxPath === undefined, start: startFirefox },
] as const

/** A page of the playground, and what went wrong on it. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page
  /** Errors that nothing caught, and those of the console. */
  readonly errors: string[]
}

/** Opens the playground in a context of its own: nothing is stored there. */
export async function openPlayground(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(url)
  return { page, errors, [Symbol.asyncDispose]: () => context.close() }
}

/** Resolves when a model is loaded, with what the status line says. */
export async function modelLoaded(page: Page): Promise<string> {
  const facts = page.locator('.status-facts', { hasText: /relaxed|baseline/ })
  await facts.waitFor()
  return textOf(facts)
}

/** The text of the only element that matches. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.textContent()) ?? ''
}

export async function selectTab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name }).click()
}

/** Sends a message in the chat tab; resolves when the answer is complete. */
export async function send(page: Page, text: string): Promise<void> {
  const before = await page.locator('.turn').count()
  await page.getByLabel('Message').fill(text)
  await page.getByLabel('Message').press('Enter')
  await page.locator('.turn').nth(before).locator('.reply-stats').first().waitFor()
  await page.locator('.status .stop').waitFor({ state: 'hidden' })
}

/** Kept to be looked at. `isWhole`: of a window that the whole page fits in, because parts of it stick to the window's edges. */
export async function screenshot(
  { page, errors }: OpenedPage,
  name: string,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true })
  const size = page.viewportSize()!
  const height = isWhole ? await page.evaluate<number>('document.scrollingElement.scrollHeight') : 0
  if (height > size.height) await page.setViewportSize({ ...size, height })
  const before = errors.length
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, caret: 'initial' })
  // Firefox reports the style that playwright adds meanwhile, which the page's policy forbids.
  errors.splice(before)
  await page.setViewportSize(size)
}

/** Replaces what is in a field of numbers: `fill` appends to it in Firefox. */
export async function setNumber(page: Page, label: string, value: number): Promise<void> {
  const field = page.getByLabel(label)
  await field.press('ControlOrMeta+a')
  await field.pressSequentially(String(value))
}

/** How much wider the page is than the window: 0 if it does not scroll sideways. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.scrollingElement.scrollWidth - document.documentElement.offsetWidth')
}
