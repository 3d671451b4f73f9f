/** Measures speculation where the bench itself does not run. */
import { measureSpeculation, type SpeculationRow } from './speculation.js'

export interface SpeculationTask {
  readonly model: string
  readonly threads: number
  readonly turns: number
}

export async function run(task: SpeculationTask): Promise<{ readonly rows: readonly SpeculationRow[] }> {
  return { rows: await measureSpeculation(task) }
}
