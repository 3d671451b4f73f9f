import { beforeAll, describe, expect, it } from 'vitest'
import type { BenchKernels } from './bench-kernels.js'
import { createInnerWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench<BenchKernels>
beforeAll(async () => {
  bench = await createInnerWorkbench()
})

function softmax(values: Float32Array): Float32Array {
  const n = values.length
  const padded = Math.ceil(n / 4) * 4
  const at = bench.floats(Float32Array.from({ length: padded }, (_, i) => values[i] ?? 12_345))
  bench.kernels.softmax(at, n)
  return bench.result(at, n, padded)
}

function reference(values: Float32Array) {
  const peak = values.reduce((a, b) => Math.max(a, b))
  const weights = Float64Array.from(values, (value) => Math.exp(value - peak))
  const sum = weights.reduce((a, b) => a + b)
  return { peak, expected: weights.map((weight) => weight / sum) }
}

/** The weight of a value far below the peak: e^-87.3, because the kernel clamps the exponential's argument. */
const FLOOR = 1.3e-38

function expectSoftmax(values: Float32Array): void {
  const { peak, expected } = reference(values)
  // Rounding the distance d from the peak changes e^-d by d·2^-24; the exponential adds 2 ulp, the sum n/4 roundings.
  const relative = (i: number) => (Math.min(88, peak - values[i]) + 4 + values.length / 4 + 3 + 2) * ROUNDING
  expectWithin(softmax(values), expected, (i) => expected[i] * relative(i) + FLOOR)
}

describe('softmax', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 33, 130, 1000])('of %i values', (n) => {
    expectSoftmax(randomFloats(n, `softmax ${n}`, 4))
  })

  it('of one value is exactly 1', () => {
    for (const value of [0, -3e38, 3e38, 1e-40]) expect(softmax(Float32Array.of(value))[0]).toBe(1)
  })

  it('of equal values is uniform', () => {
    expect(softmax(new Float32Array(8).fill(-7))).toEqual(new Float32Array(8).fill(1 / 8))
    expectSoftmax(new Float32Array(7).fill(1e30))
  })

  it.each([
    ['a huge spread', [0, -3e38, 3e38, -1]],
    ['a spread beyond the largest float', [-3.4e38, 3.4e38, 0, 1, 2]],
    ['the peak last, in the padded vector', [-50, -60, -70, -80, -90, 40]],
    ['all far below zero', [-1000, -1001, -1002]],
    ['masked values', [Number.NEGATIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, 2, 3]],
  ])('of %s', (_, values) => {
    expectSoftmax(Float32Array.from(values))
  })
})
