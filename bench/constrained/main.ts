/** `npm run bench -- constrained`: the cost of response formats per token, compared with the model's step. */
import { fileURLToPath } from 'node:url'
import { describeCommit, describeMachine, loadAverage } from '../environment.js'
import { saveRecord } from '../record.js'
import { measureConstrained, VOCABULARIES } from './measure.js'
import { type ConstrainedRecord, renderConstrained } from './tables.js'

/** Measures, prints, and writes a record to `records`. `quick`: the smaller vocabulary only. */
export async function benchConstrained(records: URL, { quick }: { quick: boolean }): Promise<void> {
  const date = new Date().toISOString()
  const before = loadAverage()
  const commit = await describeCommit()
  const costs = await measureConstrained(quick ? VOCABULARIES.slice(0, 1) : VOCABULARIES)
  const machine = { ...describeMachine(), load: { before, after: loadAverage() } }
  const record: ConstrainedRecord = { schema: 1, date, commit, machine, ...costs }
  const file = await saveRecord(record, new URL('constrained/', records))
  console.log(renderConstrained(record))
  console.error(`\nrecorded in ${fileURLToPath(file)}`)
}
