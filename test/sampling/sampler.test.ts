import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Candidates,
  createSampler,
  logprobsOfLogits,
  Rng,
  type SamplerOptions,
  type SamplingParams,
} from '../../src/sampling/index.js'
import { histories, makeLogits, recipes } from './vocabularies.js'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
const LOGITS = Float32Array.of(1, 0.5, -1, 2, 0, -0.5, 1.5, -2)

/** The ids that remain after the chain. */
function choices(params: SamplingParams, logits = LOGITS, recent: number[] = [], options?: SamplerOptions) {
  const sampler = createSampler({ temp: 1, ...params }, { seed: 1, ...options })
  sampler.pick(logits, recent)
  return sampler
    .logprobs(logits.length)
    .top.map(({ id }) => id)
    .sort((a, b) => a - b)
}

const EVERY_ID = [0, 1, 2, 3, 4, 5, 6, 7]

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringMatching(message) })

describe('greedy choice', () => {
  it('is the first of the largest logits, whatever they are and whatever else is set', () => {
    fc.assert(
      fc.property(recipes(), histories, (recipe, recent) => {
        const logits = makeLogits(recipe)
        let best = -1
        for (const [id, logit] of logits.entries()) {
          if (logit > (best < 0 ? -infinity : logits[best])) best = id
        }
        for (const temp of [0, -1]) {
          const all = { temp, topK: 3, topP: 0.1, typicalP: 0.1, minP: 0.9, xtcProbability: 1, topNSigma: 1 }
          for (const params of [{ temp }, all, { ...all, mirostatTau: 3, dynatempRange: 2 }]) {
            const pick = () => createSampler(params).pick(logits, recent)
            if (best < 0) expect(pick).toThrow(thrown('NO_CANDIDATES', /no token is left/))
            else expect(pick()).toBe(best)
          }
        }
      }),
      { numRuns: 500, seed: 6 },
    )
  })

  it.each([
    ['the largest', [1, 3, 2], 1],
    ['the lowest id on ties', [1, 5, 5, 5], 1],
    ['negative logits', [-3, -1, -2], 1],
    ['zeros of either sign as a tie', [-0, 0], 0],
    ['an infinite logit', [3.4028234663852886e38, infinity, 3], 1],
    ['the finite one among masked ones', [-infinity, -1e30, -infinity], 1],
    ['the lowest finite logit', [-infinity, -3.4028234663852886e38], 1],
    ['the only one', [-7], 0],
  ])('takes %s', (_, logits, id) => {
    expect(createSampler().pick(Float32Array.from(logits))).toBe(id)
  })

  it('comes after penalties, biases and custom steps', () => {
    expect(createSampler({ penalty: 4 }).pick(LOGITS, [3])).toBe(6)
    expect(createSampler({ logitBias: { 7: 9 } }).pick(LOGITS)).toBe(7)
    expect(createSampler({ samplers: [(candidates) => candidates.setLogit(2, 9)] }).pick(LOGITS)).toBe(2)
  })
})

describe('the values that mean off', () => {
  it.each<SamplingParams>([
    { topK: 0 },
    { topK: -3 },
    { topK: 8 },
    { topK: 1e9 },
    { topP: 1 },
    { topP: 3 },
    { minP: 0 },
    { minP: -1 },
    { typicalP: 1 },
    { topNSigma: 0 },
    { penalty: 1 },
    { penalty: 0 },
    { penalty: -2 },
    { penalty: 3, presencePenalty: 3, frequencyPenalty: 3, penaltyLastN: 0 },
    { dryMultiplier: 0 },
    { dryMultiplier: 1, dryPenaltyLastN: 0 },
    { xtcProbability: 0 },
    { xtcProbability: 1, xtcThreshold: 0.51 },
    { dynatempRange: 0, dynatempExponent: 3 },
    { mirostatTau: 0, mirostatEta: 1 },
    { samplers: ['temperature'], penalty: 5, topK: 1, topP: 0, minP: 1 },
  ])('%o draw as nothing would', (params) => {
    const draws = (params: SamplingParams) => {
      const sampler = createSampler({ temp: 0.9, ...params }, { seed: 3 })
      return Array.from({ length: 300 }, () => sampler.pick(LOGITS, [3, 6, 3, 6, 3]))
    }
    expect(draws(params)).toEqual(draws({}))
  })

  it('at the smallest temperature take the largest logit, at the largest one anything', () => {
    for (const temp of [1e-5, 1e-300, 5e-324]) expect(choices({ temp, minP: 0.1 })).toEqual([3])
    const sampler = createSampler({ temp: 1e300 }, { seed: 1 })
    const drawn = new Set(Array.from({ length: 300 }, () => sampler.pick(LOGITS)))
    expect([...drawn].sort()).toEqual(EVERY_ID)
  })
})

describe('a share', () => {
  it.each<SamplingParams>([{ topP: 0.5 }, { typicalP: 0.5 }])(
    'that is reached exactly is enough, and the lower ids have it: %o',
    (params) => {
      expect(choices(params, new Float32Array(4))).toEqual([0, 1])
    },
  )

  it.each<SamplingParams>([{ topP: 0 }, { typicalP: 0 }])('of nothing leaves one token: %o', (params) => {
    expect(choices(params)).toHaveLength(1)
  })
})

describe('penalties', () => {
  /** The penalized logits. */
  function penalized(params: SamplingParams, recent: number[], logits = [4, -4, 0, 2, -2]): number[] {
    let seen: number[] = []
    const look = (candidates: Candidates) => {
      seen = logits.map((_, id) => candidates.logit(id))
    }
    createSampler({ ...params, samplers: ['penalties', look] }).pick(Float32Array.from(logits), recent)
    return seen
  }

  it('divide positive logits and multiply negative ones, each token once', () => {
    expect(penalized({ penalty: 2 }, [0, 1, 1, 0, 0, 2])).toEqual([2, -8, 0, 2, -2])
  })

  it('then subtract the presence penalty, and the frequency penalty once a time', () => {
    const params = { penalty: 2, presencePenalty: 1, frequencyPenalty: 0.25 }
    expect(penalized(params, [0, 1, 1, 0, 0, 2])).toEqual([0.25, -9.5, -1.25, 2, -2])
  })

  it('look at the last tokens only, repeated ones counted', () => {
    const recent = [0, 1, 3, 4]
    expect(penalized({ penalty: 2, penaltyLastN: 1 }, recent)).toEqual([4, -4, 0, 2, -4])
    expect(penalized({ penalty: 2, penaltyLastN: 3 }, recent)).toEqual([4, -8, 0, 1, -4])
    expect(penalized({ penalty: 2, penaltyLastN: 1000 }, recent)).toEqual([2, -8, 0, 1, -4])
    expect(penalized({ penalty: 2, penaltyLastN: 3 }, [0, 3, 3, 3])).toEqual([4, -4, 0, 1, -2])
  })

  it('below 1, or negative, favour previous tokens', () => {
    expect(penalized({ penalty: 0.5 }, [0, 1])).toEqual([8, -2, 0, 2, -2])
    expect(penalized({ presencePenalty: -1, frequencyPenalty: -1 }, [0, 0])).toEqual([7, -4, 0, 2, -2])
  })

  it('ignore ids outside the vocabulary, and keep masked logits masked', () => {
    expect(penalized({ penalty: 2 }, [99, -1, 0.5])).toEqual([4, -4, 0, 2, -2])
    expect(penalized({ penalty: 2 }, [0], [-infinity, 1])).toEqual([-infinity, 1])
  })

  it('however large never make a logit infinite or NaN', () => {
    const params = { penalty: 5e-324, presencePenalty: 1e308, frequencyPenalty: 1e308 }
    for (const logit of penalized(params, [0, 0, 1])) expect(Number.isFinite(logit)).toBe(true)
  })
})

describe('constraints', () => {
  it('exclude banned ids and biases of -Infinity', () => {
    expect(choices({ bannedIds: [3, 0, 3], logitBias: { 7: -infinity } })).toEqual([1, 2, 4, 5, 6])
  })

  it('allow only forced ids', () => {
    expect(choices({ forcedIds: [5, 2, 5] })).toEqual([2, 5])
    expect(choices({ forcedIds: [5, 2], bannedIds: [5] })).toEqual([2])
  })

  it('add biases before everything else', () => {
    expect(choices({ logitBias: { 7: 10 }, topK: 1 })).toEqual([7])
    expect(choices({ logitBias: { 3: 1e300 } })).toContain(3)
  })

  const endOfGeneration = [3, 6]
  it('exclude the end with minTokens and ignoreEos', () => {
    const without = [0, 1, 2, 4, 5, 7]
    expect(choices({ minTokens: 2 }, LOGITS, [], { endOfGeneration })).toEqual(without)
    expect(choices({ minTokens: 2 }, LOGITS, [0], { endOfGeneration })).toEqual(without)
    expect(choices({ minTokens: 2 }, LOGITS, [0, 0], { endOfGeneration })).toEqual(EVERY_ID)
    expect(choices({ ignoreEos: true }, LOGITS, [0, 0], { endOfGeneration })).toEqual(without)
    expect(choices({ ignoreEos: true })).toEqual(EVERY_ID)
    expect(choices({ minTokens: 1 }, LOGITS, [], { endOfGeneration: [99] })).toEqual(EVERY_ID)
  })

  it.each<[string, SamplingParams]>([
    ['banned', { bannedIds: EVERY_ID }],
    ['biased away', { logitBias: Object.fromEntries(EVERY_ID.map((id) => [id, -infinity])) }],
    ['forced but ends', { forcedIds: [3, 6], ignoreEos: true }],
  ])('nothing, when all are %s', (_, params) => {
    for (const temp of [0, 1]) {
      const sampler = createSampler({ temp, topP: 0.9, ...params }, { endOfGeneration })
      expect(() => sampler.pick(LOGITS)).toThrow(thrown('NO_CANDIDATES', /^no token is left to choose from$/))
      expect(() => sampler.logprobs(1)).toThrow(thrown('INVALID_ARGUMENT', /no token has been picked/))
    }
  })

  it.each<[string, SamplingParams]>([
    ['biased', { logitBias: { 8: 1 } }],
    ['banned', { bannedIds: [1, 8] }],
    ['forced', { forcedIds: [8, 1] }],
  ])('an id outside the vocabulary cannot be %s', (_, params) => {
    expect(() => createSampler(params).pick(LOGITS)).toThrow(
      thrown('INVALID_ARGUMENT', /name token 8, which is not in the vocabulary \(0 to 7\)$/),
    )
  })
})

describe('a sampler', () => {
  const EVERY_KIND: SamplingParams[] = [
    {},
    { temp: 1 },
    { temp: 1, topK: 3 },
    { temp: 1, topP: 0.6 },
    { temp: 1, typicalP: 0.6, minP: 0.01 },
    { temp: 1, xtcProbability: 0.5, dynatempRange: 0.5 },
    { temp: 1, mirostatTau: 2 },
    { penalty: 1.5 },
    { temp: 1e-300, bannedIds: [0] },
    { temp: 0.5, dryMultiplier: 1, topNSigma: 1, samplers: ['temperature', 'dry', () => {}, 'topNSigma'] },
  ]

  it.each(EVERY_KIND)('%o does not modify logits and previous ids, and accepts typed arrays', (params) => {
    const logits = LOGITS.slice()
    const recent = [3, 6, 3]
    const id = createSampler(params, { seed: 1 }).pick(logits, recent)
    expect(logits).toEqual(LOGITS)
    expect(recent).toEqual([3, 6, 3])
    expect(createSampler(params, { seed: 1 }).pick(logits, Int32Array.from(recent))).toBe(id)
  })

  it.each(EVERY_KIND)('%o serves vocabularies of any size one after another', (params) => {
    fc.assert(
      fc.property(fc.array(recipes(['normal', 'ties']), { minLength: 1, maxLength: 6 }), (all) => {
        const rng = new Rng(1)
        const sampler = createSampler({ ...params, bannedIds: [] }, { rng })
        for (const recipe of all) {
          const state = rng.save()
          const id = sampler.pick(makeLogits(recipe))
          if (params.mirostatTau) continue
          const alone = new Rng(1)
          alone.restore(1, state)
          expect(createSampler({ ...params, bannedIds: [] }, { rng: alone }).pick(makeLogits(recipe))).toBe(
            id,
          )
        }
      }),
      { numRuns: 100, seed: 2 },
    )
  })

  it.each([
    ['one of them left', [-infinity, 5, -infinity], [1]],
    ['one infinite', [1, infinity, 2], [1]],
    ['two infinite', [infinity, 1, infinity], [0, 2]],
    ['zeros', [0, 0, 0], [0, 1, 2]],
    ['the largest floats', [0, 3.4e38, -3.4e38], [1]],
    ['a mixture', [-1, infinity, -infinity, -0, 1e-45], [1]],
  ])('with logits %s picks one that has a chance', (_, values, allowed) => {
    const logits = Float32Array.from(values)
    for (const params of EVERY_KIND) {
      const sampler = createSampler({ ...params, bannedIds: [] }, { seed: 9 })
      for (let i = 0; i < 20; i++) expect(allowed).toContain(sampler.pick(logits))
    }
  })

  it.each([
    [[nan, 1, 50], 0],
    [[1, 50, nan], 2],
    [[nan, nan], 0],
    [[-infinity, nan], 1],
    [[infinity, -infinity, nan], 2],
  ])('with a NaN among %o is rejected', (values, id) => {
    for (const params of EVERY_KIND) {
      const sampler = createSampler({ ...params, bannedIds: [] })
      expect(() => sampler.pick(Float32Array.from(values))).toThrow(
        thrown('NOT_A_NUMBER', new RegExp(`^the logit of token ${id} is NaN$`)),
      )
    }
  })

  it.each([[[-infinity, -infinity]], [[-infinity]]])('with nothing but %o has no choice', (values) => {
    for (const params of EVERY_KIND) {
      const sampler = createSampler({ ...params, bannedIds: [] })
      expect(() => sampler.pick(Float32Array.from(values))).toThrow(
        thrown('NO_CANDIDATES', /no token is left/),
      )
    }
  })

  it('uses one random number per draw, one more for XTC, and none without temperature', () => {
    const rng = new Rng(3)
    const same = new Rng(3)
    createSampler({ temp: 1, topK: 3 }, { rng }).pick(LOGITS)
    createSampler({ temp: 1, xtcProbability: 0.1 }, { rng }).pick(LOGITS)
    createSampler({ temp: 1, mirostatTau: 3, xtcProbability: 0.1 }, { rng }).pick(LOGITS)
    createSampler({ penalty: 1.1, xtcProbability: 0.5 }, { rng }).pick(LOGITS, [1])
    for (let i = 0; i < 4; i++) same.nextUniform()
    expect(rng.nextUint32()).toBe(same.nextUint32())
  })

  it('exposes its parameters and seed, from which it can be recreated', () => {
    expect(createSampler({ temp: 2 }, { seed: 7 })).toMatchObject({ params: { temp: 2, topK: 0 }, seed: 7 })
    const { seed, pick } = createSampler({ temp: 1 })
    const again = createSampler({ temp: 1 }, { seed })
    for (let i = 0; i < 50; i++) expect(again.pick(LOGITS)).toBe(pick(LOGITS))
  })

  it.each([null, undefined, [1, 2], new Float64Array(3), new Float32Array(0), {}, 'logits'])(
    'refuses logits that are %o',
    (logits) => {
      expect(() => createSampler().pick(logits as Float32Array)).toThrow(
        thrown('INVALID_ARGUMENT', /^logits must be a Float32Array/),
      )
    },
  )

  it.each([null, 7, {}, 'recent'])('rejects previous ids that are %o', (recent) => {
    expect(() => createSampler().pick(LOGITS, recent as number[])).toThrow(
      thrown('INVALID_ARGUMENT', /^previousTokens must be an array of token ids$/),
    )
  })

  it('rejects bad options', () => {
    expect(() => createSampler({}, { seed: -1 })).toThrow(thrown('INVALID_ARGUMENT', /^seed must be/))
    expect(() => createSampler({}, { endOfGeneration: [1.5] })).toThrow(
      thrown('INVALID_ARGUMENT', /^endOfGeneration names 1.5/),
    )
    expect(() => createSampler({ top_k: 1 } as SamplingParams)).toThrow(thrown('INVALID_ARGUMENT', /top_k/))
  })
})

describe('log-probabilities', () => {
  const of = (logits: number[], temp = 1) => {
    const sum = logits.reduce((total, logit) => total + Math.exp(logit / temp), 0)
    return logits.map((logit) => logit / temp - Math.log(sum))
  }

  it('are those of the chain’s distribution, most likely first, the lower id first on ties', () => {
    const sampler = createSampler({ temp: 0.5, topK: 3 }, { seed: 1 })
    const logits = Float32Array.of(1, 3, 2, 2, 2, 0)
    const id = sampler.pick(logits)
    const { logprob, top } = sampler.logprobs(9)
    const expected = of([3, 2, 2], 0.5)
    expect(top.map((token) => token.id)).toEqual([1, 2, 3])
    for (const [i, token] of top.entries()) expect(token.logprob).toBeCloseTo(expected[i], 10)
    expect(logprob).toBe(top.find((token) => token.id === id)?.logprob)
    expect(sampler.logprobs(0)).toEqual({ logprob, top: [] })
  })

  it('of greedy choice are the model’s own', () => {
    const sampler = createSampler()
    sampler.pick(LOGITS)
    expect(sampler.logprobs(8)).toEqual(logprobsOfLogits(LOGITS, 3, 8))
    expect(sampler.logprobs(1).logprob).toBeCloseTo(of([...LOGITS])[3], 10)
  })

  it('have no lower bound, and are -Infinity for removed or unknown tokens', () => {
    const logits = Float32Array.of(0, -5000, -infinity)
    expect(logprobsOfLogits(logits, 1, 4)).toEqual({
      logprob: -5000,
      top: [
        { id: 0, logprob: 0 },
        { id: 1, logprob: -5000 },
      ],
    })
    for (const id of [2, 3, -1]) expect(logprobsOfLogits(logits, id, 0).logprob).toBe(-infinity)
    expect(logprobsOfLogits(Float32Array.of(-infinity), 0, 3)).toEqual({ logprob: -infinity, top: [] })
  })

  it('of a whole vocabulary are sorted', () => {
    const logits = makeLogits({ kind: 'normal', size: 50_000, seed: 1 })
    const { top } = logprobsOfLogits(logits, 0, 50_000)
    expect(top).toHaveLength(50_000)
    for (let i = 1; i < top.length; i++) {
      const { id, logprob } = top[i]
      const before = top[i - 1]
      if (!(logprob < before.logprob || (logprob === before.logprob && id > before.id)))
        expect.fail(`at ${i}`)
    }
  })

  it.each([-1, 1.5, nan, infinity, '3', undefined])('reject n = %s', (n) => {
    expect(() => logprobsOfLogits(LOGITS, 0, n as number)).toThrow(
      thrown('INVALID_ARGUMENT', /^the number of log-probabilities must be a whole number/),
    )
  })

  it('reject calls before the first pick', () => {
    expect(() => createSampler().logprobs(1)).toThrow(thrown('INVALID_ARGUMENT', /^no token has been picked/))
  })
})

describe('suppressed ids', () => {
  it('are never picked, whether greedy or not, on top of banned ones', () => {
    const options = { suppressedIds: [3, 6] }
    expect(choices({ bannedIds: [0] }, LOGITS, [], options)).toEqual([1, 2, 4, 5, 7])
    expect(createSampler({ temp: 0 }, options).pick(LOGITS)).toBe(0)
    expect(createSampler({ temp: 0 }).pick(LOGITS)).toBe(3)
  })

  it('are not parameters', () => {
    expect(createSampler({}, { suppressedIds: [3] }).params.bannedIds).toEqual([])
  })

  it('must be in the vocabulary', () => {
    const sampler = createSampler({}, { suppressedIds: [8] })
    expect(() => sampler.pick(LOGITS)).toThrow(thrown('INVALID_ARGUMENT', /token 8/))
    expect(() => createSampler({}, { suppressedIds: [-1] })).toThrow(
      thrown('INVALID_ARGUMENT', /suppressedIds/),
    )
  })
})
