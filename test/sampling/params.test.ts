import { describe, expect, it } from 'vitest'
import { DEFAULT_SAMPLING, resolveSampling, type SamplingParams } from '../../src/sampling/params.js'

describe('sampling parameters', () => {
  it('are greedy by default', () => {
    expect(resolveSampling()).toEqual({ temp: 0, topK: 0, penalty: 1, penaltyLastN: 64 })
    expect(resolveSampling({})).toEqual(DEFAULT_SAMPLING)
    expect(resolveSampling({ temp: undefined, topK: undefined })).toEqual(DEFAULT_SAMPLING)
  })

  it('are taken as given within their ranges, off values included', () => {
    const given = { temp: -1, topK: -5, penalty: 0, penaltyLastN: 0 }
    expect(resolveSampling(given)).toEqual(given)
    expect(resolveSampling({ temp: 1e300, topK: 10 })).toEqual({ ...DEFAULT_SAMPLING, temp: 1e300, topK: 10 })
  })

  it('do not change the defaults', () => {
    resolveSampling({ temp: 3 }).topK = 9
    expect(DEFAULT_SAMPLING).toEqual({ temp: 0, topK: 0, penalty: 1, penaltyLastN: 64 })
  })

  it.each([
    [{ temp: Number.NaN }, 'temp must be a finite number, not NaN'],
    [{ temp: Number.POSITIVE_INFINITY }, 'temp must be a finite number, not Infinity'],
    [{ temp: '1' }, 'temp must be a finite number, not 1'],
    [{ temp: null }, 'temp must be a finite number, not null'],
    [{ temp: [1] }, 'temp must be a finite number, not 1'],
    [{ temp: 1n }, 'temp must be a finite number, not 1'],
    [{ topK: 1.5 }, 'topK must be a whole number, not 1.5'],
    [{ topK: Number.NaN }, 'topK must be a finite number, not NaN'],
    [{ topK: true }, 'topK must be a finite number, not true'],
    [{ penalty: Number.NaN }, 'penalty must be a finite number, not NaN'],
    [{ penalty: Number.NEGATIVE_INFINITY }, 'penalty must be a finite number, not -Infinity'],
    [{ penaltyLastN: -1 }, 'penaltyLastN must be 0 or more, not -1'],
    [{ penaltyLastN: 0.5 }, 'penaltyLastN must be a whole number, not 0.5'],
    [{ temperature: 1 }, 'there is no sampling parameter "temperature"'],
    [{ top_k: 1 }, 'there is no sampling parameter "top_k"'],
    [{ toString: 1 }, 'there is no sampling parameter "toString"'],
    [null, 'sampling parameters must be an object, not null'],
    [7, 'sampling parameters must be an object, not 7'],
    ['greedy', 'sampling parameters must be an object, not greedy'],
  ])('%o are refused', (params, message) => {
    expect(() => resolveSampling(params as SamplingParams)).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code: 'INVALID_ARGUMENT', message }),
    )
  })

  it('name those that there are, when one is unknown', () => {
    expect(() => resolveSampling({ top_p: 0.9 } as SamplingParams)).toThrow(
      expect.objectContaining({ hint: 'there are temp, topK, penalty, penaltyLastN' }),
    )
  })
})
