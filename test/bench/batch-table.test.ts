import { describe, expect, it } from 'vitest'
import { isAsSolo, renderBatches } from '../../bench/batch/table.js'
import type { BenchRecord, SoloRecord } from '../../bench/record.js'
import { RECORD } from './record-fixture.js'

const SOLO: SoloRecord = { contestant: 'dasllama', threads: 2, sequences: [1, 4, 8], steps: 2, differing: [] }

/** 10 tokens per second alone, 25 with four sequences, 28 with eight; the rival 20 and 40. */
function batches(solo: readonly SoloRecord[]): BenchRecord {
  const test = (name: string, contestant: string, tokens: number, samples: number[]) => ({
    ...{ test: name, contestant, tokens, threads: 2, samples },
  })
  const tests = [
    test('tg4x1', 'dasllama', 4, [400, 500, 400]),
    test('tg4x1', 'rival', 4, [200]),
    test('tg4x4', 'dasllama', 16, [640]),
    test('tg4x4', 'rival', 16, [400]),
    test('tg4x8', 'dasllama', 32, [32_000 / 28]),
  ]
  const [model] = RECORD.models
  return { ...RECORD, models: [{ ...model, loads: [], tests, solo }] }
}

describe('the tables of sequences decoded together', () => {
  it('show tokens per second relative to one sequence and to the rival, and which goals are missed', () => {
    const text = renderBatches(batches([SOLO]))
    expect(text).toContain(
      '| model | threads | sequences | dasllama | × one | rival | × one | dasllama ÷ rival |',
    )
    expect(text).toContain('| first | 2 | 1 | 10.0 (8.00–10.0) | 1.00 | 20.0 | 1.00 | 0.50 |')
    expect(text).toContain('| first | 2 | 4 | 25.0 | 2.50 | 40.0 | 2.00 | 0.63 |')
    expect(text).toContain('| first | 2 | 8 | 28.0 | **2.80** | – | – | – |')
  })

  it('report whether the logits equal those of solo runs, or with how many sequences they do not', () => {
    expect(renderBatches(batches([SOLO]))).toContain(
      'has the logits that it has alone, to the last bit (dasllama; 2',
    )
    expect(isAsSolo(batches([SOLO]))).toBe(true)
    const wrong = batches([SOLO, { ...SOLO, threads: 1, differing: [4, 8] }])
    expect(renderBatches(wrong)).toContain('- first, dasllama, threads: 1: with 4, 8 sequences')
    expect(isAsSolo(wrong)).toBe(false)
  })
})
