import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSampler, type SamplingParams } from '../../src/sampling/index.js'
import { longestRepetitions } from './reference.js'

const VOCABULARY = 8

/** The penalty of each token of a uniform distribution. */
function losses(recent: ArrayLike<number>, params: SamplingParams): Map<number, number> {
  const sampler = createSampler({ dryMultiplier: 1, dryBase: 2, dryAllowedLength: 1, ...params })
  const logits = new Float32Array(VOCABULARY)
  // Never penalized, and so likely that its log-probability is nearly 0: those of the others equal their penalties.
  logits[VOCABULARY - 1] = 50
  sampler.pick(logits, recent)
  const lost = new Map<number, number>()
  for (const { id, logprob } of sampler.logprobs(VOCABULARY).top) {
    const loss = Math.round(-50 - logprob)
    if (id < VOCABULARY - 1 && loss > 0) lost.set(id, loss)
  }
  return lost
}

describe('DRY', () => {
  it.each<[string, number[], SamplingParams, [number, number][]]>([
    ['nothing to repeat', [1, 2, 3], {}, []],
    ['one token repeated', [1, 2, 1], {}, [[2, 1]]],
    ['three tokens repeated', [1, 2, 3, 4, 1, 2, 3], {}, [[4, 4]]],
    ['the longest of several copies', [1, 2, 5, 2, 5, 1, 2], {}, [[5, 2]]],
    [
      'copies that go on differently',
      [1, 2, 3, 1, 2, 4, 1, 2],
      {},
      [
        [3, 2],
        [4, 2],
      ],
    ],
    ['a copy that overlaps itself', [1, 1, 1, 1], {}, [[1, 4]]],
    ['less than the allowed length', [1, 2, 1], { dryAllowedLength: 2 }, []],
    ['exactly the allowed length', [1, 2, 3, 1, 2], { dryAllowedLength: 2 }, [[3, 1]]],
    ['only the window', [1, 2, 3, 4, 1, 2, 3], { dryPenaltyLastN: 5 }, [[4, 1]]],
    ['no window', [1, 2, 1], { dryPenaltyLastN: 0 }, []],
    ['a breaker within the copy', [1, 2, 3, 4, 1, 2, 3], { dryBreakers: [2] }, [[4, 1]]],
    ['a breaker at the end', [1, 2, 3, 4, 1, 2, 3], { dryBreakers: [3] }, []],
    ['a breaker that would follow', [1, 2, 3, 4, 1, 2, 3], { dryBreakers: [4] }, []],
    ['a multiplier', [1, 2, 1], { dryMultiplier: 3 }, [[2, 3]]],
    ['a negative multiplier', [1, 2, 1], { dryMultiplier: -3 }, []],
  ])('%s', (_, recent, params, expected) => {
    expect([...losses(recent, params)].sort()).toEqual(expected)
  })

  it('measures repetitions like the O(n²) reference, on repetitive texts', () => {
    const text = fc
      .tuple(
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat({ max: 6 })),
        fc.nat(20),
      )
      .map(([phrase, noise, times]) => [
        ...new Array<number[]>(times % 6).fill(phrase).flat(),
        ...noise,
        ...phrase,
      ])
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 6 }), { maxLength: 2 }), (recent, dryBreakers) => {
        const expected = [...longestRepetitions(recent, dryBreakers)]
          .filter(([id, length]) => length >= 1 && !dryBreakers.includes(id))
          .map(([id, length]) => [id, length])
        // Base 1 cannot distinguish lengths; the number of losses can.
        const lengths = new Map<number, number>()
        for (let allowed = 1; allowed <= recent.length; allowed++) {
          const lost = losses(recent, { dryBase: 1, dryAllowedLength: allowed, dryBreakers })
          if (lost.size === 0) break
          for (const id of lost.keys()) lengths.set(id, allowed)
        }
        expect([...lengths].sort()).toEqual(expected.sort())
      }),
      { numRuns: 300, seed: 4 },
    )
  })

  it('reads each token of a long text a few times only', () => {
    // Texts on which naive matching is quadratic: 10^10 comparisons at this length.
    const length = 100_000
    for (const period of [1, 2, 317]) {
      let reads = 0
      const recent = new Proxy({ length } as ArrayLike<number>, {
        get(target, name) {
          if (name === 'length') return target.length
          if (++reads > 8 * length) throw new Error('read too often')
          return Number(name) % period
        },
      })
      losses(recent, { dryPenaltyLastN: length })
      expect(reads).toBeGreaterThan(length)
    }
  })

  it('caps what an endless repetition would cost', () => {
    const sampler = createSampler({ dryMultiplier: 1e300, dryBase: 1e300 })
    expect(sampler.pick(Float32Array.of(5, 1), new Array(1000).fill(0))).toBe(1)
  })
})
