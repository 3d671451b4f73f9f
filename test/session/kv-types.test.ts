import { beforeAll, describe, expect, it } from 'vitest'
import type { KvType, Model } from '../../src/index.js'
import { SMALL } from '../model/small.js'
import { idsOf, loadSmall } from './collect.js'

const SHAPE = { ...SMALL.shape, headDim: 64 }

let model: Model
beforeAll(async () => {
  model = await loadSmall({ shape: SHAPE })
})

const IDS = Array.from({ length: 90 }, (_, i) => 3 + ((i * 61) % 390))

async function logitsOf(kvType: KvType): Promise<Float32Array> {
  using session = model.createSession({ kvType })
  await session.eval(IDS)
  return session.logits()
}

/** The root of the mean square of what differs, as a part of that of the logits. */
function distance(a: Float32Array, b: Float32Array): number {
  const square = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value * value, 0)
  return Math.sqrt(square(a.map((value, i) => value - b[i])) / square(b))
}

describe('a cache of', () => {
  it.each([
    ['f32', 4],
    ['f16', 2],
    ['q8_0', 34 / 32],
  ] as const)('%s takes %f bytes per value', async (kvType, bytesPerValue) => {
    const bytes = async (tokens: number) => {
      const before = model.memoryBytes
      using session = model.createSession({ kvType, contextLength: 2048 })
      await session.eval(new Array(tokens).fill(9))
      return model.memoryBytes - before
    }
    const values = 2 * SHAPE.layers * SHAPE.kvHeads! * SHAPE.headDim
    // What the model takes once and for all is there after the first.
    await bytes(1)
    // By pages of 128 tokens.
    expect(((await bytes(1152)) - (await bytes(128))) / 1024).toBeCloseTo(values * bytesPerValue, 0)
    expect(await bytes(1)).toBe(await bytes(128))
  })

  it('q8_0 says nearly what f32 says, and f16 nearly exactly', async () => {
    const exact = await logitsOf('f32')
    const [half, eight] = [await logitsOf('f16'), await logitsOf('q8_0')]
    expect(distance(half, exact)).toBeLessThan(1e-3)
    expect(distance(eight, exact)).toBeLessThan(1e-2)
    expect(distance(eight, exact)).toBeGreaterThan(distance(half, exact))
  })

  it.each(['f32', 'f16', 'q8_0'] as const)('%s serves every way of going on alike', async (kvType) => {
    const options = { temp: 1, topK: 50, maxTokens: 20 }
    using session = model.createSession({ kvType, seed: 1, contextLength: 120, contextShift: true })
    const first = await idsOf(session.generate(IDS, options))
    session.setSeed(1)
    using fork = await session.fork()
    expect(await idsOf(fork.generate(IDS, options))).toEqual(first)
    expect(fork.stats().nCached).toBe(89)
    expect(await idsOf(fork.generate(undefined, options))).toHaveLength(20)
    expect(fork.stats().nShifts).toBe(1)
  })

  it('q8_0 is rejected if the head size is not a multiple of its blocks', async () => {
    const other = await loadSmall({ shape: { ...SHAPE, headDim: 48 } })
    const before = other.memoryBytes
    expect(() => other.createSession({ kvType: 'q8_0' })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: 'a cache of q8_0 holds blocks of 32 values, and this model has heads of 48',
        hint: 'use kvType "f16"',
      }),
    )
    expect(other.memoryBytes).toBe(before)
  })
})
