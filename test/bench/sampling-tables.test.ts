import { describe, expect, it } from 'vitest'
import { renderBeside, renderChains, type SamplingRecord } from '../../bench/sampling/tables.js'
import { RECORD } from './record-fixture.js'

const SAMPLING: SamplingRecord = {
  schema: 1,
  date: RECORD.date,
  commit: RECORD.commit,
  machine: RECORD.machine,
  chains: [
    { logits: 'peaked', vocabulary: 32_000, chain: 'greedy', samples: [0.3, 0.1, 0.2] },
    { logits: 'peaked', vocabulary: 151_936, chain: 'greedy', samples: [0.6] },
    { logits: 'flat', vocabulary: 32_000, chain: 'greedy', samples: [0.4] },
  ],
  beside: [
    {
      vocabulary: 32_000,
      step: [10, 11, 9],
      chains: [{ chain: 'greedy', ours: [0.1, 0.2, 0.3], theirs: [0.5, 0.4, 0.6] }],
    },
  ],
}

describe('the sampling tables', () => {
  it('show median and 90th percentile of each chain by vocabulary, and a dash for what was not measured', () => {
    const tables = renderChains(SAMPLING)
    expect(tables).toContain('| chain | 32,000 | 151,936 |')
    expect(tables).toContain('| greedy | 0.200 / 0.300 | 0.600 / 0.600 |')
    expect(tables).toContain('| greedy | 0.400 / 0.400 | – |')
  })

  it("compute the chain's share of the model's step", () => {
    expect(renderBeside(SAMPLING)).toContain('| 32,000 | 10.0 ms | greedy | 0.200 | 2.0 % | 0.500 |')
  })
})
