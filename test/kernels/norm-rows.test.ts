import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import type { BenchKernels } from './bench-kernels.js'
import { normRecord } from './norm-record.js'
import {
  createInnerWorkbench,
  createThreadedWorkbench,
  expectWithin,
  ROUNDING,
  randomFloats,
  type Workbench,
} from './workbench.js'

const EPSILON = 1e-5

/** Small sizes, a head's, and sizes that threads share, evenly or not. */
const SIZES = [
  [1, 1],
  [1, 64],
  [3, 4],
  [5, 33],
  [40, 64],
  [128, 512],
  [130, 577],
  [4097, 16],
  [2, 40000],
] as const

let bench: Workbench<BenchKernels>
let threaded: Awaited<ReturnType<typeof createThreadedWorkbench>>
beforeAll(async () => {
  bench = await createInnerWorkbench()
  threaded = await createThreadedWorkbench(3)
})
afterAll(() => threaded.shutDown())

interface Weights {
  readonly kind: 'rms' | 'layer'
  readonly weight?: Float32Array
  readonly bias?: Float32Array
}

/** Weights of `groups` groups of `n` values. */
function weightsOf(kind: Weights['kind'], n: number, groups = 1): Weights {
  const weight = randomFloats(groups * n, 'weight')
  return kind === 'rms' ? { kind, weight } : { kind, weight, bias: randomFloats(groups * n, 'bias') }
}

function normRows(
  on: Workbench,
  x: Float32Array,
  { kind, weight, bias }: Weights,
  { n, groups = 1 }: { n: number; groups?: number },
): Float32Array {
  const out = on.allocate(x.byteLength)
  const record = normRecord(on, {
    kind,
    weight: weight && on.floats(weight),
    bias: bias && on.floats(bias),
    epsilon: EPSILON,
  })
  on.kernels.norm_rows(record, on.floats(x), out, x.length / n, n, groups)
  return on.result(out, x.length)
}

/** One row in f64. */
function reference(row: Float32Array, { kind, weight, bias }: Weights, first = 0): number[] {
  const mean = kind === 'layer' ? row.reduce((a, b) => a + b, 0) / row.length : 0
  const square = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
  const size = Math.sqrt(square + EPSILON)
  return Array.from(
    row,
    (value, i) => ((value - mean) / size) * (weight?.[first + i] ?? 1) + (bias?.[first + i] ?? 0),
  )
}

describe.each(['rms', 'layer'] as const)('norm_rows, %s', (kind) => {
  it.each(SIZES)('of %i rows of %i values', (rows, n) => {
    const x = randomFloats(rows * n, 'x', 3).map((value) => value + (kind === 'layer' ? 1 : 0))
    const weights = weightsOf(kind, n)
    const expected = new Float64Array(x.length)
    for (let at = 0; at < x.length; at += n) expected.set(reference(x.subarray(at, at + n), weights), at)
    const actual = normRows(bench, x, weights, { n })
    // The sum of squares is rounded n/8 + 4 times, which the root halves; plus a few roundings. A mean's own rounding
    // shifts all values.
    const slack = kind === 'layer' ? 40 * ROUNDING : 0
    expectWithin(actual, expected, (i) => Math.abs(expected[i]) * (n / 16 + 8) * ROUNDING + slack)
  })

  it.each(SIZES)(
    'for %i rows of %i values has the same bits as each row alone, on any number of threads',
    (rows, n) => {
      const x = randomFloats(rows * n, 'x', 3)
      const weights = weightsOf(kind, n)
      const alone = new Float32Array(x.length)
      const weight = bench.floats(weights.weight!)
      const bias = weights.bias ? bench.floats(weights.bias) : 0
      const from = bench.floats(x)
      const out = bench.allocate(4 * n)
      for (let row = 0; row < rows; row++) {
        const at = (from + 4 * row * n) as Pointer
        if (kind === 'rms') bench.kernels.rmsnorm(at, weight, out, n, EPSILON)
        else bench.kernels.layernorm(at, weight, bias, out, n, EPSILON)
        alone.set(bench.result(out, n), row * n)
      }
      expect(normRows(bench, x, weights, { n })).toEqual(alone)
      expect(normRows(threaded, x, weights, { n })).toEqual(alone)
    },
  )

  it.each([5, 16, 35])('of heads of %i with weights of their own', (n) => {
    const x = randomFloats(12 * n, 'x')
    const weights = weightsOf(kind, n, 3)
    const actual = normRows(bench, x, weights, { n, groups: 3 })
    for (let row = 0; row < 12; row++) {
      const expected = reference(x.subarray(row * n, (row + 1) * n), weights, (row % 3) * n)
      expectWithin(actual.subarray(row * n, (row + 1) * n), expected, 2e-6)
    }
  })

  it('works in place', () => {
    const x = randomFloats(6 * 100, 'x')
    const weights = weightsOf(kind, 100)
    const at = bench.floats(x)
    const [weight, bias] = [bench.floats(weights.weight!), weights.bias ? bench.floats(weights.bias) : 0]
    bench.kernels.norm_rows(normRecord(bench, { kind, weight, bias, epsilon: EPSILON }), at, at, 6, 100, 1)
    expect(bench.result(at, x.length)).toEqual(normRows(bench, x, weights, { n: 100 }))
  })

  it('writes nothing for no rows', () => {
    const out = bench.allocate(0)
    const record = normRecord(bench, { kind, weight: bench.floats([1]), epsilon: EPSILON })
    bench.kernels.norm_rows(record, bench.floats([1]), out, 0, 1, 1)
    bench.expectGuard(out, 0)
  })
})

describe('norm_rows', () => {
  it.each([1, 4, 35, 64])('without weights has the bits of weights of 1, for %i values', (n) => {
    const x = randomFloats(3 * n, 'x')
    const ones = new Float32Array(n).fill(1)
    expect(normRows(bench, x, { kind: 'rms' }, { n })).toEqual(
      normRows(bench, x, { kind: 'rms', weight: ones }, { n }),
    )
  })

  it.each([4, 35])('of a layer without bias has the bits of a bias of 0, for %i values', (n) => {
    const x = randomFloats(3 * n, 'x')
    const weight = randomFloats(n, 'weight')
    expect(normRows(bench, x, { kind: 'layer', weight }, { n })).toEqual(
      normRows(bench, x, { kind: 'layer', weight, bias: new Float32Array(n) }, { n }),
    )
  })

  it('of a layer subtracts a mean that is much larger than the deviation', () => {
    const x = Float32Array.from({ length: 64 }, (_, i) => 1000 + (i % 2))
    const expected = Array.from(x, (_, i) => (i % 2 ? 1 : -1) / Math.sqrt(1 + 4 * EPSILON))
    const weight = new Float32Array(64).fill(1)
    expectWithin(normRows(bench, x, { kind: 'layer', weight }, { n: 64 }), expected, 1e-5)
  })

  it('keeps NaN', () => {
    const x = randomFloats(20, 'x')
    x[7] = Number.NaN
    for (const kind of ['rms', 'layer'] as const) {
      const y = normRows(bench, x, weightsOf(kind, 10), { n: 10 })
      expect([...y.subarray(0, 10)].every(Number.isNaN)).toBe(true)
      expect([...y.subarray(10)].some(Number.isNaN)).toBe(false)
    }
  })
})
