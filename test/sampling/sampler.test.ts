import { describe, expect, it } from 'vitest'
import type { SamplingParams } from '../../src/sampling/params.js'
import { Rng } from '../../src/sampling/rng.js'
import { createSampler } from '../../src/sampling/sampler.js'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

/** How often each id is picked in `draws` picks with a fixed seed. */
function counts(logits: Float32Array, params: SamplingParams, draws = 20_000, recent: number[] = []) {
  const sampler = createSampler(params)
  const rng = new Rng(11)
  const times = new Array<number>(logits.length).fill(0)
  for (let i = 0; i < draws; i++) times[sampler.pick(logits, recent, rng)]++
  return times
}

/** Probabilities by the definition, among `allowed` ids. */
function softmax(logits: Float32Array, temp: number, allowed: (id: number) => boolean = () => true) {
  const weights = Array.from(logits, (logit, id) => (allowed(id) ? Math.exp(logit / temp) : 0))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}

/** Pearson's test; ids without a chance must not occur at all. */
function expectDistribution(times: readonly number[], probabilities: readonly number[]): void {
  const draws = times.reduce((a, b) => a + b)
  let chiSquare = 0
  let possible = 0
  for (const [id, probability] of probabilities.entries()) {
    if (probability === 0) {
      expect(times[id]).toBe(0)
      continue
    }
    possible++
    chiSquare += (times[id] - draws * probability) ** 2 / (draws * probability)
  }
  // Exceeded once in a thousand with 0 to 7 degrees of freedom.
  expect(chiSquare).toBeLessThanOrEqual([0, 10.8, 13.8, 16.3, 18.5, 20.5, 22.5, 24.3][possible - 1])
}

const LOGITS = Float32Array.of(1, 0.5, -1, 2, 0, -0.5, 1.5, -2)

describe('drawing', () => {
  it.each([0.5, 1, 2, 1000])('follows the softmax at temperature %d', (temp) => {
    expectDistribution(counts(LOGITS, { temp }), softmax(LOGITS, temp))
  })

  it.each([1, 2, 3, 7])('among the top %d follows the softmax among them', (topK) => {
    const order = [3, 6, 0, 1, 4, 5, 2, 7].slice(0, topK)
    const expected = softmax(LOGITS, 1, (id) => order.includes(id))
    expectDistribution(counts(LOGITS, { temp: 1, topK }), expected)
  })

  it('penalises before it draws', () => {
    const penalised = Float32Array.of(0.5, 0.5, -2, 2, 0, -0.5, 1.5, -2)
    expectDistribution(counts(LOGITS, { temp: 1, penalty: 2 }, 20_000, [0, 2, 2]), softmax(penalised, 1))
  })

  it('penalises before it selects the top', () => {
    const times = counts(LOGITS, { temp: 1, topK: 2, penalty: 10 }, 2000, [3])
    expect(times.flatMap((count, id) => (count > 0 ? [id] : []))).toEqual([0, 6])
  })

  it('with all of the vocabulary as top, or more, or none, is the same draw', () => {
    const all = counts(LOGITS, { temp: 1 }, 500)
    for (const topK of [0, -1, 8, 9, 1e9]) expect(counts(LOGITS, { temp: 1, topK }, 500)).toEqual(all)
  })

  it('uses up one uniform number each, and none without temperature', () => {
    const rng = new Rng(3)
    const same = new Rng(3)
    createSampler({ temp: 1, topK: 3 }).pick(LOGITS, [], rng)
    createSampler({ temp: 0.7 }).pick(LOGITS, [], rng)
    createSampler({ penalty: 1.1 }).pick(LOGITS, [1], rng)
    same.nextUniform()
    same.nextUniform()
    expect(rng.nextUint32()).toBe(same.nextUint32())
  })
})

describe('a sampler', () => {
  const EVERY_KIND: SamplingParams[] = [
    {},
    { temp: 1 },
    { temp: 1, topK: 3 },
    { penalty: 1.5 },
    { temp: 1, penalty: 2, topK: 2 },
  ]

  it.each(EVERY_KIND)('%o leaves the logits and the recent ids as they are', (params) => {
    const logits = LOGITS.slice()
    const recent = [3, 6, 3]
    createSampler(params).pick(logits, recent, new Rng(1))
    expect(logits).toEqual(LOGITS)
    expect(recent).toEqual([3, 6, 3])
  })

  it('without temperature takes the largest, whatever the top', () => {
    for (const temp of [0, -1]) {
      expect(createSampler({ temp, topK: 3 }).pick(LOGITS, [], new Rng(1))).toBe(3)
      expect(createSampler({ temp, penalty: 4 }).pick(LOGITS, [3], new Rng(1))).toBe(6)
    }
  })

  it('at the smallest temperature takes the largest, at the largest one anything', () => {
    for (const temp of [1e-300, 5e-324, 1e-5]) expect(counts(LOGITS, { temp }, 50)[3]).toBe(50)
    expectDistribution(counts(LOGITS, { temp: 1e300 }), new Array(8).fill(1 / 8))
  })

  it('serves vocabularies of different sizes one after another', () => {
    const sampler = createSampler({ temp: 1, penalty: 1.2 })
    const rng = new Rng(1)
    expect(sampler.pick(Float32Array.of(0, 50), [0], rng)).toBe(1)
    expect(sampler.pick(Float32Array.of(0, 0, 0, 50), [0], rng)).toBe(3)
    expect(sampler.pick(Float32Array.of(50, 0), [1], rng)).toBe(0)
  })

  it('tells its parameters, defaults filled in', () => {
    expect(createSampler({ temp: 2 }).params).toEqual({ temp: 2, topK: 0, penalty: 1, penaltyLastN: 64 })
  })

  it.each([
    ['all masked', [-infinity, -infinity, -infinity], [0, 1, 2]],
    ['one of them left', [-infinity, 5, -infinity], [1]],
    ['one infinite', [1, infinity, 2], [1]],
    ['all NaN', [nan, nan, nan], [0, 1, 2]],
    ['the first NaN', [nan, 1, 50], [2]],
    ['the last NaN', [1, 50, nan], [1]],
    ['zeros', [0, 0, 0], [0, 1, 2]],
    ['the largest floats', [3.4e38, -3.4e38, 0], [0]],
  ])('with logits %s picks one that has a chance', (_, values, allowed) => {
    const logits = Float32Array.from(values)
    for (const params of [...EVERY_KIND, { temp: 1e-300 }, { temp: 0.5, topK: 1 }]) {
      const sampler = createSampler(params)
      const rng = new Rng(9)
      for (let i = 0; i < 20; i++) expect(allowed).toContain(sampler.pick(logits, [], rng))
    }
  })
})
