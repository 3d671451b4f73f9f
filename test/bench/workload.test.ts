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
    {
      trained: 2048,
      sizes: { pp: [], tg: [32], depths: [0, 1024, 2016] },
      fitting: ['tg32', 'tg32@d1024'],
      tooLong: ['tg32@d2016'],
    },
  ])('fits $sizes into $trained positions', ({ trained, sizes, fitting, tooLong }) => {
    const plan = planWorkloads(sizes, trained)
    expect(names(plan.fitting)).toEqual(fitting)
    expect(names(plan.tooLong)).toEqual(tooLong)
  })
})

describe('contextFor', () => {
  it.each([
    { tokens: [128, 64], depth: 0, trained: 2048, positions: 256 },
    { tokens: [255], depth: 0, trained: 2048, positions: 256 },
    { tokens: [256], depth: 0, trained: 2048, positions: 512 },
    { tokens: [512, 128], depth: 0, trained: 600, positions: 600 },
    { tokens: [32], depth: 1024, trained: 2048, positions: 1280 },
  ])('$tokens tokens after $depth of $trained: $positions positions', (row) => {
    const workloads = row.tokens.map((tokens) => ({ kind: 'pp' as const, tokens, depth: row.depth }))
    expect(contextFor(workloads, row.trained)).toBe(row.positions)
  })
})

describe('workloadIds', () => {
  it('returns as many ids as tokens, all in the vocabulary, the same every time', () => {
    const workload = { kind: 'pp', tokens: 512, depth: 0 } as const
    const { before, ids } = workloadIds(workload, 300, 1)
    expect(before).toEqual([])
    expect(ids).toHaveLength(512)
    expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 300)).toBe(true)
    expect(new Set(ids).size).toBeGreaterThan(200)
    expect(workloadIds(workload, 300, 1).ids).toEqual(ids)
  })

  it('begins generation with the BOS token', () => {
    expect(workloadIds({ kind: 'tg', tokens: 4, depth: 0 }, 300, 1).ids[0]).toBe(1)
  })

  it('begins a larger depth with a smaller one', () => {
    const at = (depth: number) => workloadIds({ kind: 'tg', tokens: 4, depth }, 300, 1)
    expect(at(7).before).toHaveLength(7)
    expect(at(9).before.slice(0, 7)).toEqual(at(7).before)
    expect(at(7).ids).toHaveLength(4)
  })
})
