import { describe, expect, it } from 'vitest'
import { Rng, randomSeed } from '../../src/sampling/rng.js'

const M32 = (1n << 32n) - 1n

/** A reference of xoshiro128** and its seeding, in bigints. */
function naive(seed: number, count: number): number[] {
  const mix = (x: bigint) => {
    x = ((x ^ (x >> 16n)) * 0x85ebca6bn) & M32
    x = ((x ^ (x >> 13n)) * 0xc2b2ae35n) & M32
    return x ^ (x >> 16n)
  }
  const rotate = (x: bigint, bits: bigint) => ((x << bits) | (x >> (32n - bits))) & M32
  const low = BigInt(seed) & M32
  const high = BigInt(seed) >> 32n
  const s = [0n, 1n, 2n, 3n].map((i) => mix(((low + (i + 1n) * 0x9e3779b9n) & M32) ^ mix(high + i)))
  return Array.from({ length: count }, () => {
    const result = (rotate((s[1] * 5n) & M32, 7n) * 9n) & M32
    const t = (s[1] << 9n) & M32
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = rotate(s[3], 11n)
    return Number(result)
  })
}

function first(seed: number, count: number): number[] {
  const rng = new Rng(seed)
  return Array.from({ length: count }, () => rng.nextUint32())
}

describe('the random numbers', () => {
  it.each([0, 1, 7, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1])(
    'of seed %d are the generator’s',
    (seed) => {
      expect(first(seed, 200)).toEqual(naive(seed, 200))
    },
  )

  it('stay the same from version to version', () => {
    expect(first(0, 4)).toEqual([2281363651, 632133304, 1909415775, 2775784041])
    expect(first(42, 4)).toEqual([4149703753, 4275503460, 1337678679, 349339829])
    const rng = new Rng(42)
    expect([rng.nextUniform(), rng.nextUniform()]).toEqual([0.9661782011052088, 0.31145258308453116])
  })

  it('differ for seeds that are near, or equal in their lower half', () => {
    const seeds = [0, 1, 2, 3, 2 ** 32, 2 ** 32 + 1, 2 ** 33, 2 ** 52]
    expect(new Set(seeds.map((seed) => first(seed, 2).join())).size).toBe(seeds.length)
  })

  it('are uniform: 256 bins of 100,000 numbers, and of their lowest bits', () => {
    const rng = new Rng(5)
    const high = new Float64Array(256)
    const low = new Float64Array(256)
    const draws = 100_000
    for (let i = 0; i < draws; i++) {
      const uniform = rng.nextUniform()
      if (!(uniform >= 0 && uniform < 1)) expect.fail(`${uniform} is not in [0, 1)`)
      high[Math.floor(uniform * 256)]++
      low[(uniform * 2 ** 53) % 256]++
    }
    // 255 degrees of freedom: 330.5 is exceeded once in a thousand, 190.9 fallen below as rarely.
    for (const bins of [high, low]) {
      const chiSquare = bins.reduce((sum, count) => sum + (count - draws / 256) ** 2 / (draws / 256), 0)
      expect(chiSquare).toBeLessThan(330.5)
      expect(chiSquare).toBeGreaterThan(190.9)
    }
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '7', 7n, null, undefined, Symbol('7')])(
    'have no seed %s',
    (seed) => {
      expect(() => new Rng(seed as number)).toThrow(
        expect.objectContaining({
          name: 'DasllamaError',
          code: 'INVALID_ARGUMENT',
          message: expect.stringMatching(/^seed must be/),
        }),
      )
    },
  )

  it('get a random seed by default', () => {
    const seeds = Array.from({ length: 20 }, randomSeed)
    for (const seed of seeds) expect(new Rng(seed).seed).toBe(seed)
    expect(new Set(seeds).size).toBeGreaterThan(18)
  })
})
