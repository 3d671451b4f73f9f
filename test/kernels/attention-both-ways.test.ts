import { beforeAll, describe, expect, it } from 'vitest'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { CACHES, inputOf, prepareCall, type Shape } from './attention-input.js'
import { BUILDS, createWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

const F32 = CACHES[1]

let bench: Workbench

/** A text: its positions are the tokens. */
interface Text extends Omit<Shape, 'tokens' | 'firstPosition' | 'window'> {
  readonly positions: number
  /** The largest distance that a token sees. Default: all. */
  readonly reach?: number
  /** Whether scores have biases by head and distance. */
  readonly biased?: boolean
}

/** f32[heads][2 · positions - 1], in exponents of two. */
function biasesOf({ heads, positions }: Text): Float32Array {
  return randomFloats(heads * (2 * positions - 1), 'biases')
}

function inputOfText({ positions, reach, ...shape }: Text) {
  const window = reach === undefined ? undefined : reach + 1
  return inputOf({ ...shape, tokens: positions, firstPosition: 0, window }, F32)
}

/** The kernel's results of tokens `first` to `end`. */
function attend(text: Text, first = 0, end = text.positions): Float32Array {
  const input = inputOfText(text)
  const { call, scratch, scratchBytes, out } = prepareCall(bench, F32, input)
  const [shape, type, q, pages, keys, values] = call
  const rowBytes = 4 * text.heads * text.headDim
  const bias = text.biased ? bench.floats(biasesOf(text)) : 0
  bench.kernels.attention_both_ways(
    ...([shape, type, (q + first * rowBytes) as Pointer, pages, keys, values, out] as const),
    end - first,
    first,
    text.positions,
    bias,
  )
  bench.expectGuard(scratch, scratchBytes)
  return bench.result(out, ((end - first) * rowBytes) / 4)
}

/** softmax(q · k / √headDim + bias) · v in f64. */
function reference(text: Text) {
  const { positions, heads, kvHeads, headDim, reach = positions } = text
  const { q, keys, values } = inputOfText(text)
  const biases = text.biased ? biasesOf(text) : undefined
  const expected = new Float64Array(q.length)
  for (let token = 0; token < positions; token++) {
    for (let head = 0; head < heads; head++) {
      const shared = Math.floor((head * kvHeads) / heads)
      const at = (token * heads + head) * headDim
      const scores: [position: number, weight: number][] = []
      for (let p = Math.max(0, token - reach); p <= Math.min(positions - 1, token + reach); p++) {
        let sum = 0
        for (let i = 0; i < headDim; i++) sum += q[at + i] * keys[(p * kvHeads + shared) * headDim + i]
        const bias = biases?.[head * (2 * positions - 1) + p - token + positions - 1] ?? 0
        scores.push([p, Math.exp(sum / Math.sqrt(headDim) + bias * Math.LN2)])
      }
      const total = scores.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [p, weight] of scores) {
        for (let i = 0; i < headDim; i++) {
          expected[at + i] += (weight / total) * values[(p * kvHeads + shared) * headDim + i]
        }
      }
    }
  }
  return expected
}

const HEADS = [
  { heads: 3, kvHeads: 1, headDim: 12 },
  { heads: 4, kvHeads: 4, headDim: 32 },
]
const LENGTHS = [1, 2, 5, 31, 33, 128, 129, 300]

describe.each(BUILDS)('%s kernels: attention in both directions', (build) => {
  beforeAll(async () => {
    bench = await createWorkbench(build)
  })

  it.each(LENGTHS)('over %i positions', (positions) => {
    for (const shape of HEADS) {
      for (const reach of [undefined, 0, 1, 16, 64, 400]) {
        for (const biased of [false, true]) {
          const text = { ...shape, positions, reach, biased }
          expectWithin(attend(text), reference(text), () => 2 ** 9 * ROUNDING)
        }
      }
    }
  })

  it('has the same bits however the tokens are cut', () => {
    for (const reach of [undefined, 20]) {
      const text = { ...HEADS[0], positions: 290, reach, biased: true }
      const whole = attend(text)
      const row = text.heads * text.headDim
      for (const [first, end] of [
        [0, 4],
        [3, 150],
        [127, 290],
        [288, 290],
      ]) {
        expect(attend(text, first, end)).toEqual(whole.slice(first * row, end * row))
      }
    }
  })
})
