/** `npm run bench -- worker`: what an engine in a Worker costs, and how responsive it leaves a page. */
import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BROWSERS, measureInBrowser } from '../../examples/responsive/browsers.mjs'
import { withoutChromium } from '../../test/runtimes/chromium.js'
import { describeCommit, describeMachine, loadAverage } from '../environment.js'
import { inChromium } from '../hosts/page-link.js'
import { runInEngine, runOnPage } from '../hosts/run-once.js'
import { chooseModels } from '../models/catalog.js'
import type { BenchOptions } from '../options.js'
import { saveRecord } from '../record.js'
import type { Result, Task } from './program.js'
import { type PageRecord, renderWorker, type SpeedRecord, type WorkerRecord } from './tables.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = new URL('program.ts', import.meta.url)

const MODELS = ['135M-Q8_0', '1.1B-Q8_0']
/** Tokens of a turn, by the bytes of the model: some tenths of a second. */
const TOKENS = { small: 16, large: 4 }
const LARGE = 5e8

/** Tokens that a page generates at most; then it reads a prompt of a thousand once, which may take long. */
const PAGE_OPTIONS = { tokens: 8, seconds: 300 }

/** One after the other, as whichever is missing here is left out. */
const PLACES: readonly {
  readonly name: string
  run(path: string, task: Omit<Task, 'source'>): Promise<Result>
}[] = [
  { name: 'Node', run: (source, task) => runInEngine('node 24', PROGRAM, { ...task, source }) },
  {
    name: 'Chromium page',
    async run(path, task) {
      if (withoutChromium) throw new Error('Chromium is not installed')
      return runOnPage(inChromium, PROGRAM, { ...task, source: addressOf(path) })
    },
  },
]

function addressOf(path: string): string {
  const inside = relative(ROOT, path)
  if (inside.startsWith('..')) throw new Error('pages read files of the repository only')
  return `/${inside}`
}

/**
 * Measures, prints, and leaves a record in `records`: speeds of all models, pages with the last of them. `only`: parts of
 * the names of places and browsers.
 */
export async function benchWorker(
  records: URL,
  options: Pick<BenchOptions, 'models' | 'threads' | 'only' | 'repetitions'>,
  args: readonly string[],
): Promise<void> {
  const { models = MODELS, threads = [1, 2], only, repetitions } = options
  const date = new Date().toISOString()
  const before = loadAverage()
  const commit = await describeCommit()
  const wanted = ({ name }: { readonly name: string }) => !only || only.some((part) => name.includes(part))
  const speeds: SpeedRecord[] = []
  const pages: PageRecord[] = []
  const skipped: { what: string; why: string }[] = []
  const attempt = async (what: string, work: () => Promise<void>) => {
    console.error(what)
    await work().catch(({ message }) => {
      console.error(`left out: ${what}: ${message}`)
      skipped.push({ what, why: message })
    })
  }
  const chosen = chooseModels(models)
  for (const model of chosen) {
    const { path } = await model.files()
    const tokens = (await stat(path)).size < LARGE ? TOKENS.small : TOKENS.large
    for (const place of PLACES.filter(wanted))
      for (const count of threads)
        await attempt(`${model.name}, ${place.name}, threads: ${count}`, async () => {
          const result = await place.run(path, { threads: count, turns: repetitions, tokens })
          speeds.push({ place: place.name, model: model.name, tokens, ...result })
        })
  }
  const last = chosen[chosen.length - 1]
  const { path } = await last.files()
  for (const browser of BROWSERS.filter(wanted))
    await attempt(`${last.name}, pages of ${browser.name}`, async () => {
      if (!browser.path) throw new Error('it is not installed')
      const results = await measureInBrowser(browser, path, PAGE_OPTIONS, ['main', 'mainWithWorker'])
      for (const [key, { threads, rows }] of Object.entries(results)) {
        const worker = key === 'mainWithWorker'
        pages.push({ browser: browser.name, model: last.name, threads, worker, rows })
      }
    })
  const machine = { ...describeMachine(), load: { before, after: loadAverage() } }
  const command = ['npm run bench', '--', ...args].join(' ')
  const record: WorkerRecord = { schema: 1, date, command, commit, machine, speeds, pages, skipped }
  const file = await saveRecord(record, new URL('worker/', records))
  console.log(renderWorker(record))
  console.error(`\nwritten: ${fileURLToPath(file)}`)
  if (speeds.some(({ isEqual }) => !isEqual)) throw new Error('an engine in a Worker gives other logits')
}
