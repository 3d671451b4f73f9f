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

/** Where the two values of a pair lie in a head. */
type Places = (pair: number, pairs: number) => readonly [first: number, second: number]

const VARIANTS: readonly [name: string, kernel: () => Rope, places: Places][] = [
  ['interleaved', () => bench.kernels.rope_norm, (pair) => [2 * pair, 2 * pair + 1]],
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

/** The angles of token t and pair p are 0.37·t + 0.11·p, up to several turns. */
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

/** Values that do not turn stay; turned ones are a rotation in f64. */
function twin(x: Float32Array, table: Float32Array, shape: Shape, places: Places) {
  const { tokens, heads, headDim, pairs } = shape
  const turned = Float64Array.from(x)
  const sizes = new Float64Array(x.length)
  for (let token = 0; token < tokens; token++) {
    for (let head = 0; head < heads; head++) {
      const start = (token * heads + head) * headDim
      for (let pair = 0; pair < pairs; pair++) {
        const [first, second] = places(pair, pairs).map((place) => start + place)
        const cosine = table[2 * token * pairs + pair]
        const sine = table[(2 * token + 1) * pairs + pair]
        turned[first] = x[first] * cosine - x[second] * sine
        turned[second] = x[second] * cosine + x[first] * sine
        sizes[first] = sizes[second] = Math.abs(x[first]) + Math.abs(x[second])
      }
    }
  }
  return { turned, sizes }
}

describe.each(VARIANTS)('rope, %s', (_, kernel, places) => {
  it.each(SHAPES)('$tokens tokens of $heads heads of $headDim, $pairs pairs turning', (shape) => {
    const { tokens, heads, headDim, pairs } = shape
    const x = randomFloats(tokens * heads * headDim, JSON.stringify(shape))
    const table = tableOf(shape)
    const at = bench.floats(x)
    kernel()(at, bench.floats(table), tokens, heads, headDim, pairs)
    const { turned, sizes } = twin(x, table, shape, places)
    // Two products and a sum, each rounded; values that do not turn have size 0 and must be equal.
    expectWithin(bench.result(at, x.length), turned, (i) => sizes[i] * 2 * ROUNDING)
  })
})
