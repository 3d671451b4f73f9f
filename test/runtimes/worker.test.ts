import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium, withoutChromium } from './chromium.js'
import { type FileServer, type SpecialResponse, serveFiles } from './file-server.js'
import { firefoxPath, withFirefox } from './firefox.js'
import { storiesInNode } from './stories.js'

const ENGINE_THREAD = 'browser-engine-thread.js'

/** Needed by a page to share memory with its Workers. */
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}
const FOREIGN = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

/** Pages on which the Worker cannot be started: where the package is, and the page's own headers. */
const REFUSED: Readonly<Record<string, { dist?: string; headers?: Record<string, string> }>> = {
  'a policy without Workers': { headers: { 'content-security-policy': "worker-src 'none'" } },
  'Trusted Types': { headers: { 'content-security-policy': "require-trusted-types-for 'script'" } },
  'a package of another origin': { dist: 'FOREIGN' },
  'a script that is missing': { dist: '/missing' },
  'a page instead of the script': { dist: '/page' },
  'a script that an isolated page may not embed': { dist: '/not-embeddable' },
}

/** Folders that look like the repository's root, except for the Worker's script. */
const FOLDERS: Readonly<Record<string, SpecialResponse>> = {
  missing: { status: 404 },
  page: {},
  hanging: { hangs: true },
  'not-embeddable': { file: `/dist/${ENGINE_THREAD}`, headers: {} },
}

const PROGRAM = '<script type="module" src="/test/runtimes/worker-cases.mjs"></script>'

/** Pages of cases one after another, each in a frame. */
const DRIVER = `<script type="module">
  for (const address of JSON.parse(decodeURIComponent(location.hash.slice(1)))) {
    const frame = document.createElement('iframe')
    const done = new Promise((resolve) => addEventListener('message', resolve, { once: true }))
    frame.src = address
    document.body.append(frame)
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 100_000))])
    frame.remove()
  }
</script>`

interface Outcome {
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: what the cases of worker-cases.mjs return.
  readonly result?: any
  readonly error?: string
  readonly uncaught: readonly string[]
}

/** A server of the pages, whose outcomes can be waited for by name. */
class Cases {
  readonly #outcomes = new Map<string, Outcome>()
  readonly #waiting = new Map<string, (outcome: Outcome) => void>()
  #server!: FileServer
  #foreign!: FileServer

  async start(): Promise<void> {
    this.#foreign = await serveFiles(undefined, (path) => ({ file: path, headers: FOREIGN }))
    this.#server = await serveFiles(async (text) => {
      const outcome: Outcome = JSON.parse(text)
      this.#outcomes.set(outcome.name, outcome)
      this.#waiting.get(outcome.name)?.(outcome)
      return ''
    }, respond)
  }

  get url(): string {
    return this.#server.url
  }

  /** The address of a case's page. */
  address(name: string, run = name, dist = ''): string {
    const folder = dist === 'FOREIGN' ? this.#foreign.url.slice(0, -1) : dist
    return `case/${encodeURIComponent(name)}?${new URLSearchParams({ run, dist: `${folder}/dist/index.js` })}`
  }

  /** What the case of this name has given, or will give. Rejects with its error. */
  async of(name: string): Promise<Outcome> {
    const known = this.#outcomes.get(name)
    const outcome = known ?? (await new Promise<Outcome>((resolve) => this.#waiting.set(name, resolve)))
    if (outcome.error !== undefined) throw new Error(outcome.error)
    return outcome
  }

  async close(): Promise<void> {
    await this.#server?.close()
    await this.#foreign?.close()
  }
}

function respond(path: string): SpecialResponse | undefined {
  if (path === '/driver') return { body: DRIVER }
  const [, first, name] = path.split('/')
  if (first === 'case') {
    const { headers } = REFUSED[name === 'allowed' ? 'Trusted Types' : name] ?? {}
    return { body: (name === 'allowed' ? ALLOWING : '') + PROGRAM, headers: { ...ISOLATION, ...headers } }
  }
  const special = FOLDERS[first]
  if (!special) return undefined
  return path.endsWith(ENGINE_THREAD) ? special : { file: path.slice(first.length + 1) }
}

/** Cases that run on any page. */
const FRAMED = ['hanging', 'ended', 'sources', 'allowed']
const ALLOWING = `<script>trustedTypes.createPolicy('default', { createScriptURL: (url) => url })</script>`

let story: readonly number[]

beforeAll(async () => {
  story = (await storiesInNode()).greedy.ids.slice(0, 12)
})

function expectAllCases(cases: Cases): void {
  describe.each(Object.keys(REFUSED))('where %s stops the Worker', (name) => {
    it('the model runs on the page and a warning says so', async () => {
      const { result, uncaught } = await cases.of(name)
      expect(result.story).toEqual(story)
      expect(result.warnings).toMatchObject([{ code: 'NO_WORKER' }])
      expect(result.warnings[0].message).toMatch(/main thread.*cannot be started: \S/)
      expect(result.warnings[0].hint).toMatch(/Content Security Policy.*worker: false/)
      expect(uncaught).toEqual([])
    })

    it('a load that asks for it is rejected', async () => {
      const { asked } = (await cases.of(name)).result
      expect(asked).toMatchObject({ name: 'DasllamaError', code: 'UNSUPPORTED' })
      expect(asked.message).toMatch(/Worker.*cannot be started: \S/)
      expect(asked.hint).toMatch(/Content Security Policy.*worker: false/)
    })
  })

  it('starts under Trusted Types whose default policy lets its URL through', async () => {
    const { result, uncaught } = await cases.of('allowed')
    expect(result).toEqual({ story, warnings: [] })
    expect(uncaught).toEqual([])
  })

  it('a signal ends a load whose Worker never answers', async () => {
    const { result, uncaught } = await cases.of('hanging')
    expect(result).toMatchObject({ byDefault: { name: 'TimeoutError' }, asked: { name: 'TimeoutError' } })
    expect(uncaught).toEqual([])
  })

  it('a Worker that ends, however it does, is reported at once, and the model can be loaded again', async () => {
    const { result, uncaught } = await cases.of('ended')
    expect(Object.keys(result)).toHaveLength(9)
    for (const [way, ended] of Object.entries<Outcome['result']>(result)) expectEnded(ended, way)
    expect(uncaught).toEqual([])
  })

  it('what can be posted is read in the Worker, and a relative URL is relative to the base of the page', async () => {
    const { result, uncaught } = await cases.of('sources')
    const names = ['handle', 'file', 'blob', 'blobUrl', 'relative']
    expect(result.stories).toEqual(Object.fromEntries(names.map((name) => [name, story])))
    expect(result.posted).toEqual(['content', 'content', 'content', 'name', 'name'])
    expect(result.workers).toBe(names.length)
    expect(uncaught).toEqual([])
  })
}

function expectEnded(
  { error, milliseconds, position, known, ids, story: again }: Outcome['result'],
  way: string,
) {
  expect(error, way).toMatchObject({ code: 'ENGINE_LOST', hint: expect.stringContaining('load it again') })
  // Long before the pings of pages without locks would notice.
  expect(milliseconds, way).toBeLessThan(15_000)
  expect(known, way).toHaveLength(position)
  expect(position, way).toBeGreaterThan(0)
  expect(ids.slice(0, 3), way).toEqual(story.slice(0, ids.length === 0 ? 0 : 3))
  expect(again, way).toEqual(story)
}

describe.skipIf(withoutChromium)('an engine in a Worker, in Chromium', () => {
  const cases = new Cases()
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    await cases.start()
    // The second name is not an address of this machine: a page that is not secure.
    browser = await startChromium('--host-resolver-rules=MAP insecure.test 127.0.0.1')
    page = await browser.newPage()
    const framed = await browser.newPage()
    await framed.goto(`${cases.url}driver#${driven(cases)}`)
  })

  afterAll(async () => {
    await browser?.close()
    await cases.close()
  })

  const visit = async (name: string) => {
    await page.goto(cases.url + cases.address(name))
    return (await cases.of(name)).result
  }

  expectAllCases(cases)

  it('is reported as lost where the page is not secure and has no locks', async () => {
    const insecure = await browser.newPage()
    await insecure.goto(cases.url.replace('127.0.0.1', 'insecure.test') + cases.address('insecure'))
    const { result, uncaught } = await cases.of('insecure')
    await insecure.close()
    expect(result).toMatchObject({ isSecure: false, hasLocks: false })
    // A tenth of the time that it takes.
    expectEnded({ ...result, milliseconds: result.milliseconds / 10 }, 'insecure')
    expect(uncaught).toEqual([])
  })

  it('ends with the model, twenty times', async () => {
    const stories = await visit('twenty')
    expect(stories).toEqual(Array.from({ length: 20 }, () => story))
    await expect.poll(() => page.workers().length).toBe(0)
  })

  it('ends with a load that is aborted', async () => {
    const outcomes: string[] = await visit('aborted')
    for (const outcome of outcomes) expect(outcome).toMatch(/^(loaded|AbortError)$/)
    expect(outcomes[0]).toBe('AbortError')
    await expect.poll(() => page.workers().length).toBe(0)
  })

  it('ends with its page', async () => {
    expect(await visit('left')).toEqual(story)
    expect(page.workers().length).toBeGreaterThanOrEqual(1)
    await page.goto('about:blank')
    await expect.poll(() => page.workers().length).toBe(0)
  })
})

/** The cases for the driver's page. */
function driven(cases: Cases): string {
  const refused = Object.entries(REFUSED).map(([name, { dist }]) => cases.address(name, 'refused', dist))
  const framed = FRAMED.map((name) => cases.address(name, name, name === 'hanging' ? '/hanging' : ''))
  return encodeURIComponent(JSON.stringify([...refused, ...framed].map((address) => `/${address}`)))
}

describe.skipIf(firefoxPath === undefined)('an engine in a Worker, in Firefox', () => {
  const cases = new Cases()
  let running: Promise<void>
  let stop: () => void

  beforeAll(async () => {
    await cases.start()
    const stopped = new Promise<void>((resolve) => {
      stop = resolve
    })
    running = withFirefox(`${cases.url}driver#${driven(cases)}`, stopped)
  })

  afterAll(async () => {
    stop?.()
    await running
    await cases.close()
  })

  expectAllCases(cases)
})
