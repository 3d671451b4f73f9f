import { describe, expect, it } from 'vitest'
import { MAX_DRAFT } from '../../../src/session/packing.js'
import { Chances } from '../../../src/session/speculation/chances.js'
import { planDraft } from '../../../src/session/speculation/draft-length.js'
import { LookupSpeculator } from '../../../src/session/speculation/lookup-speculator.js'
import { PassCost } from '../../../src/session/speculation/pass-cost.js'

/** So often that it is believed. */
function measure(cost: PassCost, rows: number, ms: number): void {
  for (let time = 0; time < 3; time++) cost.took(rows, ms)
}

/** Passes whose further rows take `slope` of the first. */
function costOf(slope: number, { step }: { step?: number } = {}): PassCost {
  const cost = new PassCost()
  for (let rows = 1; rows <= 1 + MAX_DRAFT; rows++) measure(cost, rows, 10 * (1 + slope * (rows - 1)))
  if (step !== undefined) cost.stepTook(10 * step)
  return cost
}

describe('the cost of passes', () => {
  it('is expected to grow slowly, until passes have been measured', () => {
    const cost = new PassCost()
    expect(cost.of(1)).toBe(1)
    expect(cost.of(11)).toBeCloseTo(4.5)
    cost.took(3, 0)
    cost.stepTook(Number.NaN)
    expect(cost.of(11)).toBeCloseTo(4.5)
    expect(cost.step).toBeCloseTo(0.2)
  })

  it('lies between those that have been measured', () => {
    const cost = new PassCost()
    for (const [rows, ms] of [
      [1, 10],
      [5, 30],
      [9, 34],
    ])
      measure(cost, rows, ms)
    expect([1, 3, 5, 7, 9].map((rows) => cost.of(rows))).toEqual([1, 2, 3, 3.2, 3.4])
    expect(cost.of(16)).toBeGreaterThan(3.4)
  })

  it('never falls with the rows', () => {
    const cost = new PassCost()
    for (const [rows, ms] of [
      [1, 10],
      [4, 30],
      [8, 20],
    ])
      measure(cost, rows, ms)
    for (let rows = 2; rows <= 16; rows++) expect(cost.of(rows)).toBeGreaterThanOrEqual(cost.of(rows - 1))
  })

  it('is not that of a single disturbance', () => {
    const cost = costOf(0.1)
    for (const ms of [10, 10, 900, 10]) cost.took(1, ms)
    expect(cost.of(2)).toBeCloseTo(1.1)
  })

  it('is not that of the first pass with so many rows, whose code may not be compiled yet', () => {
    const cost = new PassCost()
    for (let pass = 0; pass < 5; pass++) cost.took(1, 10)
    cost.took(4, 500)
    expect(cost.of(4)).toBeCloseTo(1 + 0.35 * 3)
    for (const ms of [14, 13]) cost.took(4, ms)
    expect(cost.of(4)).toBeCloseTo(1.4)
  })

  it('is measured again one day, should rows have been expensive', () => {
    const cost = new PassCost()
    cost.took(1, 10)
    measure(cost, 4, 60)
    expect(cost.of(4)).toBeCloseTo(6)
    for (let pass = 0; pass < 128; pass++) cost.took(1, 10)
    expect(cost.of(4)).toBeCloseTo(1 + 0.35 * 3)
  })

  it('has the unit of one row where none was measured', () => {
    const cost = new PassCost()
    cost.took(3, 17)
    cost.stepTook(1)
    expect(cost.of(3)).toBeCloseTo(1.7)
    expect(cost.step).toBeCloseTo(0.1)
  })
})

describe('the length of a draft', () => {
  it('grows with the chance that tokens are right, up to a limit', () => {
    const cost = costOf(0.1)
    const lengths = [0.05, 0.5, 0.7, 0.9, 1].map((chance) => planDraft(cost, chance, 100).length)
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b))
    expect(lengths[0]).toBe(0)
    expect(lengths[4]).toBe(MAX_DRAFT)
    expect(planDraft(cost, 1, 3).length).toBe(3)
  })

  it('is that of the best speed', () => {
    const cost = costOf(0.3)
    const speedOf = (length: number) => {
      let tokens = 0
      for (let i = 0; i <= length; i++) tokens += 0.8 ** i
      return tokens / (1 + length * (0.3 + 0.15))
    }
    const speeds = Array.from({ length: MAX_DRAFT + 1 }, (_, length) => speedOf(length))
    const best = planDraft(cost, 0.8, 100, 0.15)
    expect(best.speed).toBeCloseTo(Math.max(...speeds))
    expect(best.length).toBe(speeds.indexOf(Math.max(...speeds)))
  })

  it('is 0 where rows cost as much as the first, or steps as much as passes', () => {
    expect(planDraft(costOf(1), 0.9, 100)).toEqual({ length: 0, speed: 1 })
    expect(planDraft(costOf(0.1), 0.9, 100, 1)).toEqual({ length: 0, speed: 1 })
  })
})

describe('chances', () => {
  it('begin with an assumption and follow what was right', () => {
    const chances = new Chances([0.2, 0.8])
    expect(chances.of(1)).toBe(0.8)
    chances.learn(1, 100, 0)
    expect(chances.of(1)).toBeLessThan(0.06)
    expect(chances.of(0)).toBe(0.2)
  })

  it('follow a text that changes', () => {
    const chances = new Chances([0.5])
    for (let i = 0; i < 1000; i++) chances.learn(0, 1, 1)
    for (let i = 0; i < 128; i++) chances.learn(0, 1, 0)
    expect(chances.of(0)).toBeLessThan(0.25)
  })
})

describe('a lookup that drafts', () => {
  const text = [1, 2, 3, 4, 5, 6, 7, 8, 9]

  it('continues what it has seen, and learns from what becomes of it', () => {
    const speculator = new LookupSpeculator([...text, 1, 2, 3], costOf(0.1))
    const draft = speculator.draft(4, { most: 100 })
    expect(draft.length).toBeGreaterThan(1)
    expect(draft).toEqual(text.slice(4, 4 + draft.length))
    for (const id of draft) speculator.accept(id)
    expect(speculator.draft(399, { most: 100 })).toEqual([])
  })

  it('ends where guesses are wrong, and tries again one day', () => {
    const speculator = new LookupSpeculator([], costOf(0.35))
    // Each time something else follows the same tokens.
    let drafts = 0
    const passes = 3000
    for (let i = 0; i < passes; i++) {
      speculator.draft(1, { most: 100 })
      speculator.draft(2, { most: 100 })
      if (speculator.draft(3, { most: 100 }).length > 0) drafts++
      speculator.draft(100 + i, { most: 100 })
    }
    expect(drafts).toBeGreaterThan(3)
    expect(drafts).toBeLessThan(passes / 20)
  })
})
