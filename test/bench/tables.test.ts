import { describe, expect, it } from 'vitest'
import { putBetweenMarkers } from '../../bench/pages.js'
import { renderRecord } from '../../bench/report.js'
import { rate } from '../../bench/tables.js'
import { RECORD } from './record-fixture.js'

describe('renderRecord', () => {
  const lines = renderRecord(RECORD).split('\n')

  it('shows when, where and how it was measured', () => {
    expect(lines[0]).toBe(
      '2026-01-02, commit abc1234+: Intel(R) Xeon(R) CPU @ 2.20GHz, 2 cores, linux x64, Node 20.0.0 (V8 11.3).',
    )
    expect(lines).toContain('Load average: 0.1 before, 1 after.')
    expect(lines).toContain('- rival: through its API (Node 20.0.0; rival 9; engine b1)')
  })

  it('shows medians, spreads and ratios of speed, losses as well as wins', () => {
    expect(lines).toContain('| model | test | threads | dasllama | rival | dasllama ÷ rival |')
    expect(lines).toContain('| first | pp100 | 1 | 500 (250–1000) | 2000 (2000–2000) | 0.25 |')
    expect(lines).toContain('| first | tg10 | 1 | 100 (100–100) | 66.7 (66.7–66.7) | 1.50 |')
  })

  it('shows a gap if a contestant has no samples, and the reason', () => {
    expect(lines).toContain('| second | tg10 | 1 | 10000 (10000–10000) | – | – |')
    expect(lines).toContain('| first | tg10 | 2 | 200 | – | – |')
    expect(lines).toContain('- second, rival: cannot read it')
  })

  it('shows loading and memory', () => {
    expect(lines).toContain('| first | 2.0 MB | dasllama | 1 | 12.3 ms | 2.2 MB | 1.10 | 3.0 MB | 4.0 MB |')
    expect(lines).toContain('| first | 2.0 MB | rival | 1 | 123 ms | – | – | 10.0 MB | 1.0 MB |')
  })

  it("shows a model's formats and size", () => {
    expect(lines).toContain('- first: invented; 2.5M parameters (Q8_0 100%, F32 1%, F16 <1%), 256 positions')
  })

  it('shows sizes', () => {
    expect(lines).toContain('| dist/kernels.wasm | 12.3 kB | 6.8 kB |')
    expect(lines).toContain('| the package: unpacked, tarball | 150.0 kB | 50.0 kB |')
  })

  it('has no section of skipped contestants if none was skipped', () => {
    expect(renderRecord({ ...RECORD, skipped: [] })).not.toContain('Left out')
  })

  it('has tables whose rows have as many cells as their heads', () => {
    const tables = renderRecord(RECORD)
      .split('\n\n')
      .filter((section) => section.startsWith('|'))
    expect(tables).toHaveLength(3)
    for (const table of tables) {
      expect(new Set(table.split('\n').map((row) => row.split('|').length)).size).toBe(1)
    }
  })
})

describe('rate', () => {
  const test = { test: 'tg10', contestant: 'x', threads: 1 }

  it.each([
    { tokens: 10, samples: [100], text: '100' },
    { tokens: 10, samples: [100, 200], text: '75.0 (50.0–100)' },
    { tokens: 5, samples: [100], text: '50.0 (first 5)' },
    { tokens: 5, samples: [100, 100], text: '50.0 (50.0–50.0; first 5)' },
  ])('$text', ({ text, ...measured }) => {
    expect(rate({ ...test, ...measured })).toBe(text)
  })
})

describe('putBetweenMarkers', () => {
  const page = (inside: string) => `# Title\n\n<!-- bench:begin -->${inside}<!-- bench:end -->\n\nrest\n`

  it.each(['', '\n\nold\n\n'])('replaces %j', (old) => {
    expect(putBetweenMarkers(page(old), 'bench', 'new')).toBe(page('\n\nnew\n\n'))
  })

  it.each(['# Title', 'x <!-- bench:end --> <!-- bench:begin -->'])('rejects %j', (text) => {
    expect(() => putBetweenMarkers(text, 'bench', 'new')).toThrow('<!-- bench:begin -->')
  })
})
