/**
 * `npm run families`: the table of families in docs/families.md, from the registry and what the last `npm run test:oracle` found, which
 * it keeps as a record.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { EVIDENCE } from '../../test/oracle/table.js'
import { writeSection } from '../pages.js'
import { type EvidenceRecord, evidenceTable, listedFamilies } from './evidence-table.js'

const RECORD = new URL('../records/oracle/evidence.json', import.meta.url)
const FAMILIES = new URL('../../src/model/families/', import.meta.url)

/** The texts of the files in which families are defined. */
export async function familySources(): Promise<string[]> {
  const names = await readdir(FAMILIES)
  return await Promise.all(names.sort().map((name) => readFile(new URL(name, FAMILIES), 'utf8')))
}

export async function readEvidence(): Promise<EvidenceRecord> {
  return JSON.parse(await readFile(RECORD, 'utf8')) as EvidenceRecord
}

async function main(): Promise<void> {
  const { date, rows } = JSON.parse(await readFile(EVIDENCE, 'utf8')) as EvidenceRecord
  const lines = rows.map((row) => JSON.stringify(row)).join(',\n')
  await writeFile(RECORD, `{"date":"${date}","rows":[\n${lines}\n]}\n`)
  await writeSection('families', evidenceTable(listedFamilies(await familySources()), { date, rows }))
}

if (process.argv[1]?.endsWith('render.ts')) await main()
