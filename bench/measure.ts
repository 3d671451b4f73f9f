import { createReadStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { inspectModel } from 'dasllama'
import type { Entrant } from './contestants/registry.js'
import { RemoteContestant } from './contestants/remote.js'
import type { BenchModel } from './models/catalog.js'
import type { LoadRecord, ModelRecord, TestRecord } from './record.js'
import { type Player, takeTurns } from './turns.js'
import { contextFor, planWorkloads, type Sizes, workloadIds, workloadName } from './workload.js'

/** How to measure, the same for all models. */
export interface Plan extends Sizes {
  readonly entrants: readonly Entrant[]
  readonly repetitions: number
  readonly threads: number
  /** Hears of tests and contestants that are left out. */
  readonly skip: (what: string, why: string) => void
  /** Hears what is going on. */
  readonly progress: (text: string) => void
}

/** A contestant that has loaded the model. */
interface Starter extends Player {
  readonly remote: RemoteContestant
  readonly load: Omit<LoadRecord, 'end'>
}

/** All tests of one model with all contestants; undefined when nobody can run it. Ends every process it started. */
export async function measureModel(model: BenchModel, plan: Plan): Promise<ModelRecord | undefined> {
  plan.progress(`${model.name}: preparing`)
  const { path, gguf } = await model.files()
  const { config, tokenizer, problems, parameters, tensorBytes, formats } = await inspectModel(path)
  if (!config || !tokenizer || problems.length > 0) {
    plan.skip(model.name, problems[0]?.message ?? 'no configuration')
    return undefined
  }
  const { fitting, tooLong } = planWorkloads(plan, config.contextLength)
  for (const workload of tooLong) {
    plan.skip(`${model.name} ${workloadName(workload)}`, `its context has ${config.contextLength} positions`)
  }
  if (fitting.length === 0) return undefined

  const contextLength = contextFor(fitting, config.contextLength)
  const starters: Starter[] = []
  try {
    for (const entrant of plan.entrants) {
      const file = entrant.ggufOnly ? gguf : path
      const starter = await start(entrant, file, { contextLength, threads: plan.threads })
      if (starter instanceof Error) plan.skip(`${model.name}, ${entrant.name}`, starter.message)
      else starters.push(starter)
    }
    const tests: TestRecord[] = []
    for (const workload of fitting) {
      plan.progress(`${model.name}: ${workloadName(workload)}`)
      const ids = workloadIds(workload, config.vocabSize, tokenizer.bosId ?? 0)
      tests.push(...(await takeTurns(workload, ids, starters, plan.repetitions)))
    }
    const loads: LoadRecord[] = []
    for (const { load, remote } of starters) loads.push({ ...load, end: await remote.ask({ do: 'memory' }) })
    return {
      name: model.name,
      what: model.what,
      parameters,
      tensorBytes,
      formats: formats.map(({ format, bytes }) => ({ format, bytes })),
      contextLength,
      loads,
      tests,
    }
  } finally {
    for (const { remote } of starters) await remote[Symbol.asyncDispose]()
  }
}

/** What a contestant says about itself. */
export async function describe(entrant: Entrant): Promise<Readonly<Record<string, string>>> {
  await using remote = new RemoteContestant(entrant.module)
  return await remote.ask({ do: 'describe' })
}

/** Starts a contestant's process and has it load the model; or the reason why it cannot. */
async function start(
  entrant: Entrant,
  path: string,
  options: { contextLength: number; threads: number },
): Promise<Starter | Error> {
  await readOnce(path)
  const remote = new RemoteContestant(entrant.module)
  try {
    // Also loads the contestant's modules, which is no part of loading a model.
    await remote.ask({ do: 'describe' })
    const { loadMs, ...rss } = await remote.ask({ do: 'load', path, options })
    return { name: entrant.name, remote, load: { contestant: entrant.name, ms: loadMs, ...rss } }
  } catch (error) {
    await remote[Symbol.asyncDispose]()
    return error as Error
  }
}

/** Brings a file into the page cache, so that nobody pays for the disk. */
async function readOnce(path: string): Promise<void> {
  await finished(createReadStream(path).resume())
}
