/** `npm run bench -- serving`: what a server adds to the engine, and what it saves. */
import { fileURLToPath } from 'node:url'
import { measureBatches } from '../batch/measure.js'
import type { Entrant } from '../contestants/registry.js'
import { entrantsCalled } from '../contestants/registry.js'
import { runInEngine } from '../hosts/run-once.js'
import { examine } from '../measure.js'
import { type BenchModel, chooseModels } from '../models/catalog.js'
import type { BenchOptions } from '../options.js'
import { saveRecord } from '../record.js'
import { measure, type Run } from '../run.js'
import type { PrefixTask, PrefixTimes } from './prefix.js'
import type { SpeculationTask } from './speculating.js'
import type { SpeculationRow } from './speculation.js'
import {
  HTTP_NAME,
  type PrefixRecord,
  renderServing,
  type ServingRecord,
  type SpeculationRecord,
} from './tables.js'

const at = (path: string) => new URL(path, import.meta.url)
const CLI = fileURLToPath(at('../../dist/cli.js'))

const MODELS = ['1.1B-Q4_0']
const STREAMS = [1, 8]
/** Tokens of a stream. */
const TOKENS = 32

/** A beginning like that of an assistant with tools, and a question. */
const PREFIX = { common: 1000, own: 24 }
const QUICK_PREFIX = { common: 300, own: 8 }

/** A trained model: a random one repeats nothing. */
const SPECULATION_MODEL = 'TinyLlama-1.1B-Q4_0'

const [OURS, WIDE] = entrantsCalled(['dasllama', 'dasllama wide'])
const SESSIONS = { module: at('sessions.ts'), how: 'session.generate in several sessions at the same time' }
const HTTP = {
  how: 'dasllama serve in a process of its own, streams of /v1/completions read by another',
  module: at('http.ts'),
}

/** They take turns in this order. */
const ENTRANTS: readonly Entrant[] = [
  { ...OURS, ...SESSIONS },
  { ...OURS, ...HTTP, name: HTTP_NAME, host: { engine: 'node 24', env: { DASLLAMA_CLI: CLI } } },
  { ...WIDE, ...SESSIONS, how: `${SESSIONS.how}; kernels: 'wide'` },
  ...entrantsCalled(['llama.cpp', 'llama.cpp without AMX']).map((entrant) => ({
    ...entrant,
    how: "node-llama-cpp's native addon driven directly: one llama_decode per step for all sequences, as llama.cpp's server does, no sampling",
    against: ['dasllama'],
  })),
  {
    ...entrantsCalled(['node-llama-cpp'])[0],
    how: 'the public API, sequence.evaluate in several sequences of a context, greedy',
    module: at('../rivals/node-llama-cpp/streams.ts'),
    against: ['dasllama'],
  },
]

/** Measures, prints, and leaves a record in `records`. */
export async function benchServing(
  records: URL,
  options: BenchOptions,
  run: Omit<Run, 'models' | 'entrants'>,
): Promise<void> {
  const { models = MODELS, sequences = STREAMS, threads = [2], tg: [tokens = TOKENS] = [], only } = options
  const entrants = ENTRANTS.filter(({ name }) => !only || only.some((part) => name.includes(part)))
  const prefixes: PrefixRecord[] = []
  const streams = await measure(
    { ...run, threads, models: chooseModels(models), entrants: () => entrants },
    async (model, plan) => {
      const record = await measureBatches(model, { ...plan, sequences, steps: tokens })
      const sizes = options.quick ? QUICK_PREFIX : PREFIX
      for (const count of plan.threads) {
        plan.progress(`${model.name}: prompts with a common beginning, threads: ${count}`)
        const prefix = await measurePrefix(model, { ...plan, ...sizes, threads: count })
        if (prefix) prefixes.push(prefix)
      }
      return record
    },
  )
  const speculation: SpeculationRecord[] = []
  const skipped = [...streams.skipped]
  for (const count of options.quick ? [] : threads) {
    run.progress(`${SPECULATION_MODEL}: guessed tokens, threads: ${count}`)
    const [model] = chooseModels([SPECULATION_MODEL])
    try {
      const task: SpeculationTask = {
        model: (await model.files()).path,
        threads: count,
        turns: run.repetitions,
      }
      const { rows } = await runInEngine<{ rows: SpeculationRow[] }>('node 24', at('speculating.ts'), task)
      speculation.push({ model: SPECULATION_MODEL, threads: count, rows })
    } catch (error) {
      const { message } = error as Error
      run.progress(`skipped: ${message}`)
      skipped.push({ what: `${SPECULATION_MODEL}, guessed tokens`, why: message })
    }
  }
  const record: ServingRecord = { ...streams, prefixes, speculation, skipped }
  const file = await saveRecord(record, new URL('serving/', records))
  console.log(renderServing(record))
  console.error(`\nwritten: ${fileURLToPath(file)}`)
}

/** Undefined, and reported, where it cannot be measured. */
async function measurePrefix(
  model: BenchModel,
  plan: Pick<PrefixTask, 'threads' | 'repetitions' | 'common' | 'own'> & Parameters<typeof examine>[1],
): Promise<PrefixRecord | undefined> {
  const examined = await examine(model, plan)
  if (!examined) return undefined
  const { threads, repetitions, common, own, skip } = plan
  const { files, vocabSize } = examined
  try {
    const task = { cli: CLI, source: files.path, threads, repetitions, vocabSize, common, own }
    const times = await runInEngine<PrefixTimes>('node 24', at('prefix.ts'), task)
    return { model: model.name, threads, common, own, ...times }
  } catch (error) {
    skip(`${model.name}, prompts with a common beginning`, (error as Error).message)
    return undefined
  }
}
