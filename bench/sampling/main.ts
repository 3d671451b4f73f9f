/** `npm run bench -- sampling`: what choosing a token costs, beside the model's step and llama.cpp's sampler. */
import { fileURLToPath } from 'node:url'
import { describeCommit, describeMachine, loadAverage } from '../environment.js'
import { writeReadme } from '../readme.js'
import { saveRecord } from '../record.js'
import { measureBeside } from './beside.js'
import { measureChains, VOCABULARIES } from './chains.js'
import { renderBeside, renderChains, type SamplingRecord } from './tables.js'

const RECORDS = new URL('../records/sampling/', import.meta.url)

/** Measures, prints, and leaves a record; `writeReadme` puts the short table into README.md. */
export async function benchSampling({ writeReadme: writes }: { writeReadme: boolean }): Promise<void> {
  const date = new Date().toISOString()
  const before = loadAverage()
  const commit = await describeCommit()
  const chains = measureChains()
  const beside = []
  for (const vocabulary of VOCABULARIES) beside.push(await measureBeside(vocabulary))
  const machine = { ...describeMachine(), load: { before, after: loadAverage() } }
  const record: SamplingRecord = { schema: 1, date, commit, machine, chains, beside }
  const file = await saveRecord(record, RECORDS)
  console.log(`${renderChains(record)}\n\n${renderBeside(record)}`)
  if (writes) await writeReadme('sampling', renderBeside(record))
  console.error(`\nrecorded in ${fileURLToPath(file)}`)
}
