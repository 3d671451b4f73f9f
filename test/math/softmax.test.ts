import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Softmax } from '../../src/math/softmax.js'

const SEED = 20261124

/** Logits as they come, the largest of them, and what they are to be divided by. */
const cases = fc.record({
  logits: fc
    .array(fc.oneof(fc.integer({ min: -40, max: 20 }), fc.double({ min: -40, max: 20, noNaN: true })), {
      minLength: 1,
      maxLength: 900,
      size: 'max',
    })
    .map((values) => Float32Array.from(values)),
  temperature: fc.constantFrom(0.1, 0.8, 1, 3),
})

const largestOf = (logits: Float32Array) => logits.reduce((a, b) => Math.max(a, b))

function softmaxOf(logits: Float32Array, temperature: number, withMoment = false): Softmax {
  const softmax = new Softmax()
  softmax.reset(logits, logits.length, largestOf(logits), temperature, { withMoment })
  return softmax
}

/** e^((logit − largest) / temperature), by the engine. */
function weightsOf(logits: Float32Array, temperature: number): number[] {
  const largest = largestOf(logits)
  return Array.from(logits, (logit) => Math.exp((logit - largest) / temperature))
}

const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

/** The weights before the one that was found hold no more than the share, those up to it no less. */
function expectFound(softmax: Softmax, share: number, logits: Float32Array, temperature: number) {
  const weights = weightsOf(logits, temperature)
  const mass = total(weights)
  const at = softmax.find(share, logits)
  expect(at).toBeGreaterThanOrEqual(0)
  expect(total(weights.slice(0, at))).toBeLessThanOrEqual((share + 1e-9) * mass)
  expect(total(weights.slice(0, at + 1))).toBeGreaterThanOrEqual((share - 1e-9) * mass)
}

describe('the softmax', () => {
  it('sums up as the engine does', () => {
    fc.assert(
      fc.property(cases, ({ logits, temperature }) => {
        const softmax = softmaxOf(logits, temperature, true)
        const weights = weightsOf(logits, temperature)
        const moment = total(weights.map((weight, i) => weight * (softmax.reference - logits[i])))
        expect(Math.abs(softmax.mass / total(weights) - 1)).toBeLessThan(1e-11)
        expect(Math.abs(softmax.moment - moment)).toBeLessThan(1e-11 * (1 + moment))
        expect(softmaxOf(logits, temperature).mass).toBe(softmax.mass)
      }),
      { seed: SEED },
    )
  })

  it('has no moment unless asked for it, also when it is used again', () => {
    const logits = Float32Array.of(1, 2, 3)
    const softmax = softmaxOf(logits, 1, true)
    expect(softmax.moment).toBeGreaterThan(0)
    softmax.reset(logits, 3, 3, 1, { withMoment: false })
    expect(softmax.moment).toBeNaN()
    softmax.remove([2], logits)
    expect(softmax.moment).toBeNaN()
  })

  it('converts logits to log-probabilities and back', () => {
    fc.assert(
      fc.property(cases, ({ logits, temperature }) => {
        const softmax = softmaxOf(logits, temperature)
        const logMass = Math.log(total(weightsOf(logits, temperature)))
        for (const logit of logits.subarray(0, 5)) {
          const expected = (logit - softmax.reference) / temperature - logMass
          expect(softmax.logProbability(logit)).toBeCloseTo(expected, 9)
          expect(softmax.logitOf(softmax.logProbability(logit))).toBeCloseTo(logit, 9)
        }
      }),
      { seed: SEED },
    )
  })

  it('finds what the cumulative sum reaches', () => {
    // Closer to 1, rounding may leave none (see `find`).
    const share = fc.double({ min: 0, max: 0.999999, noNaN: true })
    fc.assert(
      fc.property(cases, share, ({ logits, temperature }, share) => {
        expectFound(softmaxOf(logits, temperature), share, logits, temperature)
      }),
      { seed: SEED },
    )
  })

  it('without some of the logits is that of the others', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), fc.nat(), ({ logits, temperature }, withMoment, step) => {
        const softmax = softmaxOf(logits, temperature, withMoment)
        // The most likely token is kept, because the comparison needs it as its reference.
        const largest = logits.indexOf(softmax.reference)
        const removed = [...logits.keys()].filter((i) => i !== largest && i % 400 < step % 400)
        const rest = logits.filter((_, i) => !removed.includes(i))
        softmax.remove(removed, rest)
        const recomputed = softmaxOf(rest, temperature, withMoment)
        expect(Math.abs(softmax.mass / recomputed.mass - 1)).toBeLessThan(1e-13)
        if (withMoment)
          expect(Math.abs(softmax.moment - recomputed.moment)).toBeLessThan(1e-12 * (1 + recomputed.moment))
        for (const share of [0, 0.3, 0.999]) expectFound(softmax, share, rest, temperature)
      }),
      { seed: SEED },
    )
  })

  it('puts every weight on the bar of its distance', () => {
    const logits = Float32Array.of(0, 1, 2, 3, 9)
    const softmax = softmaxOf(logits, 1)
    const heights = new Float64Array(4)
    softmax.addToHistogram(logits, 5, 2, 1, heights)
    const weight = (...values: number[]) => total(values.map((value) => softmax.weight(value)))
    expect([...heights]).toEqual([weight(2), weight(1, 3), weight(0), weight(9)])
  })

  it('counts less than 2^−100 as nothing, and huge distances too', () => {
    const softmax = softmaxOf(Float32Array.of(3.4e38, 0, -3.4e38), 1e-300)
    expect(softmax.mass).toBe(1)
    const ordinary = softmaxOf(Float32Array.of(0, -69, -70), 1)
    expect(ordinary.weight(-69)).toBeCloseTo(Math.exp(-69), 40)
    expect(ordinary.weight(-69)).toBeGreaterThan(0)
    expect(ordinary.weight(-70)).toBe(0)
  })
})
