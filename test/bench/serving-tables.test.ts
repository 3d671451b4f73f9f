import { expect, it } from 'vitest'
import { renderServing, type ServingRecord } from '../../bench/serving/tables.js'
import { RECORD } from './record-fixture.js'

const PREFIX = { model: 'first', threads: 2, common: 1000, own: 24, alone: [30] }

it('shows what a prompt takes after another one with the same beginning', () => {
  const test = { contestant: 'dasllama', threads: 2, test: 'tg32x1', tokens: 32, samples: [3200] }
  const [model] = RECORD.models
  const record: ServingRecord = {
    ...RECORD,
    models: [{ ...model, loads: [], tests: [test] }],
    prefixes: [
      { ...PREFIX, first: [1000, 800, 1200], second: [50, 40, 90] },
      { ...PREFIX, threads: 1, first: [1000], second: [200] },
    ],
  }
  const text = renderServing(record)
  expect(text).toContain('| first | 2 | 1 | 10.0 | 1.00 |')
  expect(text).toContain(
    '| first | 2 | 1000 + 24 | 1000 (800–1200) | 50.0 (40.0–90.0) | 30.0 (30.0–30.0) | 0.050 |',
  )
  expect(text).toContain('| **0.200** |')
  expect(renderServing({ ...record, prefixes: [] })).not.toContain('common')
})
