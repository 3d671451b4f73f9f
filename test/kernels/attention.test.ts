import { beforeAll, describe, expect, it } from 'vitest'
import { attend, CACHES, inputOf, reference, type Shape } from './attention-input.js'
import { BUILDS, createWorkbench, expectWithin, type Workbench } from './workbench.js'

let bench: Workbench

const GROUPS = [
  { heads: 2, kvHeads: 2 },
  { heads: 2, kvHeads: 1 },
  { heads: 6, kvHeads: 2 },
  { heads: 4, kvHeads: 1 },
  { heads: 10, kvHeads: 2 },
  { heads: 6, kvHeads: 1 },
  { heads: 14, kvHeads: 2 },
  { heads: 8, kvHeads: 1 },
]

describe.each(BUILDS)('%s kernels:', (build) => {
  beforeAll(async () => {
    bench = await createWorkbench(build)
  })

  describe.each(CACHES)('attention over an $type cache', (cache) => {
    const [smallest, , middle] = cache.headDims

    const expectTwin = (shape: Shape) => {
      const input = inputOf(shape, cache)
      const { expected, tolerance } = reference(cache, input)
      expectWithin(attend(bench, cache, input), expected, (i) => tolerance[i])
    }

    it.each(GROUPS)('$heads heads on $kvHeads kv heads, at the start and later', ({ heads, kvHeads }) => {
      for (const headDim of cache.headDims) {
        for (const [firstPosition, tokens] of [
          [0, 1],
          [0, 5],
          [1, 1],
          [7, 4],
          [62, 3],
        ]) {
          expectTwin({ tokens, firstPosition, heads, kvHeads, headDim })
        }
      }
    })

    it.each([
      ['where a block ends', 31, 1],
      ['where a block begins', 32, 1],
      ['across blocks', 30, 5],
      ['where a chunk ends', 127, 1],
      ['where a chunk begins', 128, 1],
      ['across chunks', 126, 5],
      ['in several chunks', 400, 1],
      ['of a whole batch', 100, 64],
    ])('%s', (_, firstPosition, tokens) => {
      expectTwin({ tokens, firstPosition, heads: 3, kvHeads: 1, headDim: smallest })
      expectTwin({ tokens, firstPosition, heads: 2, kvHeads: 2, headDim: smallest })
    })

    it('at depths of more chunks than there are slots', () => {
      const shape = { heads: 3, kvHeads: 1, headDim: smallest }
      for (const firstPosition of [64 * 128 - 1, 64 * 128, 2 * 64 * 128 + 3]) {
        expectTwin({ ...shape, tokens: 1, firstPosition })
      }
    })

    it('sees no position after its own', () => {
      const input = inputOf({ tokens: 4, firstPosition: 3, heads: 4, kvHeads: 2, headDim: smallest }, cache)
      const before = attend(bench, cache, input)
      const row = input.kvHeads * input.headDim
      for (const part of ['keys', 'values'] as const) {
        const changed = { ...input, [part]: input[part].slice() }
        // Position 5 is the third token's: the first two must not change, it and the fourth must.
        changed[part].fill(3, 5 * row, 6 * row)
        const after = attend(bench, cache, changed)
        const tokenLength = input.heads * input.headDim
        for (let token = 0; token < 4; token++) {
          const of = (out: Float32Array) => out.slice(token * tokenLength, (token + 1) * tokenLength)
          if (token < 2) expect(of(after)).toEqual(of(before))
          else expect(of(after)).not.toEqual(of(before))
        }
      }
    })

    it.each([
      { firstPosition: 6, tokens: 5, heads: 3, kvHeads: 1 },
      { firstPosition: 120, tokens: 20, heads: 3, kvHeads: 1 },
      { firstPosition: 240, tokens: 50, heads: 2, kvHeads: 2 },
      { firstPosition: 1020, tokens: 6, heads: 5, kvHeads: 1 },
    ])('gives a token the same bits in any batch: %o', (shape) => {
      const together = inputOf({ ...shape, headDim: middle }, cache)
      const all = attend(bench, cache, together)
      const length = shape.heads * middle
      const isEdge = (token: number) =>
        token < 3 || token > shape.tokens - 4 || Math.abs(((shape.firstPosition + token + 64) % 128) - 64) < 3
      for (let token = 0; token < shape.tokens; token++) {
        if (!isEdge(token)) continue
        for (const tokens of [1, 2]) {
          if (token + tokens > shape.tokens) continue
          const q = together.q.slice(token * length, (token + tokens) * length)
          const few = attend(bench, cache, {
            ...together,
            q,
            tokens,
            firstPosition: shape.firstPosition + token,
          })
          expect(few).toEqual(all.slice(token * length, (token + tokens) * length))
        }
      }
    })

    it('of one position is that position’s value', () => {
      const input = inputOf({ tokens: 1, firstPosition: 0, heads: 1, kvHeads: 1, headDim: middle }, cache)
      expect(attend(bench, cache, input)).toEqual(cache.held(input.values.slice(0, middle)))
    })

    it.each([
      ['far apart', 200, 200],
      ['as far apart as possible', 3e38, 60000],
    ])('handles scores that are %s', (_, query, key) => {
      for (const tokens of [1, 2]) {
        const firstPosition = 200
        const shape = { tokens, firstPosition, heads: 1, kvHeads: 1, headDim: smallest }
        const input = inputOf(shape, cache)
        const seen = (firstPosition + tokens) * smallest
        const third = [2 * smallest, 3 * smallest] as const
        // For f16, queries are clamped by its factor; elsewhere the scores must stay below the largest f32.
        input.q.fill(cache.type === 'f16' ? query : Math.min(query, 1e30))
        input.keys.fill(-key, 0, seen)
        input.keys.fill(key, ...third)
        const value = cache.held(input.values.slice(...third))
        expect(attend(bench, cache, input)).toEqual(
          Float32Array.from({ length: tokens * smallest }, (_, i) => value[i % smallest]),
        )
      }
    })
  })
})
