import { beforeAll, describe, expect, it } from 'vitest'
import type { BenchKernels } from './bench-kernels.js'
import { createInnerWorkbench, type Workbench } from './workbench.js'

let bench: Workbench<BenchKernels>
beforeAll(async () => {
  bench = await createInnerWorkbench()
})

/** The kernels' e^x for x ≤ 0, measured through softmax: the ratio of two weights is e^(difference of the inputs). */
function expBySoftmax(x: number): number {
  const at = bench.floats([0, x, -200, -200])
  bench.kernels.softmax(at, 4)
  const [one, other] = bench.result(at, 4)
  return other / one
}

/** e^x of either sign, measured through the gate: silu(-x) = -x / (1 + e^x). */
function expBySilu(x: number): number {
  const gate = bench.floats([-x, 0, 0, 0])
  bench.kernels.swiglu(gate, bench.floats([1, 1, 1, 1]), 4)
  return -x / bench.result(gate, 4)[0] - 1
}

/** Distance from the exact value in units of the last place of an f32 result. */
function ulps(actual: number, x: number): number {
  const exact = Math.exp(x)
  return Math.abs(actual - exact) / (2 ** Math.floor(Math.log2(exact)) * 2 ** -23)
}

describe('the exponential of the kernels', () => {
  it('is within 2 ulp below zero (plus one for the softmax)', () => {
    let worst = 0
    for (let i = 0; i <= 4000; i++) {
      const x = Math.fround((-87.2 * i) / 4000)
      worst = Math.max(worst, ulps(expBySoftmax(x), x))
    }
    expect(worst).toBeLessThanOrEqual(3)
  })

  it('is within 2 ulp above zero (plus two for the gate)', () => {
    let worst = 0
    // Above e^17 silu's 1 is below an ulp.
    for (let i = 0; i <= 4000; i++) {
      const x = Math.fround(17 + (71.2 * i) / 4000)
      worst = Math.max(worst, ulps(expBySilu(x), x))
    }
    expect(worst).toBeLessThanOrEqual(4)
  })

  it('is exact at 0 and never 0, infinite or denormal', () => {
    expect(expBySoftmax(0)).toBe(1)
    for (const x of [-87.3, -88, -100, -1e30, -3e38]) {
      expect(expBySoftmax(x)).toBeGreaterThanOrEqual(2 ** -126)
      expect(expBySoftmax(x)).toBeLessThan(1.3e-38)
    }
    for (const x of [88.3, 89, 100, 1e10]) {
      expect(expBySilu(x)).toBeGreaterThan(2e38)
      expect(expBySilu(x)).toBeLessThan(2.3e38)
    }
  })
})
