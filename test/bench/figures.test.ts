import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ENGINE_ENTRANTS, renderEngines } from '../../bench/engines.js'
import { depthFigure, drawingsOf, saveFigures, speedFigures } from '../../bench/figures.js'
import type { BenchRecord } from '../../bench/record.js'
import { renderSummary } from '../../bench/report.js'
import { temporaryFolder } from '../support/model-files.js'
import { RECORD } from './record-fixture.js'

describe('figures', () => {
  it('show the ratios of a record where both have measurements', () => {
    const [figure, ...others] = speedFigures(RECORD)
    expect(others).toEqual([])
    expect(figure).toContain('dasllama ÷ rival')
    expect(figure).toContain('first pp100, 1 thread')
    expect(figure).toContain('>0.25<')
    expect(figure).toContain('>1.50<')
    expect(figure).not.toContain('second')
    expect(figure).not.toContain('2 threads')
  })

  it('are empty if nothing is compared', () => {
    expect(speedFigures({ ...RECORD, contestants: RECORD.contestants.slice(0, 1) })).toEqual([])
    expect(depthFigure({ ...RECORD, models: [] })).toBeUndefined()
  })

  it('are saved next to their record, and a summary shows them', async () => {
    await using folder = await temporaryFolder()
    const records = pathToFileURL(`${folder.path}/`)
    const record = new URL('2026-01-02.json', records)
    expect(await drawingsOf(record)).toEqual([])
    await saveFigures(record, ['<svg>1</svg>', '<svg>2</svg>'])
    await saveFigures(new URL('2026-01-03.json', records), ['<svg/>'])
    const drawings = await drawingsOf(record)
    expect(drawings).toEqual(['bench/records/2026-01-02-2.svg', 'bench/records/2026-01-02.svg'])
    expect(await readFile(new URL('2026-01-02-2.svg', records), 'utf8')).toBe('<svg>2</svg>')
    expect(renderSummary(RECORD, drawings)).toContain('(bench/records/2026-01-02.svg)')
  })

  it('show rates by depth', () => {
    const at = (test: string, ms: number) => ({
      test,
      tokens: 32,
      contestant: 'dasllama',
      threads: 1,
      samples: [ms, 2 * ms, 4 * ms],
    })
    const tests = [at('tg32@d4096', 800), at('tg32', 400)]
    const figure = depthFigure({ ...RECORD, models: [{ ...RECORD.models[0], tests }] }) as string
    expect(figure).toContain('dasllama, 1 thread')
    expect(figure).toContain('>40.0<')
    expect(figure).toContain('>20.0<')
    expect(figure).toContain('>4,096<')
  })
})

describe('engines', () => {
  it('have the builds that each supports', () => {
    const names = ENGINE_ENTRANTS.map(({ name }) => name)
    expect(names).toHaveLength(19)
    expect(names).toContain('Node 20, baseline')
    expect(names).not.toContain('Node 20, relaxed')
    expect(names).toContain('Node 24, wide')
    expect(names).not.toContain('Node 22, wide')
  })

  it('are rows, tests are columns', () => {
    const record: BenchRecord = { ...RECORD, models: RECORD.models.slice(0, 1) }
    const lines = renderEngines(record).split('\n')
    expect(lines).toContain(
      '| engine | version | first pp100, 1 thread | first tg10, 1 thread | first tg10, 2 threads |',
    )
    expect(lines).toContain('| rival | Node 20.0.0 | 2000 (2000–2000) | 66.7 (66.7–66.7) | – |')
  })
})
