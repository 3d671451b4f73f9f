import { describe, expect, it } from 'vitest'
import { contextFor, planWorkloads, workloadIds, workloadName } from '../../bench/workload.js'

const names = (workloads: Parameters<typeof contextFor>[0]) => workloads.map(workloadName)
const DEFAULT = { pp: undefined, tg: undefined }

describe('planWorkloads', () => {
  it.each([
    { trained: 256, sizes: DEFAULT, fitting: ['pp128', 'tg64'], tooLong: [] },
    { trained: 2048, sizes: DEFAULT, fitting: ['pp512', 'tg128'], tooLong: [] },
    {
      trained: 256,
      sizes: { pp: [128, 255, 256], tg: [300] },
      fitting: ['pp128', 'pp255'],
      tooLong: ['pp256', 'tg300'],
    },
    { trained: 64, sizes: DEFAULT, fitting: [], tooLong: ['pp128', 'tg64'] },
  ])('fits $sizes into $trained positions', ({ trained, sizes, fitting, tooLong }) => {
    const plan = planWorkloads(sizes, trained)
    expect(names(plan.fitting)).toEqual(fitting)
    expect(names(plan.tooLong)).toEqual(tooLong)
  })
})

describe('contextFor', () => {
  it.each([
    { tokens: [128, 64], trained: 2048, positions: 256 },
    { tokens: [255], trained: 2048, positions: 256 },
    { tokens: [256], trained: 2048, positions: 512 },
    { tokens: [512, 128], trained: 600, positions: 600 },
  ])('$tokens tokens of $trained: $positions positions', ({ tokens, trained, positions }) => {
    const workloads = tokens.map((count) => ({ kind: 'pp' as const, tokens: count }))
    expect(contextFor(workloads, trained)).toBe(positions)
  })
})

describe('workloadIds', () => {
  it('gives as many ids as tokens, all of the vocabulary, the same every time', () => {
    const ids = workloadIds({ kind: 'pp', tokens: 512 }, 300, 1)
    expect(ids).toHaveLength(512)
    expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 300)).toBe(true)
    expect(new Set(ids).size).toBeGreaterThan(200)
    expect(workloadIds({ kind: 'pp', tokens: 512 }, 300, 1)).toEqual(ids)
  })

  it('begins what is generated with the BOS token', () => {
    expect(workloadIds({ kind: 'tg', tokens: 4 }, 300, 1)[0]).toBe(1)
  })
})
