import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import { quantize } from '../../src/gguf/quantize.js'
import { type Paging, pagedCache, shapeRecord } from './pages.js'
import { ROUNDING, randomFloats, type Workbench } from './workbench.js'

/** Inputs of attention, calls of the kernel, and a reference in f64. */

export interface Shape {
  readonly tokens: number
  readonly firstPosition: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  /** Default: `headDim`. */
  readonly valueDim?: number
  /** Default: none. */
  readonly window?: number
  readonly softcap?: number
  /** Per head. */
  readonly sinks?: readonly number[]
  readonly slopes?: readonly number[]
}

export interface Input extends Shape {
  readonly q: Float32Array
  /** [positions][kvHeads][headDim], and values likewise. */
  readonly keys: Float32Array
  readonly values: Float32Array
}

/** Values in blocks of 32: a scale in f16, then bytes. */
function blocksOf(values: Float32Array): Uint8Array {
  return quantize(blockFormat('Q8_0'), values)
}

/** The cache types: how they round values, and their bytes. */
export const CACHES = [
  {
    type: 'f16',
    held: (values: Float32Array) => values.map((value) => f16ToF32(f32ToF16(value))),
    bytes: (values: Float32Array) => new Uint8Array(Uint16Array.from(values, f32ToF16).buffer),
    headDims: [4, 8, 12, 32, 48, 64, 80, 128],
    /** The f16 kernel reads a NaN as a number; the largest half shows up just as well. */
    poison: 65504,
  },
  {
    type: 'f32',
    held: (values: Float32Array) => values,
    bytes: (values: Float32Array) => new Uint8Array(values.slice().buffer),
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
    bytes: blocksOf,
    headDims: [32, 64, 96, 128, 256],
    poison: 65504,
  },
] as const
export type Cache = (typeof CACHES)[number]

/** Poisoned positions after those that the tokens see. */
const UNSEEN = 5

export function inputOf(shape: Shape, cache: Cache): Input {
  const { tokens, firstPosition, heads, kvHeads, headDim, valueDim = headDim } = shape
  const label = JSON.stringify({ tokens, firstPosition, heads, kvHeads, headDim })
  const cached = (name: string, dim: number) => {
    const seen = (firstPosition + tokens) * kvHeads * dim
    const values = new Float32Array(seen + UNSEEN * kvHeads * dim).fill(cache.poison)
    values.set(randomFloats(seen, name + label))
    return values
  }
  const q = randomFloats(tokens * heads * headDim, `q${label}`)
  return { ...shape, q, keys: cached('keys', headDim), values: cached('values', valueDim) }
}

/** The input of `tokens` tokens from token `first` on; the cache still holds later positions. */
export function tokensOf(input: Input, first: number, tokens: number): Input {
  const length = input.heads * input.headDim
  const q = input.q.slice(first * length, (first + tokens) * length)
  return { ...input, q, tokens, firstPosition: input.firstPosition + first }
}

/** An input in memory, with the arguments of the call and the address of its result. */
export interface PreparedCall {
  readonly call: readonly [Pointer, number, Pointer, Pointer, number, number, Pointer, number, number]
  readonly scratch: Pointer
  readonly scratchBytes: number
  readonly out: Pointer
}

type Memory = Pick<Workbench, 'bytes' | 'floats' | 'allocate' | 'kernels'>

export function prepareCall(
  memory: Memory,
  cache: Cache,
  input: Input,
  paging?: Paging,
  threads = 1,
): PreparedCall {
  const { tokens, firstPosition, heads, kvHeads, headDim, valueDim = headDim, window, softcap } = input
  const { q, keys, values, sinks, slopes } = input
  const format = blockFormat(cache.type.toUpperCase())
  const rowBytes = bytesFor(format, kvHeads * headDim)
  const out = memory.allocate(4 * tokens * heads * valueDim)
  const scratchBytes = memory.kernels.attention_scratch(threads, heads, kvHeads, headDim, valueDim)
  const scratch = memory.allocate(scratchBytes)
  const shape = {
    ...{ heads, kvHeads, headDim, valueDim, scale: 1 / Math.sqrt(headDim), window, scratch, softcap },
    sinks: sinks && memory.floats(sinks),
    slopes: slopes && memory.floats(slopes),
  }
  const valueBytes = bytesFor(format, kvHeads * valueDim)
  const paged = pagedCache(memory, cache.bytes(keys), cache.bytes(values), rowBytes, paging, valueBytes)
  const { pages, keysOffset, valuesOffset } = paged
  return {
    call: [
      memory.bytes(shapeRecord(shape)),
      format.id,
      memory.floats(q),
      pages,
      keysOffset,
      valuesOffset,
      out,
      tokens,
      firstPosition,
    ],
    scratch,
    scratchBytes,
    out,
  }
}

export function attend(bench: Workbench, cache: Cache, input: Input, paging?: Paging): Float32Array {
  const { call, scratch, scratchBytes, out } = prepareCall(bench, cache, input, paging)
  bench.kernels.attention(...call)
  bench.expectGuard(scratch, scratchBytes)
  return bench.result(out, input.tokens * input.heads * (input.valueDim ?? input.headDim))
}

/**
 * Softmax(q·k / √headDim)·v in f64, with what the input does to scores, and for each output the tolerance for errors of the
 * scores.
 */
export function reference(cache: Cache, input: Input) {
  const { tokens, firstPosition, heads, kvHeads, headDim, window = Number.POSITIVE_INFINITY } = input
  const { valueDim = headDim, softcap: cap, sinks, slopes } = input
  const keys = cache.held(input.keys)
  const values = cache.held(input.values)
  const expected = new Float64Array(tokens * heads * valueDim)
  const tolerance = new Float64Array(expected.length)
  for (let token = 0; token < tokens; token++) {
    const position = firstPosition + token
    const first = Math.max(0, position - window + 1)
    const n = position + 1 - first
    for (let head = 0; head < heads; head++) {
      const at = (token * heads + head) * headDim
      const out = (token * heads + head) * valueDim
      const cachedAt = (p: number) => (first + p) * kvHeads + Math.floor((head * kvHeads) / heads)
      const scores = new Float64Array(n)
      let largestSum = 0
      for (let p = 0; p < n; p++) {
        let sum = 0
        for (let i = 0; i < headDim; i++) {
          const product = (input.q[at + i] * keys[cachedAt(p) * headDim + i]) / Math.sqrt(headDim)
          scores[p] += product
          sum += Math.abs(product)
        }
        largestSum = Math.max(largestSum, sum)
        if (cap) scores[p] = cap * Math.tanh(scores[p] / cap)
        if (slopes) scores[p] -= Math.fround(slopes[head]) * (n - 1 - p)
      }
      const sink = sinks ? Math.fround(sinks[head]) : Number.NEGATIVE_INFINITY
      const peak = scores.reduce((a, b) => Math.max(a, b), sink)
      const weights = scores.map((score) => Math.exp(score - peak))
      const total = weights.reduce((sum, weight) => sum + weight) + Math.exp(sink - peak)
      // A score is rounded headDim/4 + 5 times; an exponential and the sums over n positions, with a factor per block,
      // about as often again.
      const biases = 8 * ((cap ?? 0) + (slopes ? slopes[head] * n : 0) + Math.abs(sinks?.[head] ?? 0))
      const relative = ((headDim / 4 + 5) * largestSum + 2 * n + 24 + biases) * ROUNDING
      for (let i = 0; i < valueDim; i++) {
        for (let p = 0; p < n; p++) {
          const part = (weights[p] / total) * values[cachedAt(p) * valueDim + i]
          expected[out + i] += part
          tolerance[out + i] += Math.abs(part) * 2 * relative
        }
      }
    }
  }
  return { expected, tolerance }
}
