import { beforeAll, describe, expect, it } from 'vitest'
import type { BenchKernels } from './bench-kernels.js'
import { createInnerWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench<BenchKernels>
beforeAll(async () => {
  bench = await createInnerWorkbench()
})

function reference(x: Float32Array, weight: Float32Array, epsilon: number): Float64Array {
  let sum = 0
  for (const value of x) sum += value * value
  const scale = 1 / Math.sqrt(sum / x.length + Math.fround(epsilon))
  return Float64Array.from(x, (value, i) => value * scale * weight[i])
}

/** The sum of squares is rounded n/8 + 3 times in eight lanes, which the root halves; plus six roundings. */
const relative = (n: number) => ((n / 8 + 3) / 2 + 6) * ROUNDING

describe('rmsnorm', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 64, 100, 257, 1024, 4097])('norms %i values', (n) => {
    const x = randomFloats(n, `x${n}`, 3)
    const weight = randomFloats(n, `weight${n}`)
    const out = bench.allocate(4 * n)
    bench.kernels.rmsnorm(bench.floats(x), bench.floats(weight), out, n, 1e-5)
    const expected = reference(x, weight, 1e-5)
    expectWithin(bench.result(out, n), expected, (i) => Math.abs(expected[i]) * relative(n))
  })

  it('works in place', () => {
    const x = randomFloats(37, 'in place')
    const weight = bench.floats(randomFloats(37, 'weight'))
    const apart = bench.allocate(4 * 37)
    const inPlace = bench.floats(x)
    bench.kernels.rmsnorm(bench.floats(x), weight, apart, 37, 1e-6)
    bench.kernels.rmsnorm(inPlace, weight, inPlace, 37, 1e-6)
    expect(bench.result(inPlace, 37)).toEqual(bench.result(apart, 37))
  })

  it('keeps zeros, and is scaled by epsilon where the squares underflow', () => {
    const weight = Float32Array.of(1, 2, 3, 4, 5)
    const out = bench.allocate(20)
    bench.kernels.rmsnorm(bench.floats(new Float32Array(5)), bench.floats(weight), out, 5, 1e-5)
    expect(bench.result(out, 5)).toEqual(new Float32Array(5))
    const tiny = new Float32Array(5).fill(1e-25)
    bench.kernels.rmsnorm(bench.floats(tiny), bench.floats(weight), out, 5, 1e-5)
    const expected = reference(tiny, weight, 1e-5)
    expectWithin(bench.result(out, 5), expected, (i) => expected[i] * relative(5))
  })
})
