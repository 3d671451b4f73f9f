import { beforeAll, describe, expect, it } from 'vitest'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import { quantize } from '../../src/gguf/quantize.js'
import { BUILDS, createWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench

interface Shape {
  readonly tokens: number
  readonly firstPosition: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
}

interface Input extends Shape {
  readonly q: Float32Array
  /** [positions][kvHeads][headDim], as is `values`. */
  readonly keys: Float32Array
  readonly values: Float32Array
}

/** Values in blocks of 32: a scale in f16, then bytes. */
function blocksOf(values: Float32Array): Uint8Array {
  return quantize(blockFormat('Q8_0'), values)
}

/** How the cache holds values: what values become in it, and how they get there. */
const CACHES = [
  {
    type: 'f16',
    held: (values: Float32Array) => values.map((value) => f16ToF32(f32ToF16(value))),
    place: (values: Float32Array) => bench.bytes(new Uint8Array(Uint16Array.from(values, f32ToF16).buffer)),
    headDims: [4, 8, 12, 32, 48, 64, 80, 128],
    /** The f16 kernel takes a NaN for a number; the largest half is as telling. */
    poison: 65504,
  },
  {
    type: 'f32',
    held: (values: Float32Array) => values,
    place: (values: Float32Array): Pointer => bench.floats(values),
    headDims: [4, 8, 12, 32, 48, 64, 80, 128],
    poison: Number.NaN,
  },
  {
    type: 'q8_0',
    held: (values: Float32Array) => {
      const bytes = blocksOf(values)
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      return values.map((_, i) => {
        const block = Math.floor(i / 32) * 34
        return f16ToF32(view.getUint16(block, true)) * view.getInt8(block + 2 + (i % 32))
      })
    },
    place: (values: Float32Array): Pointer => bench.bytes(blocksOf(values)),
    headDims: [32, 64, 96, 128, 256],
    poison: 65504,
  },
] as const
type Cache = (typeof CACHES)[number]

/** Positions that the tokens may see, and five more that nobody may. */
const UNSEEN = 5

function inputOf(shape: Shape, cache: Cache): Input {
  const { tokens, firstPosition, heads, kvHeads, headDim } = shape
  const label = JSON.stringify(shape)
  const seen = (firstPosition + tokens) * kvHeads * headDim
  const cached = (name: string) => {
    const values = new Float32Array(seen + UNSEEN * kvHeads * headDim).fill(cache.poison)
    values.set(randomFloats(seen, name + label))
    return values
  }
  const q = randomFloats(tokens * heads * headDim, `q${label}`)
  return { ...shape, q, keys: cached('keys'), values: cached('values') }
}

function run(cache: Cache, input: Input): Float32Array {
  const { tokens, firstPosition, heads, kvHeads, headDim, q, keys, values } = input
  const out = bench.room(q.byteLength)
  const scratchBytes = bench.kernels.attention_scratch(1, heads, kvHeads, headDim)
  const scratch = bench.room(scratchBytes)
  bench.kernels.attention(
    blockFormat(cache.type.toUpperCase()).id,
    bench.floats(q),
    cache.place(keys),
    cache.place(values),
    out,
    tokens,
    firstPosition,
    heads,
    kvHeads,
    headDim,
    1 / Math.sqrt(headDim),
    scratch,
  )
  bench.expectGuard(scratch, scratchBytes)
  return bench.result(out, q.length)
}

/** Softmax(q·k / √headDim)·v in f64, and for each output what an error of the scores can do to it. */
function twin(cache: Cache, input: Input) {
  const { tokens, firstPosition, heads, kvHeads, headDim } = input
  const keys = cache.held(input.keys)
  const values = cache.held(input.values)
  const expected = new Float64Array(input.q.length)
  const tolerance = new Float64Array(input.q.length)
  for (let token = 0; token < tokens; token++) {
    const n = firstPosition + token + 1
    for (let head = 0; head < heads; head++) {
      const at = (token * heads + head) * headDim
      const cachedAt = (p: number) => (p * kvHeads + Math.floor((head * kvHeads) / heads)) * headDim
      const scores = new Float64Array(n)
      let largestSum = 0
      for (let p = 0; p < n; p++) {
        let sum = 0
        for (let i = 0; i < headDim; i++) {
          const product = (input.q[at + i] * keys[cachedAt(p) + i]) / Math.sqrt(headDim)
          scores[p] += product
          sum += Math.abs(product)
        }
        largestSum = Math.max(largestSum, sum)
      }
      const peak = scores.reduce((a, b) => Math.max(a, b))
      const weights = scores.map((score) => Math.exp(score - peak))
      const total = weights.reduce((sum, weight) => sum + weight)
      // A score is rounded headDim/4 + 5 times; an exponential and the sums of n positions, with a factor for each block
      // of them, as often again.
      const relative = ((headDim / 4 + 5) * largestSum + 2 * n + 24) * ROUNDING
      for (let i = 0; i < headDim; i++) {
        for (let p = 0; p < n; p++) {
          const part = (weights[p] / total) * values[cachedAt(p) + i]
          expected[at + i] += part
          tolerance[at + i] += Math.abs(part) * 2 * relative
        }
      }
    }
  }
  return { expected, tolerance }
}

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
      const { expected, tolerance } = twin(cache, input)
      expectWithin(run(cache, input), expected, (i) => tolerance[i])
    }

    it.each(GROUPS)('$heads heads on $kvHeads, at the start and later', ({ heads, kvHeads }) => {
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

    it('at depths that take more chunks than there is room for at a time', () => {
      const shape = { heads: 3, kvHeads: 1, headDim: smallest }
      for (const firstPosition of [64 * 128 - 1, 64 * 128, 2 * 64 * 128 + 3]) {
        expectTwin({ ...shape, tokens: 1, firstPosition })
      }
    })

    it('sees no position after its own', () => {
      const input = inputOf({ tokens: 4, firstPosition: 3, heads: 4, kvHeads: 2, headDim: smallest }, cache)
      const before = run(cache, input)
      const row = input.kvHeads * input.headDim
      for (const part of ['keys', 'values'] as const) {
        const changed = { ...input, [part]: input[part].slice() }
        // Position 5 is the third token's: the first two must not notice, it and the fourth must.
        changed[part].fill(3, 5 * row, 6 * row)
        const after = run(cache, changed)
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
    ])('gives a token the same bits alone as among others: %o', (shape) => {
      const together = inputOf({ ...shape, headDim: middle }, cache)
      const all = run(cache, together)
      const length = shape.heads * middle
      for (let token = 0; token < shape.tokens; token++) {
        for (const tokens of [1, 2]) {
          if (token + tokens > shape.tokens) continue
          const q = together.q.slice(token * length, (token + tokens) * length)
          const few = run(cache, { ...together, q, tokens, firstPosition: shape.firstPosition + token })
          expect(few).toEqual(all.slice(token * length, (token + tokens) * length))
        }
      }
    })

    it('of one position is that position’s value', () => {
      const input = inputOf({ tokens: 1, firstPosition: 0, heads: 1, kvHeads: 1, headDim: middle }, cache)
      expect(run(cache, input)).toEqual(cache.held(input.values.slice(0, middle)))
    })

    it.each([
      ['far apart', 200, 200],
      ['as far apart as can be', 3e38, 60000],
    ])('survives scores that are %s', (_, query, key) => {
      for (const tokens of [1, 2]) {
        const firstPosition = 200
        const shape = { tokens, firstPosition, heads: 1, kvHeads: 1, headDim: smallest }
        const input = inputOf(shape, cache)
        const seen = (firstPosition + tokens) * smallest
        const third = [2 * smallest, 3 * smallest] as const
        // Half precision is what a query is divided by; elsewhere the scores must stay below the largest f32.
        input.q.fill(cache.type === 'f16' ? query : Math.min(query, 1e30))
        input.keys.fill(-key, 0, seen)
        input.keys.fill(key, ...third)
        const value = cache.held(input.values.slice(...third))
        expect(run(cache, input)).toEqual(
          Float32Array.from({ length: tokens * smallest }, (_, i) => value[i % smallest]),
        )
      }
    })
  })
})
