import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import type { BenchKernels } from './bench-kernels.js'
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

function normRows(on: Workbench, x: Float32Array, weight: Float32Array, rows: number): Float32Array {
  const out = on.allocate(x.byteLength)
  on.kernels.norm_rows(on.floats(x), on.floats(weight), out, rows, weight.length, EPSILON)
  return on.result(out, x.length)
}

describe('norm_rows', () => {
  it.each(SIZES)('of %i rows of %i values', (rows, n) => {
    const x = randomFloats(rows * n, 'x', 3)
    const weight = randomFloats(n, 'weight')
    const expected = new Float64Array(x.length)
    for (let start = 0; start < x.length; start += n) {
      const row = x.subarray(start, start + n)
      const size = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / n + EPSILON)
      for (const [i, value] of row.entries()) expected[start + i] = (value / size) * weight[i]
    }
    const actual = normRows(bench, x, weight, rows)
    // The sum of squares is rounded n/8 + 4 times, which the root halves; plus a few roundings.
    expectWithin(actual, expected, (i) => Math.abs(expected[i]) * (n / 16 + 8) * ROUNDING)
  })

  it.each(SIZES)(
    'for %i rows of %i values has the same bits as each row alone, on any number of threads',
    (rows, n) => {
      const x = randomFloats(rows * n, 'x', 3)
      const weight = randomFloats(n, 'weight')
      const alone = new Float32Array(x.length)
      const weights = bench.floats(weight)
      const from = bench.floats(x)
      const out = bench.allocate(4 * n)
      for (let row = 0; row < rows; row++) {
        bench.kernels.rmsnorm((from + 4 * row * n) as Pointer, weights, out, n, EPSILON)
        alone.set(bench.result(out, n), row * n)
      }
      expect(normRows(bench, x, weight, rows)).toEqual(alone)
      expect(normRows(threaded, x, weight, rows)).toEqual(alone)
    },
  )

  it('works in place', () => {
    const x = randomFloats(6 * 100, 'x')
    const weight = randomFloats(100, 'weight')
    const at = bench.floats(x)
    bench.kernels.norm_rows(at, bench.floats(weight), at, 6, 100, EPSILON)
    expect(bench.result(at, x.length)).toEqual(normRows(bench, x, weight, 6))
  })

  it('writes nothing for no rows', () => {
    const out = bench.allocate(0)
    bench.kernels.norm_rows(bench.floats([1]), bench.floats([1]), out, 0, 1, EPSILON)
    bench.expectGuard(out, 0)
  })
})
