import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PHASES, type Phase } from '../../src/backend/batch.js'
import { PhaseLog } from '../../src/backend/phase-log.js'

function phasesOf(log: PhaseLog): Phase[] {
  return Array.from({ length: log.length }, (_, position) => log.at(position))
}

describe('a log of phases', () => {
  it('is empty at first', () => {
    const log = new PhaseLog()
    expect([log.length, log.leading('decode'), log.leading('prefill')]).toEqual([0, 0, 0])
    expect(() => log.at(0)).toThrow(RangeError)
  })

  it('knows no positions behind its end, nor before its beginning', () => {
    const log = PhaseLog.of(['prefill', 'decode'])
    expect(() => log.at(2)).toThrow('position 2 of 2')
    expect(log.at(1)).toBe('decode')
  })

  it('counts the positions at the beginning that have one phase, across what was appended in pieces', () => {
    const log = new PhaseLog()
    log.append(0, 'decode')
    log.append(5, 'prefill')
    log.append(0, 'decode')
    log.append(128, 'prefill')
    expect(log.leading('prefill')).toBe(133)
    log.append(1, 'decode')
    log.append(4, 'prefill')
    expect([log.leading('prefill'), log.leading('decode'), log.length]).toEqual([133, 0, 138])
    // What has been between is gone: the pieces have become one.
    log.drop(133, 1)
    expect(log.leading('prefill')).toBe(137)
    log.drop(0, 137)
    expect([log.leading('prefill'), log.length]).toEqual([0, 0])
  })

  it('clones do not follow each other', () => {
    const log = PhaseLog.of(['prefill', 'prefill'])
    const clone = log.clone()
    log.append(1, 'prefill')
    clone.append(2, 'decode')
    clone.truncate(3)
    expect([phasesOf(log), phasesOf(clone)]).toEqual([
      ['prefill', 'prefill', 'prefill'],
      ['prefill', 'prefill', 'decode'],
    ])
  })

  it('is what a plain list of phases would be, whatever is done to it', () => {
    const action = fc.record({
      kind: fc.constantFrom('append', 'truncate', 'drop', 'clone', 'of'),
      phase: fc.constantFrom<Phase>(...PHASES),
      first: fc.nat({ max: 30 }),
      count: fc.nat({ max: 12 }),
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30, size: 'max' }), (actions) => {
        let log = new PhaseLog()
        const list: Phase[] = []
        for (const { kind, phase, first, count } of actions) {
          const at = Math.min(first, list.length)
          if (kind === 'append') {
            log.append(count, phase)
            list.push(...new Array<Phase>(count).fill(phase))
          } else if (kind === 'truncate') {
            log.truncate(first)
            list.length = at
          } else if (kind === 'drop') {
            const most = Math.min(count, list.length - at)
            log.drop(at, most)
            list.splice(at, most)
          } else {
            log = kind === 'clone' ? log.clone() : PhaseLog.of(list)
          }
          expect(phasesOf(log)).toEqual(list)
          for (const each of PHASES) {
            const end = list.findIndex((other) => other !== each)
            expect(log.leading(each)).toBe(end < 0 ? list.length : end)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
