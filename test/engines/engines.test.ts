/** The same bits on every JavaScript engine: the tokens of the command line, logits, draws. Prints a table. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../scripts/engines.mjs'
import { columns } from '../../src/cli/output/table.js'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { serveFiles } from '../runtimes/file-server.js'
import { firefoxPath, withFirefox } from '../runtimes/firefox.js'
import { askWorker } from '../runtimes/worker.js'
import { GOLDEN } from '../sampling/golden.js'
import { CLI, engines, launch, ROOT } from './launch.js'
import { cliOptions, MODEL_PATH, SETTINGS } from './settings.js'

type Ids = Readonly<Record<string, readonly number[]>>

/** What program.mjs returns. */
interface Answer {
  readonly version: string
  readonly ids: Ids
  /** The draws of each case of test/sampling/golden.ts. */
  readonly golden: readonly (readonly number[])[]
  /** Hashes by their subject. */
  readonly bits: Readonly<Record<string, string>>
}

const INTERNALS = '.cache/engines/internals.mjs'
const installed = await engines()
const rows: string[][] = []
let expected: Answer

async function printed(words: readonly string[]) {
  const { stdout } = await promisify(execFile)(words[0], words.slice(1), { cwd: ROOT })
  return JSON.parse(stdout)
}

/** Where the engine runs: on the thread that loads the model, or in a Worker of its own. */
interface Where {
  readonly worker: boolean
}

function computeIn(engine: Engine, { worker }: Where): Promise<Answer> {
  const task = { internals: ROOT + INTERNALS, source: MODEL_PATH, settings: SETTINGS, worker }
  return printed([...launch(engine, `${ROOT}test/engines/main.mjs`), JSON.stringify(task)])
}

/** The output of `dasllama run` with each setting. */
async function commandLineIds(engine: Engine): Promise<Ids> {
  const ids: Record<string, number[]> = {}
  for (const setting of SETTINGS) {
    const args = ['run', MODEL_PATH, ...cliOptions(setting), '--json']
    ids[setting.name] = (await printed([...launch(engine, CLI), ...args])).ids
  }
  return ids
}

/** Opens page.html in a browser; its answer is posted to the server. */
async function computeInPage(
  browse: (url: string, posted: Promise<string>) => Promise<string>,
  { worker }: Where,
): Promise<Answer> {
  const server = await serveFiles()
  try {
    const task = { internals: `/${INTERNALS}`, source: `/${MODEL_PATH}`, settings: SETTINGS, worker }
    const url = `${server.url}test/engines/page.html#${encodeURIComponent(JSON.stringify(task))}`
    const answer = JSON.parse(await browse(url, server.posted))
    if (answer.error) throw new Error(answer.error)
    return { ...answer, version: /(?:Chrome|Firefox)\/([\d.]+)/.exec(answer.version)?.[1] ?? answer.version }
  } finally {
    await server.close()
  }
}

async function withChromium(url: string, posted: Promise<string>): Promise<string> {
  const browser = await startChromium()
  try {
    await (await browser.newPage()).goto(url)
    return await posted
  } finally {
    await browser.close()
  }
}

async function computeInWorker(): Promise<Answer> {
  const script = `
    import * as dasllama from './dist/workerd.js'
    import * as sampling from './dist/sampling.js'
    import * as internals from './${INTERNALS}'
    import { compute } from './test/engines/program.mjs'
    import source from './${MODEL_PATH}'
    const settings = ${JSON.stringify(SETTINGS)}
    export default {
      async fetch() {
        return Response.json(await compute({ dasllama, sampling, internals, source, settings }))
      },
    }`
  const files = ['dist/workerd.js', 'dist/sampling.js', INTERNALS, 'test/engines/program.mjs', MODEL_PATH]
  const answer = (await askWorker(script, files)) as Answer
  const { version } = JSON.parse(await readFile(`${ROOT}node_modules/workerd/package.json`, 'utf8'))
  return { ...answer, version }
}

/** Records how much of `answer` is as expected, and fails unless all of it is. */
function compare(name: string, answer: Answer, ids: Ids, ms: number) {
  const perSetting = SETTINGS.map(({ name }) => agreement(ids[name], expected.ids[name]))
  const golden = GOLDEN.map((golden) => golden.ids)
  const bits = Object.entries(expected.bits).map(([of, hash]) =>
    answer.bits[of] === hash ? 'equal' : 'DIFFER',
  )
  const cells = [...perSetting, agreement(answer.golden.flat(), golden.flat()), ...bits]
  rows.push([name, answer.version, ...cells, ms.toFixed(0)])
  expect(ids).toEqual(expected.ids)
  expect(answer).toEqual({ ...expected, golden, version: answer.version })
}

/** How many of the ids are as expected: `59/60`. */
function agreement(ids: readonly number[], wanted: readonly number[]): string {
  return `${wanted.filter((id, i) => id === ids[i]).length}/${wanted.length}`
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now()
  return [await work(), performance.now() - start]
}

beforeAll(async () => {
  const entryPoints = [`${ROOT}test/engines/internals.ts`]
  await build({ bundle: true, format: 'esm', entryPoints, outfile: ROOT + INTERNALS, logLevel: 'warning' })
  expected = await computeIn(installed[0], { worker: false })
})

afterAll(() => {
  const settings = SETTINGS.map(({ name }) => name)
  const head = ['engine', 'version', ...settings, 'golden', ...Object.keys(expected.bits), 'ms']
  console.log(`Ids and bits equal to those of Node ${expected.version}:\n\n${columns([head, ...rows])}`)
})

it('the settings give different texts', () => {
  const texts = SETTINGS.map(({ name, maxTokens }) => {
    expect(expected.ids[name].length, name).toBeGreaterThan(maxTokens / 2)
    return String(expected.ids[name])
  })
  expect(new Set(texts).size).toBe(SETTINGS.length)
})

describe('the same ids and bits', () => {
  it.each(installed)('in $program $version ($path)', async (engine) => {
    const [answer, ms] = await timed(() => computeIn(engine, { worker: false }))
    expect(answer.version).toBe(engine.version)
    compare(engine.program, answer, await commandLineIds(engine), ms)
  })

  it.each(installed)('in a Worker of $program $version ($path)', async (engine) => {
    const [answer, ms] = await timed(() => computeIn(engine, { worker: true }))
    compare(`${engine.program}, Worker`, answer, answer.ids, ms)
  })

  describe.each([
    { name: 'on the page', worker: false },
    { name: 'in a Worker', worker: true },
  ])('$name', ({ worker }) => {
    const suffix = worker ? ', Worker' : ''

    it.skipIf(withoutChromium)('of Chromium', async () => {
      const [answer, ms] = await timed(() => computeInPage(withChromium, { worker }))
      compare(`chromium${suffix}`, answer, answer.ids, ms)
    })

    it.skipIf(firefoxPath === undefined)('of Firefox', async () => {
      const [answer, ms] = await timed(() => computeInPage(withFirefox, { worker }))
      compare(`firefox${suffix}`, answer, answer.ids, ms)
    })
  })

  it('in workerd', async () => {
    const [answer, ms] = await timed(computeInWorker)
    compare('workerd', answer, answer.ids, ms)
  })
})
