import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSampler, type SamplingParams } from '../../src/sampling/index.js'

/** The bit set of these ids. */
function bits(ids: readonly number[], size: number): Uint32Array {
  const mask = new Uint32Array(Math.ceil(size / 32))
  for (const id of ids) mask[id >>> 5] |= 1 << (id & 31)
  return mask
}

const logits = fc
  .array(fc.oneof(fc.double({ min: -20, max: 20, noNaN: true }), fc.constantFrom(-Infinity, Infinity)), {
    minLength: 1,
    maxLength: 150,
  })
  .map((values) => Float32Array.from(values))
const chains: fc.Arbitrary<SamplingParams> = fc.constantFrom(
  {},
  { penalty: 1.3 },
  { temp: 0.8 },
  { temp: 1.2, topK: 5, topP: 0.9, minP: 0.01 },
  { temp: 1, mirostatTau: 3 },
  { temp: 1, typicalP: 0.9, xtcProbability: 0.5, topNSigma: 2 },
  { temp: 0.8, logitBias: { 0: 3 }, bannedIds: [0] },
)

describe('allowed tokens', () => {
  it('give the same result as removing the others', () => {
    fc.assert(
      fc.property(
        logits,
        chains,
        fc.nat(),
        fc.infiniteStream(fc.boolean()),
        (values, params, seed, stream) => {
          const ids = Array.from(values.keys()).filter(() => stream.next().value)
          const masked = createSampler(params, { seed })
          const plain = createSampler(params, { seed })
          const left = values.map((value, id) => (ids.includes(id) ? value : -Infinity))
          const copy = values.slice()
          const pick = (sampler: typeof plain, ...args: Parameters<typeof plain.pick>) => {
            try {
              return sampler.pick(...args)
            } catch (error) {
              return (error as { code: string }).code
            }
          }
          const recent = [0, 1, 1]
          const chosen = pick(masked, values, recent, bits(ids, values.length))
          expect(chosen).toBe(pick(plain, left, recent))
          expect(values).toEqual(copy)
          if (typeof chosen === 'string') return
          expect(ids).toContain(chosen)
          expect(masked.logprobs(4)).toEqual(plain.logprobs(4))
          // A later pick without a mask is not affected.
          expect(pick(masked, values, recent)).toBe(pick(plain, values, recent))
        },
      ),
      { numRuns: 400 },
    )
  })

  it('none: NO_CANDIDATES', () => {
    const values = Float32Array.of(1, 2, 3)
    for (const params of [{}, { temp: 1 }]) {
      const sampler = createSampler(params)
      expect(() => sampler.pick(values, [], new Uint32Array(1))).toThrow(
        expect.objectContaining({ code: 'NO_CANDIDATES' }),
      )
      // A short bit set allows nothing beyond it; bits beyond the vocabulary are ignored.
      expect(() => sampler.pick(values, [], new Uint32Array(0))).toThrow(
        expect.objectContaining({ code: 'NO_CANDIDATES' }),
      )
      expect(() => sampler.pick(values, [], Uint32Array.of(8))).toThrow(
        expect.objectContaining({ code: 'NO_CANDIDATES' }),
      )
    }
  })

  it.each([[[1]], [null], [new Uint8Array(4)], [7]])(
    'that are not a Uint32Array are rejected: %j',
    (allowed) => {
      expect(() => createSampler().pick(Float32Array.of(1), [], allowed as unknown as Uint32Array)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('allowed') }),
      )
    },
  )
})
