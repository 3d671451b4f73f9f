import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPlayground, PLAYGROUND_FOLDER } from '../../playground/tools/build.js'
import { type StaticServer, serveFolder } from '../../playground/tools/serve.js'
import { type Handler, ranges } from '../support/http-server.js'
import { serveHub, sha256Of } from '../support/hub-server.js'
import { TINY_STORIES } from '../support/model-files.js'
import { endlessModel, reasoningModel } from './playground-models.js'
import {
  BROWSERS,
  modelLoaded,
  openPlayground,
  overflow,
  screenshot,
  selectTab,
  send,
  setNumber,
  textOf,
} from './playground-page.js'

let server: StaticServer
let stories: Buffer
beforeAll(async () => {
  await buildPlayground()
  server = await serveFolder(PLAYGROUND_FOLDER)
  stories = await readFile(TINY_STORIES)
})
afterAll(async () => server?.[Symbol.asyncDispose]())

const asFile = (bytes: Uint8Array) => ({
  name: 'scripted.gguf',
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
})
const scripted = () => asFile(reasoningModel())

describe.each(BROWSERS.filter(({ isMissing }) => !isMissing))(
  'the playground in $name',
  ({ name, start }) => {
    let browser: Browser
    beforeAll(async () => {
      browser = await start()
    })
    afterAll(() => browser?.close())

    it('answers with the embedded model', async ({ task }) => {
      await using opened = await openPlayground(browser, server.url)
      const { page, errors } = opened
      expect(await modelLoaded(page)).toMatch(
        /^Memory [\d.]+ MB · \d+ threads? · (baseline|relaxed) kernels$/,
      )
      const loaded = Math.round(await page.evaluate<number>('performance.now()'))
      await page.getByRole('button', { name: /^Once upon a time/ }).click()
      await page.locator('.reply-stats').waitFor({ state: 'attached' })
      const reply = await textOf(page.locator('.is-reply .streamed'))
      expect(reply.trim().split(/\s+/).length).toBeGreaterThan(20)
      expect(await textOf(page.locator('.reply-stats'))).toMatch(
        /^\d+ tokens · [\d.]+ per second · first after \d+ ms · prompt of \d+/,
      )
      expect(await textOf(page.locator('.status .rate'))).toMatch(/^\d+\.\d tokens\/s$/)
      await expect
        .poll(() => page.locator('#announcer').textContent())
        .toBe(`Reply: ${await page.locator('.is-reply .streamed').textContent()}`)
      task.meta.row = {
        browser: name,
        what: 'from the beginning of the page to the loaded model',
        ms: loaded,
      }
      await screenshot(opened, `${name}-chat`)
      expect(errors).toEqual([])
    })

    it('stops with Escape, undoes and edits the last turn', async () => {
      await using opened = await openPlayground(browser, `${server.url}#model`)
      const { page } = opened
      await modelLoaded(page)
      await page.getByText('Hub, token, context').click()
      await setNumber(page, 'Context, in tokens', 100000)
      await page.locator('input[type=file]').setInputFiles(asFile(endlessModel()))
      await page.getByText('100,000 of').waitFor()
      await selectTab(page, 'Chat')
      await setNumber(page, 'Most tokens of a reply', 100000)
      await page.getByLabel('Message').fill('Once upon a time')
      await page.getByLabel('Message').press('Enter')
      await page.locator('.is-reply .streamed').waitFor()
      await page.keyboard.press('Escape')
      await page.locator('.reply-stats', { hasText: 'stopped' }).waitFor()
      await expect.poll(() => page.getByRole('button', { name: 'Edit' }).isEnabled()).toBe(true)
      await page.getByRole('button', { name: 'Edit' }).click()
      expect(await page.getByLabel('Message').inputValue()).toBe('Once upon a time')
      expect(await page.locator('.turn').count()).toBe(0)
      await setNumber(page, 'Most tokens of a reply', 5)
      await send(page, 'Hello')
      expect(await textOf(page.locator('.is-reply .streamed'))).toBe('Round and round and round')
      await page.getByRole('button', { name: 'Undo' }).click()
      expect(await page.locator('.turn').count()).toBe(0)
      expect(await page.getByLabel('Message').inputValue()).toBe('')
    })

    it('shows reasoning and tool calls of a picked model, and runs its tools', async () => {
      await using opened = await openPlayground(browser, `${server.url}#model`)
      const { page, errors } = opened
      await modelLoaded(page)
      await page.locator('input[type=file]').setInputFiles(scripted())
      await page
        .locator('.facts', { hasText: '1 of' })
        .or(page.getByRole('heading', { name: 'Scripted 1 M' }))
        .first()
        .waitFor()
      await screenshot(opened, `${name}-model`)
      await selectTab(page, 'Chat')
      expect(await page.getByLabel('Chat template').isVisible()).toBe(false)
      await send(page, 'Hello?')
      expect(await textOf(page.locator('.reasoning summary'))).toBe('Reasoning · 4 words')
      expect(await textOf(page.locator('.is-reply > .streamed'))).toBe('Hello from the script.')

      await page.getByLabel('Thinking').selectOption('off')
      await send(page, 'Hello again?')
      expect(await textOf(page.locator('.turn').nth(1).locator('.is-reply'))).toMatch(
        /^No thoughts this time\./,
      )

      await page.getByLabel('Thinking').selectOption('auto')
      await page.getByRole('switch', { name: 'Tools' }).check()
      await send(page, 'What is 17 * 23?')
      const turn = page.locator('.turn').nth(2)
      await turn.locator('.is-reply').nth(1).locator('.reply-stats').waitFor()
      const [call, answer] = await turn.locator('.is-reply').all()
      expect(await call.locator('.reasoning .streamed').textContent()).toBe(
        'The user asks something. I should use a tool.',
      )
      expect(await textOf(call.locator('.tool-name'))).toBe('Calls calculator')
      expect(JSON.parse(await textOf(call.locator('.tool-call > .streamed')))).toEqual({
        expression: '17 * 23',
      })
      expect(await textOf(call.locator('.tool-result'))).toBe('Result {"result":391}')
      expect(await textOf(answer.locator('.streamed'))).toBe('17 times 23 is 391.')
      await turn.locator('summary').click()
      await screenshot(opened, `${name}-tools`, { isWhole: true })
      expect(errors).toEqual([])
    })

    it('checks edited tools, and asks the user for the result of one that it cannot run', async () => {
      await using opened = await openPlayground(browser, `${server.url}#model`)
      const { page } = opened
      await modelLoaded(page)
      const call = '{"name": "weather", "arguments": {"city": "Rome"}}'
      await page
        .locator('input[type=file]')
        .setInputFiles(asFile(reasoningModel({ call, answer: ['It is', ' warm in Rome.'] })))
      await page.getByRole('heading', { name: 'Scripted 1 M' }).waitFor()
      await selectTab(page, 'Chat')
      await page.getByRole('switch', { name: 'Tools' }).check()
      await page.getByText('Edit the tools').click()
      const editor = page.getByLabel('Definitions (JSON)')
      await editor.fill('[{ "name": "weather", ')
      await page.locator('.chat-settings .failure').waitFor()
      await editor.fill('[{ "name": "weather", "parameters": { "type": "object", "propertees": {} } }]')
      await page.locator('.chat-settings .hint', { hasText: 'did you mean "properties"' }).waitFor()
      await page.getByLabel('Message').fill('How is the weather in Rome?')
      await page.getByRole('button', { name: 'Send' }).click()
      await page.getByLabel(/^The page cannot run this tool/).fill('20 degrees')
      await page.keyboard.press('Enter')
      await page.locator('.reply-text', { hasText: 'It is warm in Rome.' }).waitFor()
      expect(await textOf(page.locator('.tool-result'))).toBe('Result 20 degrees')
    })

    it('loads a dropped file', async () => {
      await using opened = await openPlayground(browser, server.url)
      const { page } = opened
      await modelLoaded(page)
      const { buffer } = scripted()
      // No browser lets a program drag a real file in; the page gets the same events.
      await page.evaluate((base64) => {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([bytes], 'dropped.gguf'))
        for (const type of ['dragover', 'drop'])
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
      }, buffer.toString('base64'))
      await page.getByRole('heading', { name: 'Scripted 1 M' }).waitFor()
      expect(await textOf(page.locator('.model-name'))).toBe('dropped.gguf')
      expect(await page.getByRole('tab', { name: 'Model' }).getAttribute('aria-selected')).toBe('true')
    })

    it('pulls a model from a hub with progress, can cancel, continues, lists and removes it', async () => {
      let release = () => {}
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      // The second half comes when the test has seen the progress.
      const whole = ranges(stories, { etag: `"${sha256Of(stories)}"` })
      const slow: Handler = async (request, response) => {
        const start = Number(/^bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0)
        if (start > 0) await released
        whole(request, response)
      }
      await using hub = await serveHub(
        'someone/stories',
        { 'tiny.gguf': { bytes: stories, handler: slow } },
        { isCrossOrigin: true },
      )
      await using opened = await openPlayground(browser, `${server.url}#model`)
      const { page } = opened
      await modelLoaded(page)
      await page.getByText('Hub, token, context').click()
      await page.getByLabel('Address of the hub').fill(hub.base)
      const load = async (name: string) => {
        await page.getByLabel('Name or address').fill(name)
        await page.getByRole('button', { name: 'Load', exact: true }).click()
      }
      await load('hf:someone/stories/other.gguf')
      expect(await textOf(page.locator('.loading .failure'))).toMatch(
        /has no file "other\.gguf"[\s\S]*tiny\.gguf/,
      )

      await load('hf:someone/stories/tiny.gguf')
      await page.locator('.loading .hint', { hasText: /^[\d.]+ MB of 3\.14 MB from the network/ }).waitFor()
      await screenshot(opened, `${name}-progress`)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.locator('.loading .failure', { hasText: 'was cancelled' }).waitFor()
      const stored = page.locator('.stored-model')
      await stored.filter({ hasText: /of 3\.14 MB has arrived/ }).waitFor()
      release()
      await page.getByRole('button', { name: 'Continue hf:someone/stories/tiny.gguf' }).click()
      await stored.filter({ hasText: 'checksum verified' }).waitFor()
      await expect.poll(() => textOf(page.locator('.model-name'))).toBe('hf:someone/stories/tiny.gguf')

      await page.getByRole('button', { name: 'Remove hf:someone/stories/tiny.gguf' }).click()
      await page.getByText('Nothing yet').waitFor()
    })

    it('lists what is not enforced, and shows the value of a generated JSON text', async () => {
      await using opened = await openPlayground(browser, `${server.url}#format`)
      const { page, errors } = opened
      await modelLoaded(page)
      await page.getByRole('button', { name: 'Generate' }).click()
      await page.locator('.value').waitFor()
      const value = JSON.parse(await textOf(page.locator('.value')))
      expect(value).toEqual({
        name: expect.any(String),
        kind: expect.any(String),
        age: expect.any(Number),
        likes: expect.any(Array),
      })
      expect(['girl', 'boy', 'dog', 'dragon']).toContain(value.kind)
      await screenshot(opened, `${name}-format`, { isWhole: true })

      const source = page.getByLabel('Schema or grammar')
      await source.fill('{ "type": "string", "minLenght": 3 }')
      await page.locator('.notice', { hasText: 'did you mean "minLength"' }).waitFor()
      await source.fill('{ "type": ')
      await page.locator('.format-source .failure').waitFor()
      expect(await page.getByRole('button', { name: 'Generate' }).isDisabled()).toBe(true)

      await page.getByLabel('Example').selectOption({ label: 'A list' })
      await page.getByRole('button', { name: 'Generate' }).click()
      await page.getByText(/^Complete/).waitFor()
      expect(await textOf(page.locator('.format-output .streamed'))).toMatch(/^(- [a-z][a-z ]{4,25}\n?){3}$/)
      expect(errors).toEqual([])
    })

    it('is used with the keyboard alone', async () => {
      await using opened = await openPlayground(browser, server.url)
      const { page } = opened
      await modelLoaded(page)
      // Everything that can be clicked on is reached by Tab, visibly.
      const wanted = await page.evaluate<number>(
        `[...document.querySelectorAll('button, input, select, textarea, summary, a[href]')].filter((each) => each.checkVisibility() && !each.disabled && each.tabIndex >= 0).length`,
      )
      const reached = new Set<string>()
      for (let i = 0; i < 3 * wanted; i++) {
        await page.keyboard.press('Tab')
        const [id, outline] = await page.evaluate<[string, string]>(`(() => {
        const { activeElement: at } = document
        if (at === document.body) return ['', '']
        at.dataset.reached ??= String(document.querySelectorAll('[data-reached]').length)
        const { outlineStyle, outlineWidth } = getComputedStyle(at)
        return [at.dataset.reached, outlineStyle + ' ' + outlineWidth]
      })()`)
        // Around once; Firefox then shows no focus any more.
        if (id === '' || (reached.has(id) && reached.size > 1)) break
        expect(outline).not.toMatch(/^none| 0px$/)
        reached.add(id)
      }
      expect(reached.size).toBeGreaterThanOrEqual(wanted)

      await page.getByRole('tab', { name: 'Chat' }).focus()
      const selected = () => textOf(page.locator('[role=tab][aria-selected=true]'))
      await page.keyboard.press('ArrowLeft')
      expect(await selected()).toBe('Model')
      await page.keyboard.press('Home')
      expect(await selected()).toBe('Chat')
      await page.keyboard.press('End')
      await page.keyboard.press('ArrowRight')
      expect(await selected()).toBe('Chat')
    })

    it('fits a phone, in light and dark colours', async () => {
      await using opened = await openPlayground(browser, server.url, {
        viewport: { width: 360, height: 740 },
      })
      const { page } = opened
      await modelLoaded(page)
      await send(page, 'Once upon a time')
      const theme = page.getByRole('button', { name: /^Theme/ })
      for (const [colours, background] of [
        ['light', 'rgb(251, 250, 248)'],
        ['dark', 'rgb(22, 23, 26)'],
      ]) {
        await theme.click()
        expect(await textOf(theme)).toBe(`Theme: ${colours}`)
        expect(
          await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor'),
        ).toBe(background)
        for (const tab of ['Chat', 'Sampling', 'Formats', 'Model']) {
          await selectTab(page, tab)
          expect(await overflow(page), tab).toBe(0)
          await screenshot(opened, `${name}-phone-${colours}-${tab.toLowerCase()}`)
        }
      }
      await page.reload()
      expect(await textOf(theme)).toBe('Theme: dark')
    })

    it('works on a host without headers, with one thread, and says so', async () => {
      await using plain = await serveFolder(PLAYGROUND_FOLDER, { isIsolated: false })
      await using opened = await openPlayground(browser, `${plain.url}#model`)
      const { page } = opened
      expect(await modelLoaded(page)).toContain('1 thread')
      await page.locator('.notice', { hasText: 'Cross-Origin-Opener-Policy' }).waitFor()
      await selectTab(page, 'Chat')
      await send(page, 'Once upon a time')
      expect((await textOf(page.locator('.is-reply .streamed'))).length).toBeGreaterThan(40)
    })
  },
)
