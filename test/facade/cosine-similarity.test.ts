import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cosineSimilarity } from '../../src/index.js'

const vectors = fc.integer({ min: 1, max: 20 }).chain((length) => {
  const vector = fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), {
    minLength: length,
    maxLength: length,
  })
  return fc.tuple(vector, vector)
})

describe('cosineSimilarity', () => {
  it.each([
    [[1, 0], [1, 0], 1],
    [[1, 0], [0, 5], 0],
    [[1, 2], [-2, -4], -1],
    [[1, 1], [1, 0], Math.SQRT1_2],
    [[0, 0], [1, 0], 0],
    [[0], [0], 0],
  ])('of %j and %j is %d', (a, b, expected) => {
    expect(cosineSimilarity(a, b)).toBeCloseTo(expected, 15)
    expect(cosineSimilarity(Float32Array.from(a), b)).toBeCloseTo(expected, 15)
  })

  it('lies between −1 and 1, is the same both ways and of itself 1', () => {
    fc.assert(
      fc.property(vectors, ([a, b]) => {
        const cosine = cosineSimilarity(a, b)
        expect(Math.abs(cosine)).toBeLessThanOrEqual(1)
        expect(cosineSimilarity(b, a)).toBe(cosine)
        // Squares of the smallest numbers underflow to 0.
        if (a.some((value) => Math.abs(value) > 1e-30)) expect(cosineSimilarity(a, a)).toBeCloseTo(1, 12)
      }),
    )
  })

  it.each<[unknown, unknown, string]>([
    [[1, 2], [1], 'vectors of different lengths (2 and 1)'],
    [[], [], 'two non-empty arrays of numbers'],
    ['ab', 'cd', 'the first vector must be an array, not "ab"'],
    [undefined, [1], 'the first vector must be an array, not undefined'],
    [[1], null, 'the second vector must be an array, not null'],
    [{}, [1], 'the first vector must be an array, not {}'],
    [[1], ['1'], 'the second vector has "1" at index 0'],
    [{ length: 1e12 }, { length: 1e12 }, 'has 1000000000000 entries'],
    [[Number.NaN], [1], 'NaN, infinite or too large'],
    [Float32Array.of(Number.NaN), Float32Array.of(1), 'NaN, infinite or too large'],
    [[1e200], [1e200], 'NaN, infinite or too large'],
  ])('of %j and %j is refused', (a, b, message) => {
    expect(() => cosineSimilarity(a as number[], b as number[])).toThrow(
      expect.objectContaining({
        name: 'DasllamaError',
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(message),
      }),
    )
  })
})
