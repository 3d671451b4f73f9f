import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { selectTopK } from '../../src/sampling/top-k.js'

/** By a full sort: larger logits first, lower ids first among equals, NaN last. */
function naive(logits: Float32Array, k: number): number[] {
  const rank = (id: number) => (Number.isNaN(logits[id]) ? Number.NEGATIVE_INFINITY : logits[id])
  const ids = Array.from(logits, (_, id) => id)
  const isNothing = (id: number) => Number(Number.isNaN(logits[id]))
  // -Infinity - -Infinity is NaN, which is falsy: the next rule decides.
  ids.sort((a, b) => rank(b) - rank(a) || isNothing(a) - isNothing(b) || a - b)
  return ids.slice(0, k).sort((a, b) => a - b)
}

function expectNaive(logits: readonly number[], part: number): void {
  const values = Float32Array.from(logits)
  const k = 1 + (part % values.length)
  expect([...selectTopK(values, k)]).toEqual(naive(values, k))
}

describe('selectTopK', () => {
  it('agrees with a full sort on any logits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.nat(),
        expectNaive,
      ),
      { numRuns: 500, seed: 1 },
    )
  })

  it('agrees with a full sort where most logits are equal: the lowest ids stay', () => {
    const few = fc.constantFrom(-1, 0, 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    fc.assert(fc.property(fc.array(few, { minLength: 1, maxLength: 60 }), fc.nat(), expectNaive), {
      numRuns: 500,
      seed: 2,
    })
    expect([...selectTopK(new Float32Array(9), 4)]).toEqual([0, 1, 2, 3])
  })

  it('prefers anything to NaN', () => {
    const some = fc.constantFrom(Number.NaN, -1, 0, 1, Number.NEGATIVE_INFINITY)
    fc.assert(fc.property(fc.array(some, { minLength: 1, maxLength: 30 }), fc.nat(), expectNaive), {
      numRuns: 500,
      seed: 3,
    })
  })
})
