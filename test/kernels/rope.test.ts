import { beforeAll, describe, it } from 'vitest'
import type { Rope } from '../../src/backend/wasm/kernels.js'
import { createWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

interface Shape {
  readonly tokens: number
  readonly heads: number
  readonly headDim: number
  readonly pairs: number
}

/** Indices of a pair's two values in a head. */
type PairIndices = (pair: number, pairs: number) => readonly [first: number, second: number]

const VARIANTS: readonly [name: string, kernel: () => Rope, indices: PairIndices][] = [
  ['norm', () => bench.kernels.rope_norm, (pair) => [2 * pair, 2 * pair + 1]],
  ['neox', () => bench.kernels.rope_neox, (pair, pairs) => [pair, pair + pairs]],
]

const SHAPES: readonly Shape[] = [
  { tokens: 1, heads: 1, headDim: 4, pairs: 2 },
  { tokens: 1, heads: 1, headDim: 4, pairs: 1 },
  { tokens: 3, heads: 2, headDim: 8, pairs: 3 },
  { tokens: 2, heads: 3, headDim: 48, pairs: 24 },
  { tokens: 5, heads: 2, headDim: 64, pairs: 32 },
  { tokens: 2, heads: 4, headDim: 80, pairs: 13 },
  { tokens: 2, heads: 2, headDim: 80, pairs: 40 },
  { tokens: 4, heads: 1, headDim: 128, pairs: 17 },
]

/** The angles of token t and pair p are 0.37·t + 0.11·p, up to several full rotations. */
function tableOf({ tokens, pairs }: Shape): Float32Array {
  const table = new Float32Array(tokens * 2 * pairs)
  for (let token = 0; token < tokens; token++) {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = 0.37 * token + 0.11 * pair * (token + 1)
      table[(2 * token + 0) * pairs + pair] = Math.cos(angle)
      table[(2 * token + 1) * pairs + pair] = Math.sin(angle)
    }
  }
  return table
}

/** The rotation in f64; values beyond the rotary dimensions do not change. */
function reference(x: Float32Array, table: Float32Array, shape: Shape, indices: PairIndices) {
  const { tokens, heads, headDim, pairs } = shape
  const rotated = Float64Array.from(x)
  const sizes = new Float64Array(x.length)
  for (let token = 0; token < tokens; token++) {
    for (let head = 0; head < heads; head++) {
      const start = (token * heads + head) * headDim
      for (let pair = 0; pair < pairs; pair++) {
        const [first, second] = indices(pair, pairs).map((index) => start + index)
        const cosine = table[2 * token * pairs + pair]
        const sine = table[(2 * token + 1) * pairs + pair]
        rotated[first] = x[first] * cosine - x[second] * sine
        rotated[second] = x[second] * cosine + x[first] * sine
        sizes[first] = sizes[second] = Math.abs(x[first]) + Math.abs(x[second])
      }
    }
  }
  return { rotated, sizes }
}

describe.each(VARIANTS)('rope, %s', (_, kernel, indices) => {
  it.each(SHAPES)('$tokens tokens of $heads heads of $headDim, rotating $pairs pairs', (shape) => {
    const { tokens, heads, headDim, pairs } = shape
    const x = randomFloats(tokens * heads * headDim, JSON.stringify(shape))
    const table = tableOf(shape)
    const at = bench.floats(x)
    kernel()(at, bench.floats(table), tokens, heads, headDim, pairs)
    const { rotated, sizes } = reference(x, table, shape, indices)
    // Two products and a sum, each rounded; values that are not rotated have size 0 and must be equal.
    expectWithin(bench.result(at, x.length), rotated, (i) => sizes[i] * 2 * ROUNDING)
  })
})
