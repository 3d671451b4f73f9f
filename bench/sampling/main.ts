/** `npm run bench -- sampling`: the cost of sampling a token, compared with the model's step and llama.cpp's sampler. */
import { fileURLToPath } from 'node:url'
import { describeCommit, describeMachine, loadAverage } from '../environment.js'
import { writeSection } from '../pages.js'
import { saveRecord } from '../record.js'
import { measureBeside } from './beside.js'
import { measureChains, VOCABULARIES } from './chains.js'
import { renderBeside, renderChains, type SamplingRecord } from './tables.js'

/**
 * Measures, prints, and writes a record to `records`. `writeReadme` puts the short table into docs/benchmarks.md. `quick`: the
 * smallest vocabulary only.
 */
export async function benchSampling(
  records: URL,
  { quick, writeReadme: writes }: { quick: boolean; writeReadme: boolean },
): Promise<void> {
  const date = new Date().toISOString()
  const before = loadAverage()
  const commit = await describeCommit()
  const vocabularies = quick ? VOCABULARIES.slice(0, 1) : VOCABULARIES
  const chains = measureChains(vocabularies)
  const beside = []
  for (const vocabulary of vocabularies) beside.push(await measureBeside(vocabulary))
  const machine = { ...describeMachine(), load: { before, after: loadAverage() } }
  const record: SamplingRecord = { schema: 1, date, commit, machine, chains, beside }
  const file = await saveRecord(record, new URL('sampling/', records))
  console.log(`${renderChains(record)}\n\n${renderBeside(record)}`)
  if (writes) await writeSection('sampling', renderBeside(record))
  console.error(`\nrecorded in ${fileURLToPath(file)}`)
}
