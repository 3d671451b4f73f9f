/** The sampling lab of the playground in Chromium and Firefox, compared with sessions and `explainSampling` in Node. */
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KNOBS } from '../../playground/lab/parameters.js'
import { sharedLengths } from '../../playground/lab/seeds-view.js'
import { shareText } from '../../playground/lab/share-text.js'
import { buildPlayground } from '../../playground/tools/build.js'
import { loadModel, type Model, type SamplingParams } from '../../src/index.js'
import { explainSampling } from '../../src/sampling/index.js'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { serveFiles } from '../runtimes/file-server.js'
import { firefoxPath, withFirefox } from '../runtimes/firefox.js'
import type { Seen, SeenState } from './lab-driver.js'
import type { Busy } from './lab-large.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PLACE = '.cache/playground-lab-test/'
const FOLDER = `${ROOT}${PLACE}`
const PROMPT = 'One day, a little girl named'
const BALANCED: SamplingParams = { temp: 0.8, topK: 40, topP: 0.95, minP: 0.05 }

beforeAll(async () => {
  await buildPlayground(FOLDER)
  await mkdir(FOLDER, { recursive: true })
  await build({
    entryPoints: ['lab-driver', 'lab-large'].map((name) =>
      fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    ),
    outdir: FOLDER,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['node:*'],
  })
  for (const name of ['lab-driver', 'lab-large']) {
    const page = `<!doctype html><link rel="stylesheet" href="index.css"><script type="module" src="${name}.js"></script>`
    await writeFile(`${FOLDER}${name}.html`, page)
  }
}, 120_000)

/** Without an instruction that Node 20 does not know, with which some models' activations are rounded differently. */
async function inChromium(url: string, done: Promise<string>): Promise<string> {
  const browser = await startChromium('--js-flags=--no-enable-avx-vnni')
  try {
    const page = await browser.newPage({ viewport: { width: 1300, height: 950 } })
    await page.goto(url)
    return await done
  } finally {
    await browser.close()
  }
}

const BROWSERS = [
  { name: 'Chromium', isMissing: withoutChromium, visit: inChromium },
  { name: 'Firefox', isMissing: firefoxPath === undefined, visit: withFirefox<string> },
]

describe.each(BROWSERS)('the lab in $name', ({ name: browser, isMissing, visit }) => {
  let seen: Seen
  let model: Model

  /** What the page of this name posts. */
  async function postedBy<T>(name: string): Promise<T> {
    const server = await serveFiles()
    try {
      const answer = JSON.parse(await visit(`${server.url}${PLACE}${name}.html`, server.posted))
      if (answer.error) throw new Error(answer.error)
      return answer
    } finally {
      await server.close()
    }
  }

  beforeAll(async () => {
    if (isMissing) return
    seen = await postedBy('lab-driver')
    model = await loadModel(`${ROOT}models/tiny-stories.Q8_0.gguf`, { kernels: seen.kernels as 'relaxed' })
  }, 180_000)

  afterAll(() => model?.dispose())

  /** The same as the lab: draws `count` tokens one by one. */
  async function draw(seed: number, count: number, params: SamplingParams, prompt = model.encode(PROMPT)) {
    const session = model.createSession({ seed })
    await session.eval(prompt)
    const ids: number[] = []
    while (ids.length < count) {
      const id = session.sample(params)
      ids.push(id)
      await session.eval([id])
    }
    return { session, ids }
  }

  it.skipIf(isMissing).each<[string, SamplingParams]>([
    ['temp 0.5', { temp: 0.5 }],
    ['temp 1', { temp: 1 }],
    ['temp 1.7', { temp: 1.7 }],
    ['top-k 1', { temp: 1.7, topK: 1 }],
    ['several', { temp: 1.7, topK: 12, topP: 0.9, minP: 0.02 }],
    ['greedy', { temp: 0 }],
  ])('has the bars and the steps of explainSampling: %s', async (name, params) => {
    const { session } = await draw(0, 0, params)
    const { before, after, steps } = explainSampling(session.logits(), params)
    session.dispose()
    const { rows, steps: shown, draw: drawn }: SeenState = seen.states[name]
    expect(rows.length).toBeGreaterThanOrEqual(20)
    const longest = Math.max(...rows.map(({ id }) => Math.max(before.probability(id), after.probability(id))))
    const scale = [0.05, 0.1, 0.25, 0.5, 1].find((end) => longest <= end)!
    for (const row of rows) {
      expect(row.before).toBe(shareText(before.probability(row.id)))
      expect(row.mark).toBeCloseTo(before.probability(row.id) / scale, 5)
      expect(row.isRemoved).toBe(!after.has(row.id))
      if (after.has(row.id)) expect(row.after).toBe(shareText(after.probability(row.id)))
      expect(row.share).toBeCloseTo(after.probability(row.id) / scale, 5)
    }
    const listed = steps.filter((step) => shown.some((each) => each.name === step.name))
    expect(shown.map((step) => step.name)).toEqual(listed.map((step) => step.name))
    for (const [i, step] of listed.entries()) {
      expect(shown[i].isOff).toBe(!step.isEnabled)
      if (!step.isEnabled) continue
      expect(shown[i].count).toContain(`${step.after.size.toLocaleString('en')} left`)
      if (step.removedCount > 0)
        expect(shown[i].count).toContain(`−${step.removedCount.toLocaleString('en')}`)
    }
    if (params.temp) expect(drawn).toContain(`one of ${after.size.toLocaleString('en')} token`)
  })

  it.skipIf(isMissing)('leaves one token with top-k 1, and writes the parameters as code', () => {
    const { rows, draw: drawn, code } = seen.states['top-k 1']
    const left = rows.filter(({ isRemoved }) => !isRemoved)
    expect(left).toHaveLength(1)
    expect(left[0].after).toBe('100.0 %')
    expect(rows.filter(({ isRemoved }) => isRemoved).every(({ after }) => after === 'Top-k')).toBe(true)
    expect(drawn).toBe('Draw: one of 1 token.')
    expect(code).toBe('{ temp: 1.7, topK: 1 }')
    expect(seen.states.greedy.code).toBe('{}')
  })

  it.skipIf(isMissing)('continues from another token as a session in Node does, and goes back', async () => {
    const { original, at, chosen, continued, back, branches, branchesAfterReturn } = seen.fork
    const whole = await draw(7, 7, BALANCED)
    expect(original).toEqual(whole.ids)
    const fork = await draw(7, at, BALANCED)
    await fork.session.eval([chosen])
    const expected = [...fork.ids, chosen]
    while (expected.length < at + 6) {
      const id = fork.session.sample(BALANCED)
      expected.push(id)
      await fork.session.eval([id])
    }
    expect(continued).toEqual(expected)
    expect(back).toEqual(original)
    expect(branches).toBeGreaterThanOrEqual(2)
    expect(branchesAfterReturn).toBe(branches)
    for (const { session } of [whole, fork]) session.dispose()
  })

  it.skipIf(isMissing)('repeats a text with its seed', async () => {
    const [first, again, other] = seen.repeated
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    const { session, ids } = await draw(3, 8, BALANCED)
    expect(first).toEqual(ids)
    session.dispose()
  })

  it.skipIf(isMissing)('generates several seeds side by side and marks what is the same', async () => {
    const [first, again] = seen.lanes
    expect(again).toEqual(first)
    const texts = await Promise.all([1, 2, 3].map((seed) => draw(seed, 12, BALANCED)))
    expect(first.map(({ ids }) => ids)).toEqual(texts.map(({ ids }) => ids))
    const counts = sharedLengths(texts.map(({ ids }) => ids))
    expect(first.map(({ shared }) => shared)).toEqual(
      counts.map((of) => of.map((count) => (count === 3 ? 2 : count > 1 ? 1 : 0))),
    )
    const all = counts[0].filter((count) => count === 3).length
    expect(seen.note).toContain(
      all === 0 ? 'differ from the first token' : `${all === 1 ? 'first token is' : `first ${all} tokens`}`,
    )
    expect(seen.taken).toEqual(first[1].ids)
    for (const { session } of texts) session.dispose()
  })

  it.skipIf(isMissing)('moves with arrow keys among tokens and among candidates', () => {
    const { selected, focused, afterEnter } = seen.keyboard
    expect(selected).toEqual([12, 11, 10, 11, 0, 0])
    expect(focused.map(Number)).toEqual([-1, 0, 1, 2, 1, expect.any(Number), 0, 1])
    expect(Number(focused[5])).toBeGreaterThanOrEqual(19)
    expect(afterEnter).toHaveLength(13)
    expect(afterEnter).not.toContain(-1)
  })

  it.skipIf(isMissing)('has a name for each control, and shows no failure', () => {
    expect(seen.nameless).toEqual([])
    expect(seen.failures).toBe('')
  })

  it.skipIf(isMissing)(
    'shows each slider at each position with 151,936 tokens; the table has how long frames take',
    async ({ task }) => {
      const { busy, long } = await postedBy<{ busy: readonly Busy[]; long: readonly number[] }>('lab-large')
      expect(busy).toHaveLength(KNOBS.length)
      const slowest = busy.reduce((a, b) => (b.longest > a.longest ? b : a))
      const medians = busy.map(({ median }) => median).sort((a, b) => a - b)
      task.meta.row = {
        'lab, 151,936 tokens': browser,
        'median frame, ms': medians[medians.length >> 1].toFixed(1),
        'longest, ms': slowest.longest.toFixed(1),
        while: slowest.label,
        'tasks over 50 ms': String(long.length),
      }
    },
  )
})
