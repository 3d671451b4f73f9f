import { beforeAll, describe, expect, it } from 'vitest'
import type { BenchKernels } from './bench-kernels.js'
import { createInnerWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench<BenchKernels>
beforeAll(async () => {
  bench = await createInnerWorkbench()
})

const silu = (x: number) => x / (1 + Math.exp(-x))
const geluArgument = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)
/** 0.5·(1 + tanh u) is σ(2u), which has no cancellation where the tanh is near -1. */
const gelu = (x: number) => x / (1 + Math.exp(-2 * geluArgument(x)))

const GATES = [
  // The exponential's argument is exact: 2 ulp, then three roundings.
  { name: 'swiglu', exact: silu, relative: () => 10 * ROUNDING },
  // Five roundings of the argument 2u change e^2u by 10·|u| roundings.
  {
    name: 'geglu',
    exact: gelu,
    relative: (x: number) => (10 + 10 * Math.abs(geluArgument(x))) * ROUNDING,
  },
] as const

/** The exponential's argument is clamped: e^-87.3 or e^-88.3 of a value remain where the exact result is smaller. */
const FLOOR = 1.3e-38

describe.each(GATES)('$name', ({ name, exact, relative }) => {
  function expectGate(gate: Float32Array, up: Float32Array): void {
    const n = gate.length
    const padded = Math.ceil(n / 4) * 4
    const padding = (values: Float32Array) => Float32Array.from({ length: padded }, (_, i) => values[i] ?? 1)
    const at = bench.floats(padding(gate))
    bench.kernels[name](at, bench.floats(padding(up)), n)
    const expected = Float64Array.from(gate, (x, i) => exact(x) * up[i])
    expectWithin(
      bench.result(at, n, padded),
      expected,
      (i) => Math.abs(expected[i]) * relative(gate[i]) + Math.abs(gate[i] * up[i]) * FLOOR + 2 ** -149,
    )
  }

  it.each([1, 2, 3, 4, 5, 7, 8, 9, 100])('%i values', (n) => {
    expectGate(randomFloats(n, `gate ${n}`, 3), randomFloats(n, `up ${n}`))
  })

  it('from far below zero to far above', () => {
    const gate = Float32Array.from({ length: 801 }, (_, i) => (i - 400) / 4)
    expectGate(gate, new Float32Array(801).fill(1))
  })

  it('is 0 at 0, x far above zero, and almost 0 far below', () => {
    const at = bench.floats([0, 1000, 1e20, -1e20])
    bench.kernels[name](at, bench.floats([5, 2, 1, 1]), 4)
    const [zero, thousand, huge, nothing] = bench.result(at, 4)
    expect([zero, thousand, huge]).toEqual([0, 2000, Math.fround(1e20)])
    expect(Math.abs(nothing)).toBeLessThan(1e-17)
  })
})

describe('the reference for gelu', () => {
  it('is the paper’s function with tanh', () => {
    for (let x = -6; x <= 6; x += 0.25) {
      expect(gelu(x)).toBeCloseTo(0.5 * x * (1 + Math.tanh(geluArgument(x))), 14)
    }
  })
})
