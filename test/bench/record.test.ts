import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { newestRecord, recordName, saveRecord } from '../../bench/record.js'
import { temporaryFolder } from '../support/model-files.js'
import { RECORD } from './record-fixture.js'

describe('recordName', () => {
  it.each([
    { cpu: 'Intel(R) Xeon(R) CPU @ 2.20GHz', name: '2026-01-02-0304-intel-xeon-2-cores.json' },
    { cpu: 'AMD EPYC 9B14 96-Core Processor', name: '2026-01-02-0304-amd-epyc-9b14-2-cores.json' },
    { cpu: 'Apple M2', name: '2026-01-02-0304-apple-m2-2-cores.json' },
    { cpu: '../é', name: '2026-01-02-0304-2-cores.json' },
  ])('$cpu', ({ cpu, name }) => {
    expect(recordName({ ...RECORD, machine: { ...RECORD.machine, cpu } })).toBe(name)
  })
})

describe('records', () => {
  it('are read as they were saved, the newest first', async () => {
    await using folder = await temporaryFolder()
    const records = new URL('records/', pathToFileURL(`${folder.path}/`))
    await expect(newestRecord({ folder: records })).rejects.toThrow('no such record yet')
    const later = { ...RECORD, date: '2026-11-01T00:00:00.000Z' }
    await saveRecord(later, records)
    await saveRecord(RECORD, records)
    const { record, file } = await newestRecord({ folder: records })
    expect(record).toEqual(JSON.parse(JSON.stringify(later)))
    expect(file.pathname).toMatch(/2026-11-01-0000-.*\.json$/)
    const accepts = ({ date }: { date: string }) => date < later.date
    expect((await newestRecord({ folder: records, accepts })).record.date).toBe(RECORD.date)
  })

  it('of schema 1 are converted to the current schema', async () => {
    await using folder = await temporaryFolder()
    const records = new URL('records/', pathToFileURL(`${folder.path}/`))
    const [{ name, tests }] = RECORD.models
    const old = {
      ...RECORD,
      schema: 1,
      settings: { threads: 3, repetitions: 5 },
      contestants: RECORD.contestants.map(({ name, how, versions }) => ({ name, how, versions })),
      models: [{ name, loads: [], tests: tests.map(({ threads: _, ...test }) => test) }],
    }
    await saveRecord(old, records)
    const { record } = await newestRecord({ folder: records })
    expect(record.schema).toBe(2)
    expect(record.contestants.map(({ against }) => against)).toEqual([[], ['dasllama']])
    expect(record.models[0].tests.every(({ threads }) => threads === 3)).toBe(true)
    expect(record.settings.repetitions).toBe(5)
  })
})
