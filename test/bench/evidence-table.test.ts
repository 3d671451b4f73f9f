import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { evidenceTable, listedFamilies } from '../../bench/families/evidence-table.js'
import { familySources, readEvidence } from '../../bench/families/render.js'
import { byFamily, type TableRow } from '../oracle/table.js'

const ROW: TableRow = {
  ...{ model: 'a', architecture: 'llama', format: 'F32', what: 'ids' },
  ...{ compared: 32, equal: 31, difference: 0.001 },
}

describe('evidence by family', () => {
  it('sums up the models of a family and format', () => {
    const other = { ...ROW, model: 'b', compared: 10, equal: 10, difference: 0.5 }
    const vectors = { ...ROW, what: 'vectors' as const }
    expect(byFamily([ROW, { ...ROW, format: 'Q8_0' }, vectors, other])).toEqual([
      { ...ROW, model: undefined, compared: 42, equal: 41, difference: 0.5 },
      { ...ROW, model: undefined, format: 'Q8_0' },
      { ...vectors, model: undefined },
    ])
  })
})

describe('the table', () => {
  const listed = [{ architectures: ['llama', 'other'], models: 'Llama' }]
  const { model: _, ...row } = ROW
  const lines = (rows: readonly (typeof row)[]) =>
    evidenceTable(listed, { date: '2026-01-01', rows }).split('\n')

  it('has the largest difference of all formats, and of F32', () => {
    const [, , line] = lines([row, { ...row, format: 'Q8_0', difference: 0.25 }])
    expect(line).toBe('| `llama`, `other` | Llama | 62 of 64, 0.2500 (F32: 0.0010) | – |')
  })

  it('has the vectors of F32', () => {
    const vectors = { ...row, what: 'vectors' as const, compared: 6, difference: 2e-8 }
    const [, , line] = lines([vectors, { ...vectors, format: 'Q4_K', difference: 0.1 }])
    expect(line).toBe('| `llama`, `other` | Llama | – | 6, 2e-8 (F32) |')
  })

  it('has a dash for what was not compared', () => {
    expect(lines([])[2]).toBe('| `llama`, `other` | Llama | – | – |')
  })
})

describe('the page of families', () => {
  it('lists every family of the registry, with the record of the oracle', async () => {
    const page = await readFile(new URL('../../docs/families.md', import.meta.url), 'utf8')
    const listed = listedFamilies(await familySources())
    const record = await readEvidence()
    expect(page).toContain(evidenceTable(listed, record))
    const confirmed = new Set(record.rows.map(({ architecture }) => architecture))
    const unconfirmed = listed.filter(
      ({ architectures }) => !architectures.some((name) => confirmed.has(name)),
    )
    expect(unconfirmed).toEqual([])
  })
})
