import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantile, summarise } from '../../bench/statistics.js'

describe('summarise', () => {
  it.each([
    { samples: [7], median: 7, min: 7, max: 7 },
    { samples: [3, 1, 2], median: 2, min: 1, max: 3 },
    { samples: [10, 9, 1, 2], median: 5.5, min: 1, max: 10 },
  ])('$samples: median $median, from $min to $max', ({ samples, ...expected }) => {
    expect(summarise(samples)).toEqual(expected)
  })

  it('has as many samples below the median as above, in any order, which it does not change', () => {
    const samples = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(samples, (samples) => {
        const before = [...samples]
        const { median, min, max } = summarise(samples)
        expect(samples).toEqual(before)
        expect(min).toBeLessThanOrEqual(median)
        expect(median).toBeLessThanOrEqual(max)
        expect(samples.filter((x) => x < median).length).toBeLessThanOrEqual(samples.length / 2)
        expect(samples.filter((x) => x > median).length).toBeLessThanOrEqual(samples.length / 2)
      }),
    )
  })

  it('throws without samples', () => {
    expect(() => summarise([])).toThrow(RangeError)
  })
})

describe('quantile', () => {
  it.each([
    [0, 1],
    [0.5, 3],
    [0.9, 5],
  ])('has a share of %d of the samples below it', (share, expected) => {
    expect(quantile([5, 3, 1, 4, 2], share)).toBe(expected)
  })

  it('needs samples', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError)
  })
})
