import type { Entrant } from './contestants/registry.js'
import { describeCommit, describeMachine, loadAverage } from './environment.js'
import { installed } from './install.js'
import { describe, measureModel, type Plan } from './measure.js'
import type { BenchModel } from './models/catalog.js'
import type { BenchRecord, ContestantRecord, ModelRecord } from './record.js'

/** What to measure. */
export interface Run extends Omit<Plan, 'entrants' | 'skip'> {
  readonly command: string
  readonly models: readonly BenchModel[]
  /** The contestants on a model. */
  entrants(model: string): readonly Entrant[]
}

/** Measures everything, one model after the other, each with `one`. Rejects if none of our contestants can run. */
export async function measure(run: Run, one: typeof measureModel = measureModel): Promise<BenchRecord> {
  const date = new Date().toISOString()
  const skipped: { what: string; why: string }[] = []
  const skip = (what: string, why: string) => {
    run.progress(`skipped: ${what}: ${why}`)
    skipped.push({ what, why })
  }
  const commit = await describeCommit()
  const before = loadAverage()
  const all = new Set(run.models.flatMap(({ name }) => run.entrants(name)))
  const contestants: ContestantRecord[] = []
  for (const entrant of all) {
    const { name, how, against } = entrant
    try {
      await installed(entrant.folder, run.progress)
      contestants.push({ name, how, against, ...(await describe(entrant)) })
    } catch (error) {
      all.delete(entrant)
      skip(name, (error as Error).message)
    }
  }
  if (!contestants.some(({ against }) => against.length === 0)) throw new Error('dasllama itself cannot run')
  const models: ModelRecord[] = []
  for (const model of run.models) {
    const entrants = run.entrants(model.name).filter((entrant) => all.has(entrant))
    const record = await one(model, { ...run, entrants, skip })
    if (record) models.push(record)
  }
  const { repetitions, budgetMs } = run
  return {
    schema: 2,
    date,
    command: run.command,
    commit,
    machine: { ...describeMachine(), load: { before, after: loadAverage() } },
    settings: { repetitions, budgetMs },
    contestants,
    models,
    skipped,
  }
}
