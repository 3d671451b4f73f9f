import { beforeAll, describe, expect, it } from 'vitest'
import type { ActivationFunction } from '../../src/backend/program.js'
import {
  BUILDS,
  createInnerWorkbench,
  createWorkbench,
  expectWithin,
  ROUNDING,
  randomFloats,
  type Workbench,
} from './workbench.js'

let bench: Workbench

const LENGTHS = [1, 3, 4, 7, 8, 16, 35, 1001]

/** In place. */
function softcap(x: ArrayLike<number>, cap: number): Float32Array {
  const at = bench.floats(x)
  bench.kernels.softcap(at, x.length, cap)
  return bench.result(at, x.length)
}

function inPlace(name: ActivationFunction, x: ArrayLike<number>): Float32Array {
  const at = bench.floats(x)
  bench.kernels[name](at, x.length)
  return bench.result(at, x.length)
}

/** `count` evenly spaced numbers from `from` to `to`, inclusive. */
function steps(from: number, to: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))
}

/** NaNs with different bits. */
const NANS = new Float32Array(
  Uint32Array.of(0x7fc00000, 0xffc00000, 0x7fc00001, 0x7fffffff, 0xffc001ff, 0x7f800001).buffer,
)

describe.each(BUILDS)('%s kernels:', (build) => {
  beforeAll(async () => {
    bench = await createWorkbench(build)
  })

  it.each(LENGTHS)('scale and multiply %i values as f32 does', (n) => {
    const [x, out] = [randomFloats(n, 'x'), randomFloats(n, 'out')]
    const at = bench.floats(x)
    bench.kernels.scale(at, n, 0.3)
    expect(bench.result(at, n)).toEqual(x.map((value) => value * Math.fround(0.3)))
    const product = bench.floats(out)
    bench.kernels.multiply(bench.floats(x), product, n)
    expect(bench.result(product, n)).toEqual(out.map((value, i) => value * x[i]))
  })

  describe('softcap', () => {
    it.each(LENGTHS)('of %i values', (n) => {
      const x = randomFloats(n, 'softcap', 40)
      const expected = Float64Array.from(x, (value) => 30 * Math.tanh(value / 30))
      expectWithin(softcap(x, 30), expected, 2e-7 * 30)
    })

    it.each([1, 30, 50])('with a cap of %f, over its whole range', (cap) => {
      const x = steps(-12 * cap, 12 * cap, 240_001)
      const actual = softcap(x, cap)
      const expected = Float64Array.from(x, (value) => cap * Math.tanh(value / cap))
      expectWithin(actual, expected, 2e-7 * cap)
    })

    it('keeps the relative precision of small values, and the sign of zero', () => {
      const x = steps(-45, -0.5, 1000).map((exponent) => 2 ** exponent)
      const expected = Float64Array.from(x, (value) => 30 * Math.tanh(value / 30))
      expectWithin(softcap(x, 30), expected, (i) => 4 * ROUNDING * expected[i])
      expect(softcap([0, -0, 1e-30, -1e-30], 50)).toEqual(
        Float32Array.of(0, -0, Math.fround(1e-30), -Math.fround(1e-30)),
      )
    })

    it('is odd, monotonic up to rounding, and stays within the cap', () => {
      for (const cap of [30, 50]) {
        const x = steps(0, 12 * cap, 240_001)
        const y = softcap(x, cap)
        expect(
          softcap(
            x.map((value) => -value),
            cap,
          ),
        ).toEqual(y.map((value) => -value))
        // At most two roundings where a larger input gives a smaller result.
        const falls = y.findIndex((value, i) => i > 0 && value < y[i - 1] * (1 - 4 * ROUNDING))
        expect(falls, 'index where it falls').toBe(-1)
        expect(y.findIndex((value) => !(value <= cap))).toBe(-1)
      }
    })

    it('saturates at exactly the cap, and keeps NaN', () => {
      const huge = [10, 20, 89, 1e10, 3.4e38, Number.POSITIVE_INFINITY].map((times) => times * 30)
      expect(softcap(huge, 30)).toEqual(new Float32Array(huge.length).fill(30))
      expect(
        softcap(
          huge.map((value) => -value),
          30,
        ),
      ).toEqual(new Float32Array(huge.length).fill(-30))
      expect([...softcap(NANS, 30)].every(Number.isNaN)).toBe(true)
      expect(
        softcap([Number.NaN, 1, 2, Number.NaN, Number.NaN], 30).map((value) => Number(Number.isNaN(value))),
      ).toEqual(Float32Array.of(1, 0, 0, 1, 1))
    })
  })

  describe.each(['relu', 'relu2', 'sigmoid', 'tanh', 'softplus'] as const)('%s in place', (name) => {
    const plain = {
      relu: (x: number) => Math.max(0, x),
      relu2: (x: number) => Math.max(0, x) ** 2,
      sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
      tanh: Math.tanh,
      softplus: (x: number) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))),
    }[name]

    it.each(LENGTHS)('of %i values', (n) => {
      const x = randomFloats(n, name, 4)
      const expected = Float64Array.from(x, plain)
      expectWithin(
        inPlace(name, x),
        expected,
        (i) => Math.abs(expected[i]) * (12 + Math.abs(x[i])) * ROUNDING,
      )
    })

    it('of large values', () => {
      const x = [-3e38, -200, -89, 89, 200]
      expectWithin(inPlace(name, x), x.map(plain), 1e-37)
    })

    it('keeps NaN', () => {
      expect([...inPlace(name, NANS)].every(Number.isNaN)).toBe(true)
      expect([...inPlace(name, NANS.subarray(0, 3))].every(Number.isNaN)).toBe(true)
    })
  })

  it.each([1, 4, 7, 35])('scale each of several rows of %i values by its own factor', (n) => {
    const [x, by] = [randomFloats(3 * n, 'x'), randomFloats(3, 'by')]
    const at = bench.floats(x)
    bench.kernels.scale_rows(at, bench.floats(by), 3, n)
    expect(bench.result(at, 3 * n)).toEqual(x.map((value, i) => value * by[Math.floor(i / n)]))
  })

  it('copy parts of heads to other distances', () => {
    const x = randomFloats(2 * 3 * 9, 'x')
    const out = bench.floats(new Float32Array(2 * 3 * 7))
    bench.kernels.copy_heads(bench.floats(x), 27, 9, out, 7, 2, 3, 5)
    const expected = Float32Array.from({ length: 42 }, (_, i) =>
      i % 7 < 5 ? x[Math.floor(i / 7) * 9 + (i % 7)] : 0,
    )
    expect(bench.result(out, 42)).toEqual(expected)
  })

  describe.each(['silu', 'gelu'] as const)('%s in place', (name) => {
    const plain = (x: number) =>
      name === 'silu'
        ? x / (1 + Math.exp(-x))
        : x / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))

    it.each(LENGTHS)('of %i values', (n) => {
      const x = randomFloats(n, name, 4)
      const expected = Float64Array.from(x, plain)
      // A few roundings of the exponent's argument are a relative error of the exponential.
      expectWithin(
        inPlace(name, x),
        expected,
        (i) => Math.abs(expected[i]) * (8 + 4 * Math.abs(x[i]) ** 3) * ROUNDING + 1e-37,
      )
    })

    it('has the same bits as in the gate', async () => {
      const inner = await createInnerWorkbench(build)
      const x = randomFloats(101, name, 4)
      const gate = inner.floats(x)
      inner.kernels[name === 'silu' ? 'swiglu' : 'geglu'](
        gate,
        inner.floats(new Float32Array(101).fill(1)),
        101,
      )
      expect(inPlace(name, x)).toEqual(inner.result(gate, 101))
    })

    it('keeps NaN', () => {
      expect([...inPlace(name, NANS)].every(Number.isNaN)).toBe(true)
    })
  })
})
