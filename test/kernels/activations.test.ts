import { beforeAll, describe, expect, it } from 'vitest'
import { ActivationKind } from '../../src/wasm/kernels.js'
import { createWorkbench, expectWithin, ROUNDING, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

/** Quantises a row and reads its three parts back, by the layout of assembly/README.md. */
function quantise(x: Float32Array) {
  const n = x.length
  const bytes = 2 * n + n / 8 + n / 4
  const out = bench.room(bytes)
  bench.kernels.quantize_activations(ActivationKind.int16, bench.floats(x), out, n)
  bench.expectGuard(out, bytes)
  const { buffer } = bench.read(out, bytes)
  return {
    values: new Int16Array(buffer, 0, n),
    scales: new Float32Array(buffer, 2 * n, n / 32),
    sums: new Float32Array(buffer, 2 * n + n / 8, n / 16),
  }
}

function expectQuantised(x: Float32Array): void {
  const { values, scales, sums } = quantise(x)
  for (let block = 0; block < scales.length; block++) {
    const part = x.subarray(32 * block, 32 * block + 32)
    const peak = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expectWithin([scales[block]], [peak / 32767], (peak / 32767) * ROUNDING)
  }
  // Half a step, and two roundings of a product that may be as large as 32767.
  const step = (i: number) => scales[i >> 5]
  expectWithin(
    Array.from(values, (value, i) => value * step(i)),
    x,
    (i) => step(i) * (0.5 + 32768 * 3 * ROUNDING),
  )
  const exactSums = Array.from(sums, (_, i) => {
    const total = values.subarray(16 * i, 16 * i + 16).reduce((sum, value) => sum + value, 0)
    return scales[i >> 1] * total
  })
  expectWithin(sums, exactSums, (i) => Math.abs(exactSums[i]) * ROUNDING)
  expect(values.every((value) => value > -32768)).toBe(true)
}

describe('quantize_activations', () => {
  it.each([32, 64, 96, 256, 1056])('a row of %i', (n) => {
    expectQuantised(randomFloats(n, `row ${n}`, 2))
  })

  it('gives each block its own scale, and the extremes the outermost steps', () => {
    const x = new Float32Array(96)
    x[0] = 1
    x[33] = -1000
    x[34] = 1000
    x[95] = 2 ** -40
    const { values, scales, sums } = quantise(x)
    expect([values[0], values[33], values[34], values[95]]).toEqual([32767, -32767, 32767, 32767])
    expect(scales).toEqual(Float32Array.of(1 / 32767, 1000 / 32767, 2 ** -40 / 32767))
    expectWithin(sums, [1, 0, 0, 0, 0, 2 ** -40], (i) => [1, 1, 1, 1, 1, 2 ** -40][i] * 2 * ROUNDING)
    expect(values.filter((value) => value !== 0)).toHaveLength(4)
  })

  it('makes zeros of a block of zeros, between blocks that are none', () => {
    const x = randomFloats(96, 'with a gap')
    x.fill(0, 32, 64)
    expectQuantised(x)
    const { values, scales, sums } = quantise(x)
    expect(values.subarray(32, 64)).toEqual(new Int16Array(32))
    expect(scales[1]).toBe(0)
    expect(sums.subarray(2, 4)).toEqual(new Float32Array(2))
  })

  it.each([1e-29, 1e-20, 1e20, 1e36])('values about %d', (size) => {
    expectQuantised(randomFloats(64, `size ${size}`, size))
  })

  it('values whose reciprocal would overflow count as zero', () => {
    const { values, scales, sums } = quantise(randomFloats(32, 'tiny', 1e-36))
    expect(values).toEqual(new Int16Array(32))
    expect(scales[0]).toBeLessThan(1e-35)
    expect(sums).toEqual(new Float32Array(2))
  })

  it('rounds to the nearest step, ties to the even one', () => {
    const x = new Float32Array(32)
    x.set([32767, 0.5, 1.5, 2.5, -0.5, -1.5, 0.49, -2.51])
    expect([...quantise(x).values.subarray(0, 8)]).toEqual([32767, 0, 2, 2, 0, -2, 0, -3])
  })
})
