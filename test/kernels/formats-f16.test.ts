import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { createWorkbench, type Workbench } from './workbench.js'

const PATTERNS = 65536

/** By the definition of IEEE 754 binary16. */
function halfValue(bits: number): number {
  const sign = bits >> 15 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

let bench: Workbench

beforeAll(async () => {
  bench = await createWorkbench()
})

/** The kernel's halves for `n` f32 values at `x`; `n` is a multiple of four. */
function storedHalves(x: Pointer, n: number): Uint16Array {
  const out = bench.allocate(2 * n)
  bench.kernels.store(blockFormat('F16').id, x, out, n)
  bench.expectGuard(out, 2 * n)
  return new Uint16Array(bench.read(out, 2 * n).buffer)
}

function toHalves(values: readonly number[]): number[] {
  return Array.from(storedHalves(bench.floats(values), values.length))
}

const ALL_HALVES = Uint16Array.from({ length: PATTERNS }, (_, i) => i)

describe('half to f32', () => {
  test.each([
    ['vectors of four', PATTERNS],
    ['the rest of a row', 1],
  ])('is exact for all patterns: %s', (_, n) => {
    const { id } = blockFormat('F16')
    const halves = bench.bytes(new Uint8Array(ALL_HALVES.buffer))
    const out = bench.allocate(4 * PATTERNS)
    for (let i = 0; i < PATTERNS; i += n) {
      bench.kernels.dequantize(id, (halves + 2 * i) as Pointer, (out + 4 * i) as Pointer, n)
    }
    const floats = bench.result(out, PATTERNS)
    expect(Array.from(ALL_HALVES).filter((h) => !Object.is(floats[h], halfValue(h)))).toEqual([])
  })
})

describe('f32 to half', () => {
  test('round-trips every half that is not NaN', () => {
    const halves = storedHalves(bench.floats(Array.from(ALL_HALVES, halfValue)), PATTERNS)
    const wrong = Array.from(ALL_HALVES).filter((h) => halves[h] !== h && !Number.isNaN(halfValue(h)))
    expect(wrong).toEqual([])
  })

  test('makes every NaN the quiet NaN', () => {
    expect(toHalves([Number.NaN, Number.NaN, 1, 0])).toEqual([0x7e00, 0x7e00, 0x3c00, 0])
    const words = Uint32Array.of(0x7f800001, 0xffffffff, 0x7fc00000, 0xff800001)
    const halves = storedHalves(bench.bytes(new Uint8Array(words.buffer)), 4)
    expect(Array.from(halves)).toEqual([0x7e00, 0xfe00, 0x7e00, 0xfe00])
  })

  test('rounds ties to even, overflows at 65520 and underflows at 2^-25', () => {
    expect(toHalves([2049, 2051, -2049, 65519.996])).toEqual([0x6800, 0x6802, 0xe800, 0x7bff])
    expect(toHalves([65520, -65520, 3e38, Number.POSITIVE_INFINITY])).toEqual([
      0x7c00, 0xfc00, 0x7c00, 0x7c00,
    ])
    expect(toHalves([2 ** -25, 2 ** -25 * (1 + 2 ** -23), 3 * 2 ** -25, -(2 ** -149)])).toEqual([
      0, 1, 2, 0x8000,
    ])
    expect(toHalves([2 ** -14 - 2 ** -25, 2 ** -14 - 2 ** -24, 2 ** -14, 0])).toEqual([
      0x0400, 0x03ff, 0x0400, 0,
    ])
  })

  test('finds the nearest half, ties to even', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -70000, max: 70000 })
    // Also values in the range of halves, which are rare among all floats.
    const scaled = fc
      .tuple(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), fc.integer({ min: -49, max: -8 }))
      .map(([mantissa, exponent]) => mantissa * 2 ** exponent)
    fc.assert(
      fc.property(fc.array(fc.oneof(float, scaled), { minLength: 4, maxLength: 4 }), (values) => {
        const halves = toHalves(values)
        for (const [i, value] of values.entries()) {
          const size = Math.abs(value)
          const half = halves[i] & 0x7fff
          expect(halves[i] >> 15).toBe(value < 0 || Object.is(value, -0) ? 1 : 0)
          // For rounding, infinity takes the place of the next half, 65536.
          const distance = (h: number) => Math.abs((h === 0x7c00 ? 65536 : halfValue(h)) - size)
          if (size >= 65536) {
            expect(half).toBe(0x7c00)
            continue
          }
          for (const neighbour of [half - 1, half + 1].filter((h) => h >= 0 && h <= 0x7c00)) {
            expect(distance(half)).toBeLessThanOrEqual(distance(neighbour))
            if (distance(half) === distance(neighbour)) expect(half & 1).toBe(0)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})
