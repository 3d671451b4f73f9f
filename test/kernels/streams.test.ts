import { beforeAll, describe, expect, it } from 'vitest'
import { BUILDS, createWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench

const WIDTHS = [1, 3, 4, 7, 16, 35, 1001]
const ROWS = 3

describe.each(BUILDS)('%s kernels:', (build) => {
  beforeAll(async () => {
    bench = await createWorkbench(build)
  })

  it.each(WIDTHS)('the lengths of rows of %i values', (n) => {
    const x = randomFloats(ROWS * n, 'length', 3)
    const out = bench.floats(new Float32Array(ROWS))
    bench.kernels.length(bench.floats(x), out, ROWS, n)
    const expected = Float64Array.from({ length: ROWS }, (_, row) =>
      Math.hypot(...x.subarray(row * n, (row + 1) * n)),
    )
    expectWithin(bench.result(out, ROWS), expected, (i) => (n / 8 + 4) * ROUNDING * expected[i])
  })

  it.each(WIDTHS.slice(1))('the largest of %i normal values', (n) => {
    for (const deviations of [1.6448533535, 0.5, -1]) {
      const x = randomFloats(ROWS * n, 'top', 2).map((value) => value + 0.7)
      const at = bench.floats(x)
      bench.kernels.gaussian_top_k(at, ROWS, n, deviations)
      const expected = new Float64Array(ROWS * n)
      for (let row = 0; row < ROWS; row++) {
        const values = Float64Array.from(x.subarray(row * n, (row + 1) * n))
        const mean = values.reduce((a, b) => a + b) / n
        const s = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
        expected.set(
          values.map((value) => Math.max(0, value - mean - Math.fround(deviations) * s)),
          row * n,
        )
      }
      expectWithin(bench.result(at, ROWS * n), expected, 1e-5)
    }
  })

  it.each(WIDTHS)('four combinations of three heads of %i values', (n) => {
    const [x, by] = [randomFloats(ROWS * 3 * n, 'heads'), randomFloats(ROWS * 4 * 3, 'by')]
    const out = bench.floats(new Float32Array(ROWS * 4 * n))
    for (const plus of [0, 1]) {
      bench.kernels.mix_heads(bench.floats(x), 3, bench.floats(by), plus, out, 4, ROWS, n)
      const expected = Float64Array.from({ length: ROWS * 4 * n }, (_, at) => {
        const [row, head, i] = [Math.floor(at / (4 * n)), Math.floor(at / n) % 4, at % n]
        let sum = 0
        for (let source = 0; source < 3; source++) {
          sum += (by[(row * 4 + head) * 3 + source] + plus) * x[(row * 3 + source) * n + i]
        }
        return sum
      })
      expectWithin(bench.result(out, ROWS * 4 * n), expected, 2e-6)
    }
  })

  it.each(WIDTHS)('one head of %i values, twice', (n) => {
    const x = randomFloats(n, 'head')
    const out = bench.floats(new Float32Array(2 * n))
    bench.kernels.mix_heads(bench.floats(x), 1, bench.floats([0.5, -2]), 0, out, 2, 1, n)
    expect(bench.result(out, 2 * n)).toEqual(
      Float32Array.of(...x.map((value) => value * 0.5), ...x.map((value) => value * -2)),
    )
  })
})
