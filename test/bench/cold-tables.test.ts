import { describe, expect, it } from 'vitest'
import { type ColdRecord, type ColdStarts, renderCold } from '../../bench/cold/tables.js'
import { RECORD } from './record-fixture.js'

const SAMPLE = { runtime: 'Node 24.0.0', start: 40, import: 10, compile: 20, open: 5, load: 1, token: 4 }
const OURS: ColdStarts = {
  ...{ contestant: 'dasllama, Node 24', model: 'tiny', bytes: 3_136_288 },
  samples: [SAMPLE, { ...SAMPLE, start: 60, token: 10 }, { ...SAMPLE, import: 12, compile: 18, token: 5 }],
}

function rendered(changes: Partial<ColdRecord>): string {
  const { date, commit, machine, command } = RECORD
  return renderCold({ schema: 1, date, commit, machine, command, starts: [OURS], skipped: [], ...changes })
}

describe('the table of cold starts', () => {
  it('shows the median of each phase, and of their sums without the start', () => {
    expect(rendered({})).toContain(
      '| dasllama, Node 24 | Node 24.0.0 | tiny, 3 MB | 40.0 | 10.0 | 20.0 | 5.00 | 1.00 | 5.00 | 41.0 (40.0–46.0) |',
    )
  })

  it('leaves phases empty that a contestant does not separate', () => {
    const rival = { runtime: 'Chromium 1', start: 50, load: 30.5, token: 2 }
    expect(rendered({ starts: [{ ...OURS, contestant: 'rival', samples: [rival] }] })).toContain(
      '| rival | Chromium 1 | tiny, 3 MB | 50.0 | – | – | – | 30.5 | 2.00 | 32.5 (32.5–32.5) |',
    )
  })

  it('names what was left out, and the reason', () => {
    expect(rendered({ skipped: [{ what: 'tiny, rival', why: 'is not installed' }] })).toContain(
      '- tiny, rival: is not installed',
    )
  })
})
