import { describe, expect, it } from 'vitest'
import {
  type PageRecord,
  renderWorker,
  type SpeedRecord,
  type WorkerRecord,
} from '../../bench/worker/tables.js'
import type { Row } from '../../examples/responsive/browsers.mjs'
import { RECORD } from './record-fixture.js'

const SPEED: SpeedRecord = {
  ...{ place: 'Node', runtime: 'Node 24.0.0', model: '135M-Q8_0', threads: 2, tokens: 10 },
  ...{ inThread: [100, 100, 90, 110], worker: [100, 105, 100, 110], isEqual: true },
}
const ROW: Row = {
  ...{ work: 'reading a prompt', ms: 20_000, tokens: 1000, timers: 1900, messages: 1950, frames: 1200 },
  ...{ longestGapMs: 30.4, longestAnswerMs: 12.3 },
}
const PAGE: PageRecord = {
  ...{ browser: 'Chromium', model: '1.1B-Q8_0', threads: 2, worker: true },
  rows: [{ ...ROW, longestTaskMs: 0 }],
}

function rendered(changes: Partial<WorkerRecord>): string {
  const { date, commit, machine, command } = RECORD
  const none = { speeds: [], pages: [], skipped: [] }
  return renderWorker({ schema: 1, date, commit, machine, command, ...none, ...changes })
}

describe('the tables of an engine in a Worker', () => {
  it('show the ratio of the medians with the quartiles of the pairs', () => {
    expect(rendered({ speeds: [SPEED] })).toContain(
      '| Node | Node 24.0.0 | 135M-Q8_0 | 2 | 100 | 95.2 | 0.952 (0.952–1.000) | yes |',
    )
  })

  it('mark a ratio that misses its aim, and logits that differ', () => {
    const text = rendered({ speeds: [{ ...SPEED, model: '1.1B-Q8_0', isEqual: false }] })
    expect(text).toContain('| **0.952 (0.952–1.000)** | **no** |')
    expect(rendered({ speeds: [{ ...SPEED, model: 'tiny-stories' }] })).toContain('| 0.952 (0.952–1.000) |')
  })

  it('show what a page did meanwhile, marked where it took too long with the engine in a Worker', () => {
    const start = '| Chromium | 1.1B-Q8_0 | 2 | true | reading a prompt | 1000 | 20.0 s | 60'
    expect(rendered({ pages: [PAGE] })).toContain(`${start} | < 50 ms | 12 ms | 30 ms |`)
    const long = { ...ROW, longestTaskMs: 71.6, longestAnswerMs: 50 }
    expect(rendered({ pages: [{ ...PAGE, rows: [long] }] })).toContain(
      `${start} | **72 ms** | **50 ms** | 30 ms |`,
    )
    const loading = rendered({ pages: [{ ...PAGE, rows: [{ ...long, work: 'loading' }] }] })
    expect(loading).toContain('| 72 ms | 50 ms | 30 ms |')
    const onPage = rendered({ pages: [{ ...PAGE, worker: false, rows: [long] }] })
    expect(onPage).toContain('| 72 ms | 50 ms | 30 ms |')
    expect(rendered({ pages: [{ ...PAGE, rows: [ROW] }] })).toContain(`${start} | – | 12 ms | 30 ms |`)
  })

  it('leave out what was not measured, and give the reason', () => {
    const text = rendered({ skipped: [{ what: 'Chromium', why: 'is not installed' }] })
    expect(text).not.toContain('| place |')
    expect(text).not.toContain('| browser |')
    expect(text).toContain('- Chromium: is not installed')
  })
})
