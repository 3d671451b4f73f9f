import { describe, expect, it } from 'vitest'
import { createSampler, type SamplingParams } from '../../src/sampling/index.js'
import { softmax } from './reference.js'

const DRAWS = 20_000
const LOGITS = Float32Array.of(1, 0.5, -1, 2, 0, -0.5, 1.5, -2)
/** Ids of `LOGITS`, most likely first. */
const ORDER = [3, 6, 0, 1, 4, 5, 2, 7]

/** How often each id is picked with a fixed seed. */
function count(params: SamplingParams, logits = LOGITS, recent: readonly number[] = []): number[] {
  const sampler = createSampler(params, { seed: 11 })
  const times = new Array<number>(logits.length).fill(0)
  for (let i = 0; i < DRAWS; i++) times[sampler.pick(logits, recent)]++
  return times
}

/** Probabilities by the definition, among `allowed` ids. */
function among(allowed: readonly number[], temp = 1, logits: ArrayLike<number> = LOGITS): number[] {
  const tokens = allowed.map((id) => ({ id, logit: logits[id] / temp }))
  const probabilities = new Array<number>(logits.length).fill(0)
  for (const [i, p] of softmax(tokens).entries()) probabilities[tokens[i].id] = p
  return probabilities
}

/** Critical values of χ² at p = 0.001 for 0 to 12 degrees of freedom. */
const CRITICAL = [0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59, 31.26, 32.91]

/** Pearson's test; ids of probability 0 must not occur. */
function expectDistribution(times: readonly number[], probabilities: readonly number[]): void {
  let chiSquare = 0
  let possible = 0
  for (const [id, p] of probabilities.entries()) {
    if (p === 0) {
      expect(times[id], `times of ${id}`).toBe(0)
      continue
    }
    possible++
    chiSquare += (times[id] - DRAWS * p) ** 2 / (DRAWS * p)
  }
  expect(chiSquare).toBeLessThan(CRITICAL[possible - 1] + 1e-9)
}

describe('draws follow the probabilities', () => {
  it.each([0.5, 1, 2, 1000])('at temperature %d', (temp) => {
    expectDistribution(count({ temp }), among(ORDER, temp))
  })

  it.each([1, 2, 3, 7])('of the top %d', (topK) => {
    expectDistribution(count({ temp: 1.2, topK }), among(ORDER.slice(0, topK), 1.2))
  })

  it.each([
    [0, 1],
    // The sums are 0.403, 0.647, 0.795, 0.885, 0.940 …
    [0.4, 1],
    [0.5, 2],
    [0.7, 3],
    [0.88, 4],
    [0.999, 8],
  ])('of the nucleus of %d', (topP, size) => {
    expectDistribution(count({ temp: 1, topP }), among(ORDER.slice(0, size)))
  })

  it.each([
    [1, 1],
    [0.5, 2],
    [0.2, 4],
    [0.01, 8],
  ])('with at least %d of the largest probability', (minP, size) => {
    expectDistribution(count({ temp: 1, minP }), among(ORDER.slice(0, size)))
  })

  it('of the typical tokens, which need not be the likeliest', () => {
    // One token of 0.4 and twelve of 0.05: a surprise of 3 is closer to the expected 2.16 than one of 0.92.
    const logits = Float32Array.from({ length: 13 }, (_, id) => Math.log(id === 0 ? 0.4 : 0.05))
    const likely = Array.from({ length: 12 }, (_, i) => i + 1)
    expectDistribution(count({ temp: 1, typicalP: 0.59 }, logits), among(likely, 1, logits))
    expectDistribution(count({ temp: 1, typicalP: 0.28 }, logits), among(likely.slice(0, 6), 1, logits))
    expectDistribution(count({ temp: 1, typicalP: 0.7 }, logits), among([0, ...likely], 1, logits))
  })

  it('within standard deviations of the largest', () => {
    // The mean is 0.19, the deviation 1.27.
    expectDistribution(count({ temp: 1, topNSigma: 1 }), among(ORDER.slice(0, 3)))
  })

  it.each([0, 0.4, 1])('when top choices are excluded with the chance %d', (xtcProbability) => {
    // 0.1 is reached by the first three (0.40, 0.24, 0.15) and the fourth (0.09) not.
    const all = among(ORDER)
    const without = among(ORDER.slice(2))
    const mixed = all.map((p, id) => (1 - xtcProbability) * p + xtcProbability * without[id])
    expectDistribution(count({ temp: 1, xtcProbability, xtcThreshold: 0.1 }), mixed)
  })

  it('at a temperature that follows the entropy', () => {
    const probabilities = among(ORDER)
    const entropy = -probabilities.reduce((sum, p) => sum + p * Math.log(p), 0)
    const temp = 0.4 + 1.2 * (entropy / Math.log(8)) ** 1.5
    const params = { temp: 1, dynatempRange: 0.6, dynatempExponent: 1.5 }
    expectDistribution(count(params), among(ORDER, temp))
  })

  it('after penalties', () => {
    const penalized = Float32Array.of(0.5 - 0.7, 0.5, -2 - 0.9, 2, 0, -0.5, 1.5, -2)
    const params = { temp: 1, penalty: 2, presencePenalty: 0.5, frequencyPenalty: 0.2 }
    expectDistribution(count(params, LOGITS, [0, 2, 2]), among(ORDER, 1, penalized))
  })

  it('through a whole chain', () => {
    // Penalties put token 3 at 1, between 1.5, 1 (the lower id) and 0.5; the temperature is 0.8.
    const penalized = Float32Array.from(LOGITS, (logit, id) => (id === 3 ? 1 : logit))
    const params = { temp: 0.8, penalty: 2, topK: 6, topP: 0.95, minP: 0.2 }
    expectDistribution(count(params, LOGITS, [3]), among([6, 0, 3, 1], 0.8, penalized))
  })
})

describe('mirostat 2', () => {
  const logits = Float32Array.from({ length: 2000 }, (_, id) => 8 - 1.3 * Math.log(id + 1))

  it.each([2, 3, 5])('keeps the average surprise near %d bits', (mirostatTau) => {
    const sampler = createSampler({ temp: 1, mirostatTau }, { seed: 5 })
    let surprise = 0
    for (let i = 0; i < 2000; i++) {
      sampler.pick(logits)
      surprise -= sampler.logprobs(0).logprob / Math.LN2 / 2000
    }
    expect(Math.abs(surprise - mirostatTau)).toBeLessThan(0.1)
  })

  it('with an unreachable target samples from all tokens', () => {
    const draws = (params: SamplingParams) => count({ temp: 1, ...params })
    expect(draws({ mirostatTau: 50 })).toEqual(draws({}))
  })
})
