/** The server's control page in browsers: figures, models, chat, keys, hostile texts, servers that come and go. */
import { mkdir } from 'node:fs/promises'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Model } from '../../src/index.js'
import { listen } from '../../src/platform/node/http-server.js'
import type { HttpServer } from '../../src/platform/terminal.js'
import { createHandler, type Handler, type HandlerOptions } from '../../src/server/index.js'
import { Script, tinyStories } from '../server/support.js'
import { startChromium, withoutChromium } from './chromium.js'
import { firefoxPath, startFirefox } from './firefox.js'

/** Git ignores it. */
const SCREENSHOTS = '.cache/control-page-screenshots'
const HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b>'

const BROWSERS = [
  { name: 'chromium', isMissing: withoutChromium, start: () => startChromium() },
  { name: 'firefox', isMissing: firefoxPath === undefined, start: startFirefox },
] as const

/** For its tokenizer. */
let model: Model
let script: Script
const servers: HttpServer[] = []
const handlers: Handler[] = []
const pages: Page[] = []
beforeAll(async () => {
  model = await tinyStories()
  script = new Script(model)
})
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()))
  await Promise.all(servers.splice(0).map((server) => server.close()))
  const signal = AbortSignal.abort()
  await Promise.all(handlers.splice(0).map((handler) => handler.close({ signal })))
})
afterAll(() => model?.dispose())

/** Starts a server with some models; resolves with its address. */
async function serve({
  names = ['tiny'],
  port = 0,
  ...options
}: Partial<HandlerOptions> & { readonly names?: readonly string[]; readonly port?: number } = {}) {
  const tiny = { model: () => tinyStories(), template: 'chatml' }
  const scripted = {
    ...tiny,
    sampling: script.sampling,
    replyFormat: { reasoning: 'think', tools: 'hermes' },
  } as const
  const models = Object.fromEntries(names.map((name) => [name, name.startsWith('script') ? scripted : tiny]))
  const handler = createHandler({ models, maxConcurrent: 2, ...options })
  handlers.push(handler)
  for (const name of names) await handler.load(name)
  const answer = slowly(handler)
  const server = await listen(answer, { host: '127.0.0.1', port })
  servers.push(server)
  return server.url
}

/** Sends a chunk every 20 ms at most, so that a stream can be watched. */
function slowly(answer: (request: Request) => Promise<Response>) {
  return async (request: Request) => {
    const response = await answer(request)
    const { status, headers } = response
    const pauses = new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        controller.enqueue(chunk)
      },
    })
    return new Response(response.body?.pipeThrough(pauses), { status, headers })
  }
}

interface Opened {
  readonly page: Page
  /** Errors of the page that nothing caught, and those of its policy. */
  readonly errors: string[]
  /** The addresses that it asked for. */
  readonly requests: string[]
}

async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  const page = await context.newPage()
  pages.push(page)
  const errors: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) errors.push(message.text())
  })
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(url)
  return { page, errors, requests }
}

const connection = (page: Page, state: string) => page.locator(`.connection[data-state="${state}"]`)
const figure = (page: Page, name: string) =>
  page.locator('.figure', { has: page.locator('dt', { hasText: name }) }).locator('.value')

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text)
  await page.getByLabel('Message', { exact: true }).press('Enter')
}

const sendButton = (page: Page) => page.getByRole('button', { name: 'Send', exact: true })

describe.for(BROWSERS)('the control page in $name', ({ isMissing, start }) => {
  let browser: Browser
  beforeAll(async () => {
    if (!isMissing) browser = await start()
  })
  afterAll(() => browser?.close())

  it.skipIf(isMissing)('shows figures that move while a chat streams, and stops it', async () => {
    const url = await serve()
    const { page, errors, requests } = await open(browser, url)
    await connection(page, 'connected').waitFor()
    expect(await page.locator('.about').textContent()).toMatch(
      /^\d+\.\d+\.\d+ · at 127\.0\.0\.1:\d+ · up for \d+ s$/,
    )

    // Without an end, so that there is something to stop.
    await page.getByText('Settings of the chat').waitFor()
    await page.getByLabel('More fields of the request, as JSON').fill('{ "ignore_eos": true }')
    await say(page, 'Once upon a time')
    await page.locator('.reply-text', { hasText: /\w+ \w+/ }).waitFor()
    await page.locator('#slots tr', { hasText: 'generating' }).waitFor()
    await page.locator('.speed .value', { hasText: /[1-9]/ }).waitFor()
    const line = () => page.locator('.sparkline polyline').getAttribute('points')
    const before = await line()
    await expect.poll(line).not.toBe(before)
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('.reply-stats', { hasText: 'stopped' }).waitFor()
    await sendButton(page).waitFor()
    await expect.poll(() => figure(page, 'Running requests').textContent()).toBe('0')

    await page.getByLabel('Most tokens of a reply').fill('8')
    await say(page, 'And then?')
    const stats = page.locator('.reply-stats').nth(1)
    await stats.waitFor()
    expect(await stats.textContent()).toMatch(
      /^8 tokens · [\d.,]+ per second · first after [\d,]+ ms · prompt of \d+.* · cut at the most tokens$/,
    )
    await page.locator('.figure', { hasText: /Prompts cached\d+ %/ }).waitFor()
    expect(await page.locator('.message').count()).toBe(4)
    await page.getByRole('button', { name: 'New conversation' }).click()
    expect(await page.locator('.message').count()).toBe(0)

    expect(errors).toEqual([])
    expect(requests.filter((each) => !each.startsWith(url) && !each.startsWith('data:'))).toEqual([])
  })
})

describe.skipIf(withoutChromium)('the control page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await startChromium()
  })
  afterAll(() => browser?.close())

  it('unloads and loads models with the keyboard, and says why it cannot', async () => {
    const { page } = await open(browser, await serve({ names: ['tiny', 'other'] }))
    const unload = page.getByRole('button', { name: 'Unload other' })
    await unload.focus()
    await page.keyboard.press('Enter')
    await page.locator('tr[data-state="unloaded"]', { hasText: 'other' }).waitFor()
    // The focus has stayed on the button.
    await page.keyboard.press('Enter')
    await page.locator('tr[data-state="ready"]', { hasText: 'other' }).waitFor()
    await page.getByLabel('More fields of the request, as JSON').fill('{ "ignore_eos": true }')
    await page.getByLabel('Model', { exact: true }).selectOption('other')
    await say(page, 'Once upon a time')
    await page.locator('#slots tr', { hasText: /generating\s*other/ }).waitFor()
    await unload.click()
    await page
      .getByRole('alert')
      .filter({ hasText: /other cannot be unloaded: .*in use/ })
      .waitFor()
  })

  it('asks for the API key, and keeps it for the tab', async () => {
    const { page } = await open(browser, await serve({ apiKeys: ['secret', 'ключ'] }))
    const field = page.getByLabel('API key', { exact: true })
    const enter = async (key: string) => {
      await field.fill(key)
      await field.press('Enter')
    }
    await connection(page, 'locked').waitFor()
    expect(await page.locator('#models tbody tr').count()).toBe(0)
    await enter('wrong')
    await page.getByText('The API key is wrong.').waitFor()
    await enter('wröng\u{1F511}')
    await page.getByText('The API key is wrong.').waitFor()
    await enter(' secret ')
    await connection(page, 'connected').waitFor()
    expect(await field.isVisible()).toBe(false)
    await page.reload()
    await connection(page, 'connected').waitFor()
    await say(page, 'Once upon a time')
    await page.locator('.reply-text').waitFor()
    expect(await page.evaluate('localStorage.length')).toBe(0)
  })

  it('shows names and texts of models as text, whatever they are', async () => {
    const { page, errors } = await open(browser, await serve({ names: [`script ${HOSTILE}`] }))
    await page.locator('#models tbody th', { hasText: HOSTILE }).waitFor()
    script.says(`<think>\n${HOSTILE}\n</think>\n\n${HOSTILE}`)
    await say(page, HOSTILE)
    await page.locator('.reply-text', { hasText: HOSTILE }).waitFor()
    await page.locator('.reply-stats').waitFor()
    await page.locator('.reasoning summary').click()
    expect((await page.locator('.reasoning .text').textContent())?.trim()).toBe(HOSTILE)
    expect(await page.locator('.message.is-user').textContent()).toBe(HOSTILE)
    expect(await page.locator('img, b').count()).toBe(0)
    expect(await page.title()).toBe('dasllama server')
    expect(errors).toEqual([])
  })

  it('shows calls of tools, and errors of the server', async () => {
    const { page } = await open(browser, await serve({ names: ['script'] }))
    await connection(page, 'connected').waitFor()
    const more = page.getByLabel('More fields of the request, as JSON')
    await more.fill('{ "temperatur": 1 }')
    await say(page, 'Hello')
    await page.getByRole('alert').filter({ hasText: 'There is no field "temperatur"' }).waitFor()
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('Hello')
    await more.fill('[1]')
    await page.getByLabel('Message', { exact: true }).press('Enter')
    await page.getByRole('alert').filter({ hasText: 'must be a JSON object' }).waitFor()
    expect(await more.evaluate((field) => field === document.activeElement)).toBe(true)

    const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }
    await more.fill(JSON.stringify({ tools: [tool] }))
    script.says('<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>')
    await page.getByLabel('Message', { exact: true }).press('Enter')
    await page.locator('.reply-stats', { hasText: 'waits for the result of a call' }).waitFor()
    expect(await page.locator('.tool-call code').textContent()).toBe('weather')
    expect(JSON.parse((await page.locator('.tool-call .text').textContent())!)).toEqual({ city: 'Rome' })
  })

  it('says that the server is not reachable, and recovers', async () => {
    const url = await serve()
    const { page } = await open(browser, url)
    await connection(page, 'connected').waitFor()
    await page.getByLabel('More fields of the request, as JSON').fill('{ "ignore_eos": true }')
    await say(page, 'Once upon a time')
    await page.locator('.reply-text', { hasText: /\w+/ }).waitFor()
    await servers.pop()!.close()
    await page.getByText('The connection to the server was lost.').waitFor()
    await page.getByText('the server is not reachable').waitFor()
    await serve({ port: Number(new URL(url).port) })
    await connection(page, 'connected').waitFor()
    await page.getByLabel('Most tokens of a reply').fill('3')
    await say(page, 'And then?')
    await page.locator('.reply-stats', { hasText: '3 tokens' }).waitFor()
  })

  it('does not ask for the status while it is hidden', async () => {
    const { page, requests } = await open(browser, await serve())
    await connection(page, 'connected').waitFor()
    const asked = () => requests.filter((each) => each.endsWith('/status')).length
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { get: () => globalThis.isHidden ?? true, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))`)
    // One may have been on its way.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const before = asked()
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(asked()).toBe(before)
    await page.evaluate(`isHidden = false; document.dispatchEvent(new Event('visibilitychange'))`)
    await expect.poll(asked).toBeGreaterThan(before)
  })

  it.each([
    ['light', 1280],
    ['dark', 768],
    ['light', 360],
  ] as const)(
    'has nothing that axe objects to, in %s colours, %i pixels wide',
    async (colorScheme, width) => {
      const url = await serve({
        names: ['tiny', 'a-model-with-a-long-name.Q4_K_M', 'script'],
        apiKeys: ['secret'],
      })
      const { page } = await open(browser, url, { colorScheme, viewport: { width, height: 860 } })
      await connection(page, 'locked').waitFor()
      expect(await violations(page)).toEqual([])
      await page.getByLabel('API key', { exact: true }).fill('secret')
      await page.getByRole('button', { name: 'Use this key' }).click()
      await connection(page, 'connected').waitFor()
      const settings = page.locator('.settings')
      if ((await settings.getAttribute('open')) === null) await page.getByText('Settings of the chat').click()
      await page.getByLabel('Model', { exact: true }).selectOption('script')
      script.says('<think>\nA story is wanted.\n</think>\n\nOnce upon a time there was a cat.')
      await say(page, 'Tell me a story.')
      await page.locator('.reply-stats').waitFor()
      await page.getByLabel('Model', { exact: true }).selectOption('tiny')
      await page.getByLabel('More fields of the request, as JSON').fill('{ "ignore_eos": true }')
      await say(page, 'Another one, please.')
      await page.locator('#slots tr', { hasText: 'generating' }).waitFor()
      expect(await violations(page)).toEqual([])
      const isTooWide = 'document.scrollingElement.scrollWidth > document.documentElement.clientWidth'
      expect(await page.evaluate(isTooWide)).toBe(false)
      await mkdir(SCREENSHOTS, { recursive: true })
      await page.evaluate('scrollTo(0, 0)')
      await page.screenshot({ path: `${SCREENSHOTS}/${colorScheme}-${width}.png`, fullPage: true })
    },
  )
})

/** What axe objects to, in short. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const results = await page.evaluate<axe.AxeResults>('axe.run()')
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  )
}
