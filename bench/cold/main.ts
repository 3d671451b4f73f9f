/** `npm run bench -- cold`: from nothing to the first token, in fresh processes, browsers and Workers. */
import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withoutChromium } from '../../test/runtimes/chromium.js'
import { describeCommit, describeMachine, loadAverage } from '../environment.js'
import { inChromium } from '../hosts/page-link.js'
import { runInEngine, runOnPage } from '../hosts/run-once.js'
import { installed } from '../install.js'
import { type BenchModel, chooseModels } from '../models/catalog.js'
import type { BenchOptions } from '../options.js'
import { saveRecord } from '../record.js'
import type { Result, Task } from './phases.js'
import { type ColdRecord, renderCold } from './tables.js'
import { runInWorkerd } from './workerd.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const at = (path: string) => new URL(path, import.meta.url)

/** A small one, and one near the 128 MB that a Worker has. */
const MODELS = ['tiny-stories', '135M-Q4_0']

interface Contestant {
  readonly name: string
  /** One cold start with a model, given by its path. Rejects where the machine lacks something. */
  run(path: string): Promise<Result>
  readonly folder?: URL
  /** Whether it reads GGUF files alone. */
  readonly isRival?: boolean
}

/** They take turns in this order. Node 20 has the baseline kernels, the others the relaxed ones. */
const CONTESTANTS: readonly Contestant[] = [
  inNode('dasllama, Node 20', 'node 20', 'kernels.wasm'),
  inNode('dasllama, Node 24', 'node 24', 'kernels-relaxed.wasm'),
  {
    name: 'node-llama-cpp, Node 24',
    run: (source) => runInEngine('node 24', at('llama-cpp.ts'), { source }),
    isRival: true,
  },
  { name: 'dasllama, workerd', run: runInWorkerd },
  {
    name: 'dasllama, Chromium page',
    run: (path) =>
      onPage(at('program.ts'), { source: addressOf(path), kernels: '/dist/kernels-relaxed.wasm' }),
  },
  {
    name: 'wllama 3, Chromium page',
    run: (path) => onPage(at('wllama.ts'), { source: addressOf(path) }),
    folder: at('../rivals/wllama-3/'),
    isRival: true,
  },
]

function inNode(name: string, engine: string, kernels: string): Contestant {
  const run = (source: string) =>
    runInEngine<Result>(engine, at('program.ts'), { source, kernels: `${ROOT}dist/${kernels}` })
  return { name, run }
}

function onPage(program: URL, task: Partial<Task>): Promise<Result> {
  if (withoutChromium) throw new Error('Chromium is not installed')
  return runOnPage(inChromium, program, task)
}

function addressOf(path: string): string {
  const inside = relative(ROOT, path)
  if (inside.startsWith('..')) throw new Error('pages read files of the repository only')
  return `/${inside}`
}

/** Measures, prints, and leaves a record in `records`. `only`: parts of the names of contestants. */
export async function benchCold(
  records: URL,
  options: Pick<BenchOptions, 'models' | 'only' | 'repetitions'>,
  args: readonly string[],
): Promise<void> {
  const { models = MODELS, only, repetitions } = options
  const date = new Date().toISOString()
  const before = loadAverage()
  const commit = await describeCommit()
  const wanted = CONTESTANTS.filter(({ name }) => !only || only.some((part) => name.includes(part)))
  if (wanted.length === 0) throw new Error(`no contestant ${only}: ${CONTESTANTS.map(({ name }) => name)}`)
  const skipped: { what: string; why: string }[] = []
  const starts: ColdRecord['starts'][number][] = []
  for (const model of chooseModels(models)) {
    starts.push(...(await startsWith(model, wanted, repetitions, (what, why) => skipped.push({ what, why }))))
  }
  const machine = { ...describeMachine(), load: { before, after: loadAverage() } }
  const command = ['npm run bench', '--', ...args].join(' ')
  const record: ColdRecord = { schema: 1, date, command, commit, machine, starts, skipped }
  const file = await saveRecord(record, new URL('cold/', records))
  console.log(renderCold(record))
  console.error(`\nwritten: ${fileURLToPath(file)}`)
}

/** All contestants with a model, in turns; one that fails is left out from then on. */
async function startsWith(
  model: BenchModel,
  contestants: readonly Contestant[],
  repetitions: number,
  skip: (what: string, why: string) => void,
): Promise<ColdRecord['starts'][number][]> {
  const { path, gguf } = await model.files()
  const starts = contestants.map((contestant) => ({
    contestant,
    file: contestant.isRival ? gguf : path,
    samples: [] as Result[],
    failed: false,
  }))
  for (let turn = 0; turn < repetitions; turn++) {
    for (const start of starts.filter(({ failed }) => !failed)) {
      const { contestant, file, samples } = start
      const what = `${model.name}, ${contestant.name}`
      console.error(`${what}, ${turn + 1} of ${repetitions}`)
      try {
        await installed(contestant.folder, console.error)
        samples.push(await contestant.run(file))
      } catch (error) {
        const { message } = error as Error
        console.error(`left out: ${what}: ${message}`)
        skip(what, message)
        start.failed = true
      }
    }
  }
  return Promise.all(
    starts
      .filter(({ samples }) => samples.length > 0)
      .map(async ({ contestant: { name }, file, samples }) => ({
        ...{ contestant: name, model: model.name, bytes: (await stat(file)).size, samples },
      })),
  )
}
