import { beforeAll, describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import { quantize } from '../../src/gguf/quantize.js'
import type { Attention, Pointer } from '../../src/wasm/kernels.js'
import { createWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

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

/** How the cache holds values: what values become in it, how they get there, and what reads them. */
const CACHES = [
  {
    type: 'f16',
    held: (values: Float32Array) => values.map((value) => f16ToF32(f32ToF16(value))),
    place: (values: Float32Array) => bench.bytes(new Uint8Array(Uint16Array.from(values, f32ToF16).buffer)),
    kernel: (): Attention => bench.kernels.attention_f16,
    headDims: [4, 8, 48, 64, 80, 128],
    /** The f16 kernel takes a NaN for a number; the largest half is as telling. */
    poison: 65504,
  },
  {
    type: 'f32',
    held: (values: Float32Array) => values,
    place: (values: Float32Array): Pointer => bench.floats(values),
    kernel: (): Attention => bench.kernels.attention_f32,
    headDims: [4, 8, 48, 64, 80, 128],
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
    kernel: (): Attention => bench.kernels.attention_q8_0,
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
  const scoreBytes = Math.ceil((firstPosition + tokens) / 4) * 16
  const scores = bench.room(scoreBytes)
  cache.kernel()(
    bench.floats(q),
    cache.place(keys),
    cache.place(values),
    out,
    scores,
    tokens,
    firstPosition,
    heads,
    kvHeads,
    headDim,
    1 / Math.sqrt(headDim),
  )
  bench.expectGuard(scores, scoreBytes)
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
      const weights = scores.map((score) => Math.exp(score - Math.max(...scores)))
      const total = weights.reduce((sum, weight) => sum + weight)
      // A score is rounded headDim/4 + 4 times, an exponential and the sums of n positions as often again.
      const relative = ((headDim / 4 + 4) * largestSum + 2 * n + 16) * ROUNDING
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
  { heads: 6, kvHeads: 2 },
  { heads: 8, kvHeads: 1 },
]

describe.each(CACHES)('attention over an $type cache', (cache) => {
  const [smallest, , middle] = cache.headDims

  for (const { heads, kvHeads } of GROUPS) {
    it.each(cache.headDims)(`${heads} heads on ${kvHeads} of %i, at the start and later`, (headDim) => {
      for (const [firstPosition, tokens] of [
        [0, 1],
        [0, 5],
        [1, 1],
        [7, 4],
        [62, 3],
      ]) {
        const input = inputOf({ tokens, firstPosition, heads, kvHeads, headDim }, cache)
        const { expected, tolerance } = twin(cache, input)
        expectWithin(run(cache, input), expected, (i) => tolerance[i])
      }
    })
  }

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

  it('gives a token the same bits alone as among others', () => {
    const shape = { firstPosition: 6, heads: 3, kvHeads: 1, headDim: middle }
    const together = inputOf({ ...shape, tokens: 5 }, cache)
    const all = run(cache, together)
    const length = shape.heads * shape.headDim
    for (let token = 0; token < 5; token++) {
      const q = together.q.slice(token * length, (token + 1) * length)
      const alone = run(cache, { ...together, q, tokens: 1, firstPosition: 6 + token })
      expect(alone).toEqual(all.slice(token * length, (token + 1) * length))
    }
  })

  it('of one position is that position’s value', () => {
    const input = inputOf({ tokens: 1, firstPosition: 0, heads: 1, kvHeads: 1, headDim: middle }, cache)
    expect(run(cache, input)).toEqual(cache.held(input.values.slice(0, middle)))
  })

  it('survives scores that are far apart', () => {
    const input = inputOf({ tokens: 1, firstPosition: 5, heads: 1, kvHeads: 1, headDim: smallest }, cache)
    const third = [2 * smallest, 3 * smallest] as const
    input.q.fill(200)
    input.keys.fill(-200)
    input.keys.fill(200, ...third)
    expect(run(cache, input)).toEqual(cache.held(input.values.slice(...third)))
  })
})
