/** The same bits on every JavaScript engine and in every place of it: the tokens of the command line, logits, draws. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it, type TestContext } from 'vitest'
import type { Engine } from '../../scripts/engines.mjs'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { serveFiles } from '../runtimes/file-server.js'
import { firefoxPath, withFirefox } from '../runtimes/firefox.js'
import { askWorker } from '../runtimes/worker.js'
import { GOLDEN } from '../sampling/golden.js'
import '../support/row-reporter.js'
import { CLI, engines, launch, ROOT } from './launch.js'
import { cliOptions, MODEL_PATH, SETTINGS } from './settings.js'

type Ids = Readonly<Record<string, readonly number[]>>

/** What program.mjs returns. */
interface Answer {
  readonly version: string
  /** With which kernels and how many threads the model ran, and which kernels `auto` chooses. */
  readonly settled: { readonly kernels: string; readonly chosen: string; readonly threads: readonly number[] }
  readonly ids: Ids
  /** The draws of each case of test/sampling/golden.ts. */
  readonly golden: readonly (readonly number[])[]
  /** Hashes by their subject. */
  readonly bits: Readonly<Record<string, string>>
}

const INTERNALS = '.cache/engines/internals.mjs'
const installed = await engines()
let expected: Answer

async function printed(words: readonly string[]) {
  const { stdout } = await promisify(execFile)(words[0], words.slice(1), { cwd: ROOT })
  return JSON.parse(stdout)
}

/** Where the engine runs: in the thread that loads the model, in a Worker of it, or in a service worker. */
type Place = 'main thread' | 'Worker' | 'service worker'

function computeIn(engine: Engine, place: Place): Promise<Answer> {
  const worker = place === 'Worker'
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
  place: Place,
): Promise<Answer> {
  const server = await serveFiles()
  try {
    const task = { internals: `/${INTERNALS}`, source: `/${MODEL_PATH}`, settings: SETTINGS, place }
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

/** `entry`: of the package. That for edge functions imports its kernels by other names. */
async function computeInWorker(entry: 'workerd' | 'edge-light'): Promise<Answer> {
  const script = `
    import * as dasllama from './dist/${entry}.js'
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
  const kernels = ['kernels', 'kernels-relaxed'].map((name) => `dist/${name}.wasm?module`)
  const files = [`dist/${entry}.js`, 'dist/sampling.js', INTERNALS, 'test/engines/program.mjs', MODEL_PATH]
  const answer = (await askWorker(script, [...files, ...kernels])) as Answer
  const { version } = JSON.parse(await readFile(`${ROOT}node_modules/workerd/package.json`, 'utf8'))
  return { ...answer, version }
}

/** Adds a row to the table: how much of `answer` is as expected. Fails unless all of it is. */
function compare(
  { task }: TestContext,
  runtime: string,
  place: Place,
  answer: Answer,
  ids = answer.ids,
): void {
  const golden = GOLDEN.map((golden) => golden.ids)
  const perSetting = SETTINGS.map(({ name }) => agreement(ids[name], expected.ids[name]))
  const differing = Object.entries(expected.bits).flatMap(([of, hash]) =>
    answer.bits[of] === hash ? [] : [of],
  )
  const { version, settled } = answer
  task.meta.row = {
    runtime: `${runtime} ${version}`,
    'engine in': place,
    kernels: settled.kernels,
    'by default': settled.chosen,
    threads: [...new Set(settled.threads)].join(' and '),
    'ids equal': sum(perSetting),
    'draws equal': sum([agreement(answer.golden.flat(), golden.flat())]),
    bits: differing.length === 0 ? 'equal' : `DIFFER: ${differing.join(', ')}`,
  }
  expect(ids).toEqual(expected.ids)
  expect(answer).toEqual({ ...expected, golden, version, settled })
  expect(settled.kernels).toBe('baseline')
}

interface Agreement {
  readonly equal: number
  readonly of: number
}

/** How many of the ids are as expected. */
function agreement(ids: readonly number[], wanted: readonly number[]): Agreement {
  return { equal: wanted.filter((id, i) => id === ids[i]).length, of: wanted.length }
}

/** `479 of 480`. */
function sum(agreements: readonly Agreement[]): string {
  const total = (key: keyof Agreement) => agreements.reduce((sum, each) => sum + each[key], 0)
  return `${total('equal')} of ${total('of')}`
}

beforeAll(async () => {
  const entryPoints = [`${ROOT}test/engines/internals.ts`]
  await build({ bundle: true, format: 'esm', entryPoints, outfile: ROOT + INTERNALS, logLevel: 'warning' })
  expected = await computeIn(installed[0], 'main thread')
})

it('the settings give different texts', () => {
  const texts = SETTINGS.map(({ name, maxTokens }) => {
    expect(expected.ids[name].length, name).toBeGreaterThan(maxTokens / 2)
    return String(expected.ids[name])
  })
  expect(new Set(texts).size).toBe(SETTINGS.length)
})

describe('the same ids and bits', () => {
  it.for(installed)('in $program $version ($path)', async (engine, test) => {
    const answer = await computeIn(engine, 'main thread')
    expect(answer.version).toBe(engine.version)
    compare(test, engine.program, 'main thread', answer, await commandLineIds(engine))
  })

  it.for(installed)('in a Worker of $program $version ($path)', async (engine, test) => {
    compare(test, engine.program, 'Worker', await computeIn(engine, 'Worker'))
  })

  describe.for([
    { name: 'Chromium', browse: withChromium, isMissing: withoutChromium },
    { name: 'Firefox', browse: withFirefox<string>, isMissing: firefoxPath === undefined },
  ])('in $name', ({ name, browse, isMissing }) => {
    it.skipIf(isMissing).for<Place>(['main thread', 'Worker', 'service worker'])(
      'in its %s',
      async (place, test) => {
        compare(test, name, place, await computeInPage(browse, place))
      },
    )
  })

  it('in workerd', async (test) => {
    compare(test, 'workerd', 'main thread', await computeInWorker('workerd'))
  })

  it('in workerd, from the entry for edge functions', async (test) => {
    compare(test, 'workerd, dasllama/edge-light', 'main thread', await computeInWorker('edge-light'))
  })
})
