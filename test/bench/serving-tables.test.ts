import { expect, it } from 'vitest'
import { renderServing, type ServingRecord } from '../../bench/serving/tables.js'
import { RECORD } from './record-fixture.js'

const PREFIX = { model: 'first', threads: 2, common: 1000, own: 24, alone: [30] }

function row(
  speculation: 'none' | 'lookup',
  passes: number,
  drafted: number,
  accepted: number,
  tokensPerSecond: number,
) {
  const text = { prompt: 'an edit', tokens: 100, samples: [tokensPerSecond] }
  return { ...text, speculation, passes, drafted, accepted, tokensPerSecond }
}

it('shows what a prompt takes after another one with the same beginning', () => {
  const test = { contestant: 'dasllama', threads: 2, test: 'tg32x1', tokens: 32, samples: [3200] }
  const http = { ...test, contestant: 'dasllama over HTTP', samples: [4000] }
  const [model] = RECORD.models
  const record: ServingRecord = {
    ...RECORD,
    models: [{ ...model, loads: [], tests: [test, http] }],
    prefixes: [
      { ...PREFIX, first: [1000, 800, 1200], second: [50, 40, 90] },
      { ...PREFIX, threads: 1, first: [1000], second: [200] },
    ],
    speculation: [
      { model: 'first', threads: 2, rows: [row('none', 99, 0, 0, 10), row('lookup', 60, 50, 39, 15)] },
    ],
  }
  const text = renderServing(record)
  expect(text).toContain('| first | 2 | 1 | 10.0 | 1.00 |')
  expect(text).toContain(
    '| first | 2 | 1000 + 24 | 1000 (800–1200) | 50.0 (40.0–90.0) | 30.0 (30.0–30.0) | 0.050 |',
  )
  expect(text).toContain('| **0.200** |')
  expect(text).toContain('| first | tg32x1 | 2 | **0.80** |')
  expect(text).toContain('| an edit | lookup | 15.0 | 1.50 | 60 | 50 | 39 | 78 % |')
  expect(renderServing({ ...record, prefixes: [] })).not.toContain('common')
})
