import { describe, expect, it } from 'vitest'
import { headlinePlot, renderHeadline } from '../../bench/headline.js'
import type { BenchRecord, TestRecord } from '../../bench/record.js'
import { RECORD } from './record-fixture.js'

const [MODEL] = RECORD.models

/** Tests of one thread, of which the rival's take `slower` times as long. */
function tests(slower: { pp: number; tg: number }): TestRecord[] {
  const one = { threads: 1, tokens: 100, samples: [100, 200, 300] }
  const times = (factor: number) => one.samples.map((ms) => ms * factor)
  return [
    { ...one, test: 'pp100', contestant: 'dasllama' },
    { ...one, test: 'pp100', contestant: 'rival', samples: times(slower.pp) },
    { ...one, test: 'tg100', contestant: 'dasllama' },
    { ...one, test: 'tg100', contestant: 'rival', samples: times(slower.tg) },
  ]
}

const record: BenchRecord = {
  ...RECORD,
  models: [
    { ...MODEL, name: 'small', tests: tests({ pp: 0.5, tg: 2 }) },
    { ...MODEL, name: 'large', tests: tests({ pp: 2, tg: 8 }) },
    { ...MODEL, name: 'alone', tests: tests({ pp: 1, tg: 1 }).filter((one) => one.contestant !== 'rival') },
  ],
}

describe('the headline', () => {
  it('has the smallest and the largest ratio, losses as well as wins', () => {
    const lines = renderHeadline(record, 'docs/speed.svg').split('\n')
    expect(lines[2]).toBe(
      '| Node 24 | rival 9 | 2 | 0.50–2.00 × | 2.00–8.00 × | small: 500 : 1000, 500 : 250 |',
    )
    expect(lines).toContain('![Speed compared with rivals, as bars](docs/speed.svg)')
    expect(lines.join(' ')).toContain(
      '1 thread on both sides, in the same run: 2026-01-02, Intel(R) Xeon(R) CPU @ 2.20GHz, 2 cores, linux x64, load average 0.1 before and 1 after.',
    )
  })

  it('is drawn as geometric means', () => {
    const chart = headlinePlot(record)
    expect(chart).toContain('>rival, Node 24<')
    expect(chart).toContain('>1.00<')
    expect(chart).toContain('>4.00<')
  })

  it('is rejected if the record compares nothing', () => {
    const alone = { ...record, contestants: record.contestants.slice(0, 1) }
    expect(() => renderHeadline(alone, '')).toThrow('compares nothing')
    expect(() => headlinePlot(alone)).toThrow('compares nothing')
  })
})
