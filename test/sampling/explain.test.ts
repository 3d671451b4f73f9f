import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Candidates,
  createSampler,
  type ExplainOptions,
  explainSampling,
  type SamplingParams,
  STEP_NAMES,
  type StepName,
} from '../../src/sampling/index.js'
import { knobEntries } from '../../src/sampling/params.js'
import { KNOBS } from './knobs.js'
import { softmax } from './reference.js'
import { histories, MODERATE, makeLogits, recipes } from './vocabularies.js'

const LOGITS = Float32Array.of(1, 0.5, -1, 2, 0, -0.5, 1.5, -2)

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringMatching(message) })

/** Every step's parameters, each left off now and then, and mirostat. */
const everyKnob: fc.Arbitrary<SamplingParams> = fc
  .tuple(
    ...STEP_NAMES.map((name) => fc.option(KNOBS[name], { nil: {}, freq: 2 })),
    fc.constantFrom({}, {}, {}, { mirostatTau: 3 }, { temp: 0 }, { bannedIds: [0], logitBias: { 0: 2 } }),
  )
  .map((parts) => ({ temp: 1, ...Object.assign({}, ...parts) }))

const orders: fc.Arbitrary<StepName[]> = fc.shuffledSubarray([...STEP_NAMES])

describe('what explainSampling finds after the last step', () => {
  it('is what the sampler draws from, token for token', () => {
    let truncated = 0
    fc.assert(
      fc.property(recipes(), everyKnob, orders, histories, fc.nat(), (recipe, knobs, order, recent, seed) => {
        const logits = makeLogits(recipe)
        const params = { ...knobs, samplers: order }
        const sampler = createSampler(params, { seed })
        const explain = () => explainSampling(logits, params, { seed, previousTokens: recent })
        let id: number
        try {
          id = sampler.pick(logits, recent)
        } catch (error) {
          expect(explain).toThrow(error as Error)
          return
        }
        const { after, before } = explain()
        expect(after.has(id)).toBe(true)
        if (after.size < before.size) truncated++
        if (sampler.params.temp <= 0) {
          expect([...after]).toEqual([id])
          return
        }
        // The sampler's candidates are those after its chain.
        const { top } = sampler.logprobs(logits.length)
        expect([...after]).toEqual(top.map((token) => token.id).sort((a, b) => a - b))
        for (const token of top) {
          expect(Math.abs(after.probability(token.id) - Math.exp(token.logprob))).toBeLessThan(1e-9)
        }
      }),
      { numRuns: 2000, seed: 20261129 },
    )
    expect(truncated).toBeGreaterThan(1000)
  })

  it('is how often tokens are drawn', () => {
    const params = { temp: 1.1, penalty: 1.5, topK: 7, topP: 0.97, minP: 0.15 }
    const previousTokens = [3, 0, 3]
    const { after } = explainSampling(LOGITS, params, { previousTokens })
    const draws = 20_000
    const sampler = createSampler(params, { seed: 11 })
    const times = new Array<number>(LOGITS.length).fill(0)
    for (let i = 0; i < draws; i++) times[sampler.pick(LOGITS, previousTokens)]++
    let chiSquare = 0
    for (const [id, count] of times.entries()) {
      const expected = draws * after.probability(id)
      if (expected === 0) expect(count, `times of ${id}`).toBe(0)
      else chiSquare += (count - expected) ** 2 / expected
    }
    expect(after.size).toBe(6)
    // The critical value for 5 degrees of freedom at p = 0.001.
    expect(chiSquare).toBeLessThan(20.52)
  })

  it('begins with the softmax of the logits', () => {
    fc.assert(
      fc.property(recipes(MODERATE), (recipe) => {
        const logits = makeLogits(recipe)
        const tokens = Array.from(logits, (logit, id) => ({ id, logit })).filter(
          ({ logit }) => logit > -Infinity,
        )
        if (tokens.length === 0) return
        const { before } = explainSampling(logits, { temp: 0.7, topK: 3 })
        expect(before.size).toBe(tokens.length)
        for (const [i, p] of softmax(tokens).entries()) {
          expect(Math.abs(before.probability(tokens[i].id) - p)).toBeLessThan(1e-9)
        }
      }),
      { numRuns: 300, seed: 5 },
    )
  })
})

describe('each step', () => {
  const params = { temp: 0.5, topK: 6, minP: 0.1, presencePenalty: 1 }

  it('is listed in the order of the chain, whether it runs or not, with its parameters', () => {
    const { steps } = explainSampling(LOGITS, params, { previousTokens: [3] })
    expect(steps.map(({ name }) => name)).toEqual(['constraints', ...STEP_NAMES])
    const running = steps.filter(({ isEnabled }) => isEnabled)
    expect(running.map(({ name, after, removedCount }) => [name, after.size, removedCount])).toEqual([
      ['penalties', 8, 0],
      ['temperature', 8, 0],
      ['topK', 6, 2],
      ['minP', 4, 2],
    ])
    expect(running[0].params).toEqual({
      penalty: 1,
      presencePenalty: 1,
      frequencyPenalty: 0,
      penaltyLastN: 64,
    })
    expect(running[2].params).toEqual({ topK: 6 })
  })

  it('has the order of `samplers`, without the steps that it does not name', () => {
    const none = (candidates: Candidates) => candidates.remove([3])
    const { steps } = explainSampling(LOGITS, { ...params, samplers: ['minP', none, 'temperature'] })
    expect(steps.map(({ name, after }) => [name, after.size])).toEqual([
      ['constraints', 8],
      ['minP', 5],
      ['custom', 4],
      ['temperature', 4],
    ])
  })

  it('reports what it removed, the likeliest first, with the values from before', () => {
    const { steps, before } = explainSampling(LOGITS, { temp: 1, topK: 3, minP: 0.5 })
    const topK = steps.find(({ name }) => name === 'topK')!
    expect(topK.removedCount).toBe(5)
    expect(topK.removed(2).map(({ id, logit }) => [id, logit])).toEqual([
      [1, 0.5],
      [4, 0],
    ])
    expect(topK.removed(99).map(({ id }) => id)).toEqual([1, 4, 5, 2, 7])
    expect(topK.removed(1)[0].probability).toBe(before.probability(1))
    expect(topK.removed(0)).toEqual([])
  })

  it('keeps its own distribution: what is removed and what is left are what was there', () => {
    fc.assert(
      fc.property(recipes(), everyKnob, histories, fc.nat(), (recipe, knobs, recent, seed) => {
        const logits = makeLogits(recipe)
        if (logits.every((logit) => logit === -Infinity)) return
        if (logits.length === 1 && knobs.bannedIds) return
        let explained: ReturnType<typeof explainSampling>
        try {
          explained = explainSampling(logits, knobs, { seed, previousTokens: recent })
        } catch (error) {
          expect(error).toEqual(thrown('NO_CANDIDATES', /no token is left/))
          return
        }
        let previous = explained.before
        for (const { after, removed, removedCount, isEnabled } of explained.steps) {
          const gone = removed(logits.length)
          expect(gone).toHaveLength(removedCount)
          expect([...gone.map(({ id }) => id), ...after].sort((a, b) => a - b)).toEqual([...previous])
          expect(gone.every(({ id }) => !after.has(id) && after.probability(id) === 0)).toBe(true)
          if (!isEnabled) expect(after).toBe(previous)
          const sum = [...after].reduce((mass, id) => mass + after.probability(id), 0)
          expect(Math.abs(sum - 1)).toBeLessThan(1e-9)
          previous = after
        }
        expect(explained.after).toBe(previous)
      }),
      { numRuns: 500, seed: 8 },
    )
  })

  it('of temperature 0 is the choice of the likeliest token; the truncating ones are disabled', () => {
    const { steps, after } = explainSampling(LOGITS, { topK: 3, penalty: 2 }, { previousTokens: [3] })
    expect(steps.filter(({ isEnabled }) => isEnabled).map(({ name }) => name)).toEqual([
      'penalties',
      'greedy',
    ])
    expect([...after]).toEqual([6])
    expect(after.probability(6)).toBe(1)
  })

  it('of mirostat truncates after the temperature', () => {
    const { steps } = explainSampling(LOGITS, { temp: 1, topK: 3, mirostatTau: 1.2 })
    const running = steps.filter(({ isEnabled }) => isEnabled)
    expect(running.map(({ name, after }) => [name, after.size])).toEqual([
      ['temperature', 8],
      ['mirostat', 2],
    ])
  })

  it('of XTC runs by the random number of the seed', () => {
    const params = { temp: 1, xtcProbability: 0.5, xtcThreshold: 0.1 }
    const sizes = Array.from(
      { length: 40 },
      (_, seed) => explainSampling(LOGITS, params, { seed }).after.size,
    )
    expect(new Set(sizes)).toEqual(new Set([6, 8]))
  })

  it('has each knob once', () => {
    const { steps } = explainSampling(LOGITS, { temp: 1, mirostatTau: 3 })
    const names = steps.flatMap(({ params: own }) => Object.keys(own))
    const knobs: string[] = knobEntries().map(([name]) => name)
    expect(names.sort()).toEqual(knobs.filter((name) => name !== 'samplers').sort())
  })

  it('leaves the logits unchanged, and considers only allowed tokens', () => {
    const logits = LOGITS.slice()
    const { before, after } = explainSampling(
      logits,
      { temp: 0.5, topK: 2 },
      { allowed: Uint32Array.of(0b10110) },
    )
    expect(logits).toEqual(LOGITS)
    expect([...before]).toEqual([1, 2, 4])
    expect([...after]).toEqual([1, 4])
    expect(after.logit(1)).toBe(1)
    expect(after.logit(2)).toBe(-Infinity)
    expect(after.top(9).map(({ id }) => id)).toEqual([1, 4])
  })
})

describe('explainSampling rejects', () => {
  const bad = (value: unknown) => value as never
  const cases: [string, () => unknown, string, RegExp][] = [
    ['no logits', () => explainSampling(new Float32Array(0)), 'INVALID_ARGUMENT', /logits must be/],
    ['an array as logits', () => explainSampling(bad([1, 2])), 'INVALID_ARGUMENT', /logits must be/],
    ['NaN', () => explainSampling(Float32Array.of(1, NaN)), 'NOT_A_NUMBER', /token 1 is NaN/],
    [
      'an unknown knob',
      () => explainSampling(LOGITS, bad({ heat: 1 })),
      'INVALID_ARGUMENT',
      /no sampling parameter/,
    ],
    ['a value out of range', () => explainSampling(LOGITS, { minP: 2 }), 'INVALID_ARGUMENT', /minP must be/],
    [
      'an id that no token has',
      () => explainSampling(LOGITS, { bannedIds: [8] }),
      'INVALID_ARGUMENT',
      /token 8/,
    ],
    ['null as options', () => explainSampling(LOGITS, {}, bad(null)), 'INVALID_ARGUMENT', /options must be/],
    ['a bad seed', () => explainSampling(LOGITS, {}, { seed: -1 }), 'INVALID_ARGUMENT', /seed must be/],
    [
      'bad previous tokens',
      () => explainSampling(LOGITS, {}, bad({ previousTokens: 3 })),
      'INVALID_ARGUMENT',
      /previousTokens must be/,
    ],
    [
      'a bad mask',
      () => explainSampling(LOGITS, {}, bad({ allowed: [1] })),
      'INVALID_ARGUMENT',
      /allowed must be/,
    ],
    [
      'a mask without a token',
      () => explainSampling(LOGITS, { temp: 1 }, { allowed: Uint32Array.of(0) }),
      'NO_CANDIDATES',
      /no token is left/,
    ],
    [
      'parameters that leave nothing',
      () => explainSampling(LOGITS, { forcedIds: [1], logitBias: { 1: -Infinity } }),
      'NO_CANDIDATES',
      /no token is left/,
    ],
    [
      'a token outside the vocabulary',
      () => explainSampling(LOGITS).after.probability(8),
      'INVALID_ARGUMENT',
      /token 8 is not in the vocabulary/,
    ],
    [
      'a count that is not whole',
      () => explainSampling(LOGITS).before.top(1.5),
      'INVALID_ARGUMENT',
      /number of tokens must be/,
    ],
    [
      'a negative count of removed tokens',
      () => explainSampling(LOGITS).steps[0].removed(-1),
      'INVALID_ARGUMENT',
      /number of tokens must be/,
    ],
  ]
  it.each(cases)('%s', (_, act, code, message) => {
    expect(act).toThrow(thrown(code, message))
  })

  it('nothing that the sampler accepts: an empty object is like no options', () => {
    const options: ExplainOptions = {}
    expect([...explainSampling(LOGITS, {}, options).after]).toEqual([3])
  })
})
