import { describe, expect, it } from 'vitest'
import { applyPenalty } from '../../src/sampling/penalty.js'

function penalised(logits: number[], recent: number[], penalty: number, lastN: number): number[] {
  const copy = Float32Array.from(logits)
  applyPenalty(copy, recent, penalty, lastN)
  return [...copy]
}

describe('the repetition penalty', () => {
  const logits = [4, -4, 0, 2, -2]

  it('divides positive logits and multiplies negative ones, each token once', () => {
    expect(penalised(logits, [0, 1, 1, 0, 0, 2], 2, 64)).toEqual([2, -8, 0, 2, -2])
  })

  it('looks at the last tokens only', () => {
    const recent = [0, 1, 3, 4]
    expect(penalised(logits, recent, 2, 0)).toEqual(logits)
    expect(penalised(logits, recent, 2, 1)).toEqual([4, -4, 0, 2, -4])
    expect(penalised(logits, recent, 2, 2)).toEqual([4, -4, 0, 1, -4])
    expect(penalised(logits, recent, 2, 4)).toEqual([2, -8, 0, 1, -4])
    expect(penalised(logits, recent, 2, 1000)).toEqual([2, -8, 0, 1, -4])
  })

  it('counts tokens, not distinct ones, for its window', () => {
    expect(penalised(logits, [0, 3, 3, 3], 2, 3)).toEqual([4, -4, 0, 1, -2])
  })

  it('below 1 favours what has been said', () => {
    expect(penalised(logits, [0, 1], 0.5, 64)).toEqual([8, -2, 0, 2, -2])
  })

  it.each([1, 0, -2])('%d is off', (penalty) => {
    expect(penalised(logits, [0, 1, 2, 3, 4], penalty, 64)).toEqual(logits)
  })

  it('leaves masked logits masked', () => {
    expect(penalised([Number.NEGATIVE_INFINITY, 1], [0], 2, 64)).toEqual([Number.NEGATIVE_INFINITY, 1])
  })
})
