/** `npm run bench -- large`: a model of more than one WebAssembly memory. */
import { open, stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withoutChromium } from '../../test/runtimes/chromium.js'
import { describeCommit, describeMachine, loadAverage } from '../environment.js'
import { inChromium } from '../hosts/page-link.js'
import { runInEngine, runOnPage } from '../hosts/run-once.js'
import { chooseModels, LARGE_MODEL } from '../models/catalog.js'
import type { BenchOptions } from '../options.js'
import { saveRecord } from '../record.js'
import type { Result as Pairs, Task as PairsTask } from '../worker/program.js'
import type { Result, Task } from './program.js'
import { type LargeRecord, type LargeRun, renderLarge } from './tables.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = new URL('program.ts', import.meta.url)
const LLAMA_CPP = new URL('llama-cpp.ts', import.meta.url)
const PAIRS = new URL('../worker/program.ts', import.meta.url)

const TASK: Omit<Task, 'source' | 'threads'> = {
  prompt: [1, 500, 1000, 1500, 2000, 2500, 3000, 3500],
  tokens: 16,
}

/** Fits into one memory, and is divided for the comparison. */
const CROSSING_MODEL = '1.1B-Q4_K_M'
const CROSSING = { tokens: 4, memorySize: 512 * 2 ** 20 }

const NODE = 'node 24'

/** One after the other, as only one such model fits into many machines. */
const PLACES: readonly {
  readonly name: string
  run(path: string, task: Omit<Task, 'source'>): Promise<Result>
}[] = [
  { name: 'llama.cpp', run: (source, task) => runInEngine(NODE, LLAMA_CPP, { ...task, source }) },
  { name: 'Node', run: (source, task) => runInEngine(NODE, PROGRAM, { ...task, source }) },
  {
    name: 'Chromium page',
    async run(path, task) {
      if (withoutChromium) throw new Error('Chromium is not installed')
      return runOnPage(inChromium, PROGRAM, { ...task, source: `/${relative(ROOT, path)}` })
    },
  },
]

/** Measures, prints, and leaves a record in `records`. `only`: parts of the names of places, and of `crossing`. */
export async function benchLarge(
  records: URL,
  options: Pick<BenchOptions, 'threads' | 'only' | 'repetitions'>,
  args: readonly string[],
): Promise<void> {
  const { threads: [threads] = [2], only, repetitions } = options
  const date = new Date().toISOString()
  const before = loadAverage()
  const commit = await describeCommit()
  const wanted = (name: string) => !only || only.some((part) => name.includes(part))
  const runs: LargeRun[] = []
  const skipped: { what: string; why: string }[] = []
  const attempt = async (what: string, work: () => Promise<void>) => {
    if (!wanted(what)) return
    console.error(what)
    await work().catch(({ message }) => {
      console.error(`left out: ${what}: ${message}`)
      skipped.push({ what, why: message })
    })
  }
  const [model] = chooseModels([LARGE_MODEL])
  const { path } = await model.files()
  for (const { name, run } of PLACES) {
    await attempt(name, async () => {
      const readMs = await timeReading(path)
      runs.push({ place: name, readMs, ...(await run(path, { ...TASK, threads })) })
    })
  }
  let crossing: LargeRecord['crossing']
  await attempt('crossing', async () => {
    const [{ name, files }] = chooseModels([CROSSING_MODEL])
    const { path: source } = await files()
    const task: PairsTask = { source, threads, turns: 4 * repetitions, ...CROSSING }
    crossing = { model: name, tokens: task.tokens, ...(await runInEngine<Pairs>(NODE, PAIRS, task)) }
  })
  const record: LargeRecord = {
    ...{ schema: 1, date, command: ['npm run bench', '--', ...args].join(' '), commit },
    machine: { ...describeMachine(), load: { before, after: loadAverage() } },
    ...{ model: model.name, fileBytes: (await stat(path)).size, runs, crossing, skipped },
  }
  const file = await saveRecord(record, new URL('large/', records))
  console.log(renderLarge(record))
  console.error(`\nwritten: ${fileURLToPath(file)}`)
}

/**
 * Milliseconds of reading a file once into memory of its size, in pieces as the loader does. The memory is new, as a loader's is:
 * on a virtual machine most of the time goes into pages that are touched for the first time (17 of 18 s for 4.9 GB, 2026-11).
 */
async function timeReading(path: string): Promise<number> {
  const handle = await open(path)
  const pieces: Uint8Array[] = []
  try {
    const since = performance.now()
    do pieces.push(new Uint8Array(16 * 2 ** 20))
    while ((await handle.read(pieces[pieces.length - 1])).bytesRead > 0)
    return performance.now() - since
  } finally {
    await handle.close()
  }
}
