import { describe, expect, it } from 'vitest'
import { STEP_NAMES } from '../../src/sampling/index.js'
import {
  DEFAULT_SAMPLING,
  type ResolvedSampling,
  resolveSampling,
  type SamplingParams,
} from '../../src/sampling/params.js'

const refused = (message: string | RegExp) =>
  expect.objectContaining({
    name: 'DasllamaError',
    code: 'INVALID_ARGUMENT',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  })

describe('sampling parameters', () => {
  it('are greedy and otherwise off by default', () => {
    expect(resolveSampling()).toEqual(DEFAULT_SAMPLING)
    expect(resolveSampling({})).toEqual(DEFAULT_SAMPLING)
    expect(resolveSampling({ temp: undefined, forcedIds: undefined })).toEqual(DEFAULT_SAMPLING)
    expect(DEFAULT_SAMPLING).toMatchObject({
      temp: 0,
      topK: 0,
      topP: 1,
      minP: 0,
      penalty: 1,
      presencePenalty: 0,
      frequencyPenalty: 0,
      penaltyLastN: 64,
      samplers: STEP_NAMES,
    })
  })

  it('are taken as given within their ranges, off values included', () => {
    const given: SamplingParams = {
      temp: -1,
      topK: -5,
      topP: 7,
      minP: -1,
      penalty: 0,
      presencePenalty: -2,
      frequencyPenalty: -2,
      penaltyLastN: 0,
      typicalP: 1,
      topNSigma: -1,
      xtcProbability: 1,
      xtcThreshold: 1,
      dryMultiplier: -1,
      dryBase: 1,
      dryAllowedLength: 1,
      dryPenaltyLastN: 0,
      dryBreakers: [3],
      dynatempRange: 0,
      dynatempExponent: 0,
      mirostatTau: 0,
      mirostatEta: 0,
      logitBias: { 3: -1.5, 4: Number.NEGATIVE_INFINITY },
      bannedIds: [1],
      forcedIds: [2, 1],
      minTokens: 3,
      ignoreEos: false,
      samplers: [],
    }
    expect(resolveSampling(given)).toEqual(given)
  })

  it('do not change the defaults', () => {
    const resolved = resolveSampling({ temp: 3 })
    resolved.topK = 9
    expect(DEFAULT_SAMPLING).toMatchObject({ temp: 0, topK: 0 })
  })

  const numbers = Object.entries(DEFAULT_SAMPLING).filter(([, value]) => typeof value === 'number')
  it.each(numbers.map(([name]) => name as keyof ResolvedSampling))('%s must be a finite number', (name) => {
    for (const [value, words] of [
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [Number.NEGATIVE_INFINITY, '-Infinity'],
      ['1', '"1"'],
      [null, 'null'],
      [[1], '[1]'],
      [1n, '1n'],
      [{}, '{}'],
      [Object.create(null), '{}'],
    ]) {
      expect(() => resolveSampling({ [name]: value } as SamplingParams)).toThrow(
        refused(`${name} must be a finite number, not ${words}`),
      )
    }
  })

  it.each([
    [{ topK: 1.5 }, 'topK must be a whole number, not 1.5'],
    [{ topK: true }, 'topK must be a finite number, not true'],
    [{ temp: Symbol('hot') }, 'temp must be a finite number, not Symbol(hot)'],
    [{ topP: -0.1 }, 'topP must be 0 or more, not -0.1'],
    [{ typicalP: -1 }, 'typicalP must be 0 or more, not -1'],
    [{ minP: 1.1 }, 'minP must be 1 or less, not 1.1'],
    [{ penaltyLastN: -1 }, 'penaltyLastN must be 0 or more, not -1'],
    [{ penaltyLastN: 0.5 }, 'penaltyLastN must be a whole number, not 0.5'],
    [{ xtcProbability: -1 }, 'xtcProbability must be 0 or more, not -1'],
    [{ xtcProbability: 1.5 }, 'xtcProbability must be 1 or less, not 1.5'],
    [{ xtcThreshold: 2 }, 'xtcThreshold must be 1 or less, not 2'],
    [{ dryBase: 0.5 }, 'dryBase must be 1 or more, not 0.5'],
    [{ dryAllowedLength: 0 }, 'dryAllowedLength must be 1 or more, not 0'],
    [{ dryPenaltyLastN: -1 }, 'dryPenaltyLastN must be 0 or more, not -1'],
    [{ dynatempRange: -1 }, 'dynatempRange must be 0 or more, not -1'],
    [{ dynatempExponent: -1 }, 'dynatempExponent must be 0 or more, not -1'],
    [{ mirostatTau: -1 }, 'mirostatTau must be 0 or more, not -1'],
    [{ mirostatEta: 2 }, 'mirostatEta must be 1 or less, not 2'],
    [{ minTokens: -1 }, 'minTokens must be 0 or more, not -1'],
    [{ minTokens: 1.5 }, 'minTokens must be a whole number, not 1.5'],
    [{ ignoreEos: 1 }, 'ignoreEos must be true or false, not 1'],
    [{ bannedIds: 3 }, 'bannedIds must be an array of token ids, not 3'],
    [{ bannedIds: [-1] }, 'bannedIds names -1, which is not a token id'],
    [{ bannedIds: ['1'] }, 'bannedIds names "1", which is not a token id'],
    [{ forcedIds: null }, 'forcedIds must be an array of token ids, not null'],
    [{ forcedIds: [1.5] }, 'forcedIds names 1.5, which is not a token id'],
    [{ dryBreakers: [Number.NaN] }, 'dryBreakers names NaN, which is not a token id'],
    [{ logitBias: null }, 'logitBias must be an object from token ids to numbers, not null'],
    [{ logitBias: [1] }, 'logitBias must be an object from token ids to numbers, not [1]'],
    [{ logitBias: { the: 1 } }, 'logitBias names "the", which is not a token id'],
    [{ logitBias: { '': 1 } }, 'logitBias names "", which is not a token id'],
    [{ logitBias: { '0x1': 1 } }, 'logitBias names "0x1", which is not a token id'],
    [{ logitBias: { 1.5: 1 } }, 'logitBias names 1.5, which is not a token id'],
    [{ logitBias: { '-1': 1 } }, 'logitBias names -1, which is not a token id'],
    [{ logitBias: { 1: Number.NaN } }, 'logitBias of 1 must be a finite number or -Infinity, not NaN'],
    [{ logitBias: { 1: Number.POSITIVE_INFINITY } }, /^logitBias of 1 must be .*, not Infinity$/],
    [{ logitBias: { 1: '2' } }, 'logitBias of 1 must be a finite number or -Infinity, not "2"'],
    [{ samplers: 'topK' }, 'samplers must be an array, not "topK"'],
    [{ samplers: ['top-k'] }, 'samplers names "top-k"'],
    [{ samplers: [null] }, 'samplers names null'],
    [{ samplers: ['topK', 'topP', 'topK'] }, 'samplers names "topK" twice'],
    [{ ignoreEos: true, minTokens: 1 }, /^ignoreEos and minTokens contradict each other/],
    [{ forcedIds: [] }, 'forcedIds leaves nothing to choose from'],
    [{ forcedIds: [1, 2], bannedIds: [2, 1, 3] }, 'forcedIds leaves nothing to choose from'],
    [{ temperature: 1 }, 'there is no sampling parameter "temperature"'],
    [{ top_k: 1 }, 'there is no sampling parameter "top_k"'],
    [{ toString: 1 }, 'there is no sampling parameter "toString"'],
    [[1], 'there is no sampling parameter "0"'],
    [null, 'sampling parameters must be an object, not null'],
    [7, 'sampling parameters must be an object, not 7'],
    ['greedy', 'sampling parameters must be an object, not "greedy"'],
  ])('%o are rejected', (params, message) => {
    expect(() => resolveSampling(params as SamplingParams)).toThrow(refused(message))
  })

  it('are listed in the error for an unknown one', () => {
    expect(() => resolveSampling({ top_p: 0.9 } as SamplingParams)).toThrow(
      expect.objectContaining({ hint: `there are ${Object.keys(DEFAULT_SAMPLING).join(', ')}` }),
    )
  })

  it('allow a function in the chain more than once', () => {
    const nothing = () => {}
    expect(resolveSampling({ samplers: [nothing, 'topK', nothing] }).samplers).toHaveLength(3)
  })
})
