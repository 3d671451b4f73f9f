import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import type { Pointer } from '../../src/wasm/kernels.js'
import { KernelMemory } from './kernel-memory.js'

const PATTERNS = 65536

/** By the definition of IEEE 754 binary16. */
function halfValue(bits: number): number {
  const sign = bits >> 15 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

let memory: KernelMemory
let halvesAt: Pointer
let floatsAt: Pointer

beforeAll(async () => {
  memory = await KernelMemory.load()
  halvesAt = memory.allocate(PATTERNS * 2)
  floatsAt = memory.allocate(PATTERNS * 4)
})

/** Four values through the kernel that stores halves. */
function toHalves(values: readonly number[]): number[] {
  memory.f32(floatsAt, 4).set(values)
  memory.kernels.store_f16(floatsAt, halvesAt, 4)
  return Array.from(new Uint16Array(memory.buffer, halvesAt, 4))
}

describe('half to f32', () => {
  test.each([
    ['vectors of four', 0],
    ['the rest of a row', 1],
  ])('is exact for all patterns: %s', (_, rest) => {
    const bits = new Uint16Array(memory.buffer, halvesAt, PATTERNS)
    for (let i = 0; i < PATTERNS; i++) bits[i] = i
    const { id } = blockFormat('F16')
    if (rest) {
      for (let i = 0; i < PATTERNS; i++) {
        memory.kernels.dequantize(id, (halvesAt + 2 * i) as Pointer, (floatsAt + 4 * i) as Pointer, 1)
      }
    } else memory.kernels.dequantize(id, halvesAt, floatsAt, PATTERNS)
    const floats = memory.f32(floatsAt, PATTERNS)
    const wrong = Array.from(bits).filter((b) => !Object.is(floats[b], halfValue(b)))
    expect(wrong).toEqual([])
  })
})

describe('f32 to half', () => {
  test('gives back every half that is not NaN', () => {
    const floats = memory.f32(floatsAt, PATTERNS)
    for (let i = 0; i < PATTERNS; i++) floats[i] = halfValue(i)
    memory.kernels.store_f16(floatsAt, halvesAt, PATTERNS)
    const halves = new Uint16Array(memory.buffer, halvesAt, PATTERNS)
    expect(Array.from(halves.keys()).filter((i) => halves[i] !== i && !Number.isNaN(halfValue(i)))).toEqual(
      [],
    )
  })

  test('makes every NaN the quiet one', () => {
    expect(toHalves([Number.NaN, Number.NaN, 1, 0])).toEqual([0x7e00, 0x7e00, 0x3c00, 0])
    new Uint32Array(memory.buffer, floatsAt, 4).set([0x7f800001, 0xffffffff, 0x7fc00000, 0xff800001])
    memory.kernels.store_f16(floatsAt, halvesAt, 4)
    expect(Array.from(new Uint16Array(memory.buffer, halvesAt, 4))).toEqual([0x7e00, 0xfe00, 0x7e00, 0xfe00])
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
    // Also values from the region that halves have, which are rare among all floats.
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
          // For rounding, infinity stands where the next half would be.
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
