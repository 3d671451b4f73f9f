import { beforeAll, describe, expect, it } from 'vitest'
import { ActivationKind } from '../../src/backend/wasm/kernels.js'
import type { BenchKernels } from './bench-kernels.js'
import {
  BUILDS,
  createInnerWorkbench,
  expectWithin,
  ROUNDING,
  randomFloats,
  type Workbench,
} from './workbench.js'

let bench: Workbench<BenchKernels>

/** The two kinds of integer activations. */
const KINDS = [
  { name: '16 bits', kind: ActivationKind.int16, Integers: Int16Array, limit: 32767 },
  { name: '8 bits', kind: ActivationKind.int8, Integers: Int8Array, limit: 127 },
] as const

/** Quantises a row and reads its parts back, by the layout of assembly/README.md. */
function quantise({ kind, Integers }: (typeof KINDS)[number], x: Float32Array) {
  const n = x.length
  const valueBytes = n * Integers.BYTES_PER_ELEMENT
  const bytes = bench.kernels.activation_bytes(kind, n)
  expect(bytes).toBe(valueBytes + n / 8 + n / 4 + n / 8)
  const out = bench.allocate(bytes)
  bench.kernels.quantize_activations(kind, bench.floats(x), out, n)
  bench.expectGuard(out, bytes)
  const { buffer } = bench.read(out, bytes)
  return {
    values: Array.from(new Integers(buffer, 0, n)),
    scales: new Float32Array(buffer, valueBytes, n / 32),
    sums: new Float32Array(buffer, valueBytes + n / 8, n / 16),
    totals: Array.from(new Int32Array(buffer, valueBytes + n / 8 + n / 4, n / 32)),
  }
}

function expectQuantised(kind: (typeof KINDS)[number], x: Float32Array): void {
  const { limit } = kind
  const { values, scales, sums, totals } = quantise(kind, x)
  for (let block = 0; block < scales.length; block++) {
    const part = x.subarray(32 * block, 32 * block + 32)
    const peak = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    expectWithin([scales[block]], [peak / limit], (peak / limit) * ROUNDING)
  }
  // Half a step, plus two roundings of a product as large as the limit.
  const step = (i: number) => scales[i >> 5]
  expectWithin(
    Array.from(values, (value, i) => value * step(i)),
    x,
    (i) => step(i) * (0.5 + (limit + 1) * 3 * ROUNDING),
  )
  const totalOf = (from: number, count: number) =>
    values.slice(from, from + count).reduce((sum, value) => sum + value, 0)
  expect(totals).toEqual(totals.map((_, i) => totalOf(32 * i, 32)))
  const exactSums = Array.from(sums, (_, i) => scales[i >> 1] * totalOf(16 * i, 16))
  expectWithin(sums, exactSums, (i) => Math.abs(exactSums[i]) * ROUNDING)
  expect(values.every((value) => Math.abs(value) <= limit)).toBe(true)
}

describe.each(BUILDS)('%s build', (build) => {
  beforeAll(async () => {
    bench = await createInnerWorkbench(build)
  })

  describe.each(KINDS)('quantize_activations to $name', (kind) => {
    const { limit } = kind

    it.each([32, 64, 96, 256, 1056])('a row of %i', (n) => {
      expectQuantised(kind, randomFloats(n, `row ${n}`, 2))
    })

    it('scales each block by its largest magnitude, which becomes the limit', () => {
      const x = new Float32Array(96)
      x[0] = 1
      x[33] = -1000
      x[34] = 1000
      x[95] = 2 ** -40
      const { values, scales, sums } = quantise(kind, x)
      expect([values[0], values[33], values[34], values[95]]).toEqual([limit, -limit, limit, limit])
      expect(scales).toEqual(Float32Array.of(1 / limit, 1000 / limit, 2 ** -40 / limit))
      expectWithin(sums, [1, 0, 0, 0, 0, 2 ** -40], (i) => [1, 1, 1, 1, 1, 2 ** -40][i] * 2 * ROUNDING)
      expect(values.filter((value) => value !== 0)).toHaveLength(4)
    })

    it('keeps a block of zeros at zero between other blocks', () => {
      const x = randomFloats(96, 'with a gap')
      x.fill(0, 32, 64)
      expectQuantised(kind, x)
      const { values, scales, sums } = quantise(kind, x)
      expect(values.slice(32, 64)).toEqual(new Array(32).fill(0))
      expect(scales[1]).toBe(0)
      expect(sums.subarray(2, 4)).toEqual(new Float32Array(2))
    })

    it.each([1e-29, 1e-20, 1e20, 1e36])('values about %d', (size) => {
      expectQuantised(kind, randomFloats(64, `size ${size}`, size))
    })

    it('treats values whose reciprocal would overflow as zero', () => {
      const { values, scales, sums } = quantise(kind, randomFloats(32, 'tiny', 1e-36))
      expect(values).toEqual(new Array(32).fill(0))
      expect(scales[0]).toBeLessThan(1e-35)
      expect(sums).toEqual(new Float32Array(2))
    })

    it('rounds to the nearest step, ties to the even one', () => {
      const x = new Float32Array(32)
      x.set([limit, 0.5, 1.5, 2.5, -0.5, -1.5, 0.49, -2.51])
      expect(quantise(kind, x).values.slice(0, 8)).toEqual([limit, 0, 2, 2, 0, -2, 0, -3])
    })
  })
})
