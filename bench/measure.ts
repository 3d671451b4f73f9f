import { createReadStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { inspectModel } from 'dasllama'
import type { LoadOptions } from './contestants/contestant.js'
import type { Entrant } from './contestants/registry.js'
import type { Link } from './hosts/link.js'
import { openHost } from './hosts/open.js'
import type { Description } from './hosts/protocol.js'
import type { BenchModel, ModelFiles } from './models/catalog.js'
import { workPerToken } from './models/work.js'
import type { LoadRecord, ModelRecord, TestRecord } from './record.js'
import { type Player, type Turns, takeTurns } from './turns.js'
import { contextFor, planWorkloads, type Sizes, workloadIds, workloadName } from './workload.js'

/** How to measure, the same for all models. */
export interface Plan extends Sizes, Turns {
  readonly entrants: readonly Entrant[]
  /** Everything is done with each of these numbers of threads. */
  readonly threads: readonly number[]
  /** Called for tests and contestants that are left out. */
  readonly skip: (what: string, why: string) => void
  /** Called with progress messages. */
  readonly progress: (text: string) => void
}

/** A contestant that has loaded the model. */
interface Starter extends Player {
  readonly link: Link
  readonly load: Omit<LoadRecord, 'end'>
}

/** A model's entry in a record, its files, and what its ids depend on. */
export interface Examined {
  readonly about: Omit<ModelRecord, 'contextLength' | 'loads' | 'tests'>
  readonly files: ModelFiles
  /** Positions that it was trained for. */
  readonly contextLength: number
  readonly vocabSize: number
  readonly bosId: number
}

/** Makes a model's files if they are missing, and inspects them; undefined if no contestant can run the model. */
export async function examine(
  model: BenchModel,
  { skip, progress }: Pick<Plan, 'skip' | 'progress'>,
): Promise<Examined | undefined> {
  progress(`${model.name}: preparing`)
  const files = await model.files()
  const { config, tokenizer, problems, parameters, tensorBytes, formats } = await inspectModel(files.path)
  if (!config || !tokenizer || problems.length > 0) {
    skip(model.name, problems[0]?.message ?? 'no configuration')
    return undefined
  }
  const about = {
    name: model.name,
    what: model.what,
    parameters,
    tensorBytes,
    formats: formats.map(({ format, bytes }) => ({ format, bytes })),
    work: await workPerToken(files.path),
  }
  const { contextLength, vocabSize } = config
  return { about, files, contextLength, vocabSize, bosId: tokenizer.bosId ?? 0 }
}

/** All tests of one model with all contestants; undefined if no contestant can run it. Ends every host it started. */
export async function measureModel(model: BenchModel, plan: Plan): Promise<ModelRecord | undefined> {
  const examined = await examine(model, plan)
  if (!examined) return undefined
  const { about, files, contextLength: trained, vocabSize, bosId } = examined
  const sizes = { ...plan, pp: plan.pp ?? model.sizes?.pp, tg: plan.tg ?? model.sizes?.tg }
  const { fitting, tooLong } = planWorkloads(sizes, trained)
  for (const workload of tooLong) {
    plan.skip(`${model.name} ${workloadName(workload)}`, `its context has ${trained} positions`)
  }
  if (fitting.length === 0) return undefined

  const contextLength = contextFor(fitting, trained)
  const loads: LoadRecord[] = []
  const tests: TestRecord[] = []
  for (const threads of plan.threads) {
    const skip = (name: string, error: Error) =>
      plan.skip(`${model.name}, ${name}, ${threads === 1 ? '1 thread' : `${threads} threads`}`, error.message)
    const starters: Starter[] = []
    try {
      for (const entrant of plan.entrants) {
        const starter = await start(entrant, files, { contextLength, threads, kernels: entrant.kernels })
        if (starter instanceof Error) skip(entrant.name, starter)
        else starters.push(starter)
      }
      let able: readonly Starter[] = starters
      for (const workload of fitting) {
        plan.progress(`${model.name}: ${workloadName(workload)}, threads: ${threads}`)
        const ids = workloadIds(workload, vocabSize, bosId)
        const results = await takeTurns(workload, ids, able, plan, (name, error) => {
          able = able.filter((starter) => starter.name !== name)
          skip(`${name}, ${workloadName(workload)}`, error)
        })
        tests.push(...results.map((result) => ({ ...result, threads })))
      }
      for (const { load, link } of able) loads.push({ ...load, end: await link.ask({ do: 'memory' }) })
    } finally {
      for (const { link } of starters) await link[Symbol.asyncDispose]()
    }
  }
  return { ...about, contextLength, loads, tests }
}

/** A contestant's description of itself. */
export async function describe(entrant: Entrant): Promise<Description> {
  await using link = await openHost(entrant.host, entrant.module)
  return await link.ask({ do: 'describe' })
}

/** Starts a contestant's host and loads the model in it; or the reason why that fails. */
async function start(entrant: Entrant, files: ModelFiles, options: LoadOptions): Promise<Starter | Error> {
  let link: Link | undefined
  try {
    const host = await startHost(entrant, files)
    link = host.link
    const { loadMs, ...rss } = await link.ask({ do: 'load', source: host.source, options })
    const { threads } = options
    return { name: entrant.name, link, load: { contestant: entrant.name, threads, ms: loadMs, ...rss } }
  } catch (error) {
    await link?.[Symbol.asyncDispose]()
    return error as Error
  }
}

/** Starts a contestant's host and reads the model's file into the page cache; `source` is the file's name for that host. */
export async function startHost(
  entrant: Entrant,
  files: ModelFiles,
): Promise<{ readonly link: Link; readonly source: string }> {
  const path = entrant.file ? await entrant.file(files) : files.path
  await readOnce(path)
  const link = await openHost(entrant.host, entrant.module)
  try {
    // Also loads the contestant's modules, which is not part of loading a model.
    await link.ask({ do: 'describe' })
    return { link, source: await link.address(path) }
  } catch (error) {
    await link[Symbol.asyncDispose]()
    throw error
  }
}

/** Reads a file into the page cache, so that no contestant waits for the disk. */
async function readOnce(path: string): Promise<void> {
  await finished(createReadStream(path).resume())
}
