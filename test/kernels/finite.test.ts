import { beforeAll, expect, it } from 'vitest'
import { createWorkbench, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

function allFinite(values: Float32Array): boolean {
  return Boolean(bench.kernels.all_finite(bench.floats(values), values.length))
}

it.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 100, 1000])('all %i values are finite, or one is not', (n) => {
  const values = randomFloats(n, `finite ${n}`, 4)
  expect(allFinite(values)).toBe(true)
  for (const at of [0, n >> 1, n - 1]) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const damaged = values.slice()
      damaged[at] = value
      expect(allFinite(damaged), `${value} at ${at}`).toBe(false)
    }
  }
})

it('the largest, smallest and subnormal numbers are finite', () => {
  expect(allFinite(Float32Array.of(3.4028235e38, -3.4028235e38, 3.4028235e38, 1e-45, -0, 0))).toBe(true)
})

it('values after the end are ignored', () => {
  const at = bench.floats(Float32Array.of(1, 2, 3, Number.NaN, Number.NaN))
  expect(Boolean(bench.kernels.all_finite(at, 3))).toBe(true)
})
