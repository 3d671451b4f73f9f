import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../src/gguf/half.js'
import { quantize } from '../../src/gguf/quantize.js'

const quantizeQ8_0 = (values: Float32Array) => quantize(blockFormat('Q8_0'), values)
const quantizeQ4_0 = (values: Float32Array) => quantize(blockFormat('Q4_0'), values)

/** Every 16-bit value except NaN, in ascending order. */
function allFinite(decode: (bits: number) => number): number[] {
  const values: number[] = []
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = decode(bits)
    if (Number.isFinite(value)) values.push(value)
  }
  return values.sort((a, b) => a - b)
}

/** The nearest of the sorted values, the even pattern on a tie, by search instead of bit operations. */
function nearest(values: readonly number[], encode: (value: number) => number, wanted: number): number {
  let low = 0
  let high = values.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (values[middle] <= wanted) low = middle
    else high = middle
  }
  const below = wanted - values[low]
  const above = values[high] - wanted
  if (below !== above) return below < above ? values[low] : values[high]
  return encode(values[low]) % 2 === 0 ? values[low] : values[high]
}

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true })

describe('f16', () => {
  const values = allFinite(f16ToF32)

  it('preserves every half', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = f16ToF32(bits)
      if (!Number.isNaN(value)) expect(f32ToF16(value)).toBe(bits)
    }
  })

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99609375, 0x7bff],
    [65520, 0x7c00],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0000001, 0x0001],
    [1.5 * 2 ** -24, 0x0002],
    [2 ** -14, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [-0, 0x8000],
  ])('%d is 0x%s', (value, bits) => {
    expect(f32ToF16(value)).toBe(bits)
  })

  it('makes NaN quiet', () => {
    expect(f32ToF16(Number.NaN) & 0x7fff).toBe(0x7e00)
  })

  it('finds the nearest half of any value', () => {
    const inRange = fc.oneof(
      fc.float({ noNaN: true, min: -65504, max: 65504 }),
      fc.float({ noNaN: true, min: Math.fround(-0.0001), max: Math.fround(0.0001) }),
    )
    fc.assert(
      fc.property(inRange, (value) => {
        expect(f16ToF32(f32ToF16(value)) + 0).toBe(nearest(values, f32ToF16, value) + 0)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('bf16', () => {
  const values = allFinite(bf16ToF32)

  it('finds the nearest of any value', () => {
    const largest = values[values.length - 1]
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -largest, max: largest }), (value) => {
        expect(bf16ToF32(f32ToBf16(value)) + 0).toBe(nearest(values, f32ToBf16, value) + 0)
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps infinity and makes NaN quiet', () => {
    expect(f32ToBf16(Number.POSITIVE_INFINITY)).toBe(0x7f80)
    expect(bf16ToF32(f32ToBf16(Number.NaN))).toBeNaN()
  })
})

describe('Q8_0', () => {
  it('stores known values', () => {
    const values = new Float32Array(32)
    values[0] = 127
    values[1] = -127
    values[2] = 0.5
    values[3] = -0.5
    values[4] = 1.4999
    values[31] = -3
    const bytes = quantizeQ8_0(values)
    expect([...bytes.subarray(0, 7)]).toEqual([0x00, 0x3c, 127, 0x81, 1, 0xff, 1])
    expect(bytes[33]).toBe(0xfd)
  })

  it('gives zeros for zeros', () => {
    expect(quantizeQ8_0(new Float32Array(64))).toEqual(new Uint8Array(68))
  })

  it('is within half a step of the values, with an f64 reference of the steps', () => {
    fc.assert(
      fc.property(fc.array(float32, { minLength: 32, maxLength: 32 }), (list) => {
        const values = Float32Array.from(list, (value) => Math.fround(value % 1000))
        const bytes = quantizeQ8_0(values)
        const scale = Math.max(...values.map(Math.abs)) / 127
        fc.pre(scale > 1e-30)
        for (let i = 0; i < 32; i++) {
          const quant = new Int8Array(bytes.buffer)[2 + i]
          expect(Math.abs(quant * scale - values[i])).toBeLessThanOrEqual(scale * 0.50001)
        }
        expect(Math.abs(f16ToF32(bytes[0] | (bytes[1] << 8)) - scale)).toBeLessThanOrEqual(
          Math.max(scale * 2 ** -11, 2 ** -25),
        )
      }),
    )
  })
})

describe('Q4_0', () => {
  it('stores known values: the extreme becomes 0, zero becomes 8', () => {
    const values = new Float32Array(32)
    values[0] = -8
    values[1] = 7
    values[16] = 8
    values[17] = -1
    const bytes = quantizeQ4_0(values)
    expect([...bytes.subarray(0, 5)]).toEqual([0x00, 0x3c, 0xf0, 0x7f, 0x88])
  })

  it('turns the scale around when the extreme is positive', () => {
    const bytes = quantizeQ4_0(Float32Array.from({ length: 32 }, (_, i) => (i === 3 ? 4 : 0)))
    expect(bytes[1]).toBe(0xb8)
    expect(bytes[2 + 3]).toBe(0x80)
  })

  it('is within a step of the values, with an f64 reference of the steps', () => {
    fc.assert(
      fc.property(fc.array(float32, { minLength: 32, maxLength: 32 }), (list) => {
        const values = Float32Array.from(list, (value) => Math.fround(value % 1000))
        const extreme = values.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0)
        fc.pre(Math.abs(extreme) > 1e-30)
        const scale = extreme / -8
        const bytes = quantizeQ4_0(values)
        for (let i = 0; i < 32; i++) {
          const quant = (i < 16 ? bytes[2 + i] & 15 : bytes[2 + i - 16] >> 4) - 8
          const step = values[i] / scale
          // The positive extreme has no level: 8 is stored as 7.
          const expected = Math.min(7, step)
          expect(Math.abs(quant - expected)).toBeLessThanOrEqual(0.50001)
        }
      }),
    )
  })
})

describe('quantize', () => {
  it('rejects formats without a quantizer and partial blocks', () => {
    expect(() => quantize(blockFormat('IQ1_S'), new Float32Array(256))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: 'cannot quantize to IQ1_S' }),
    )
    expect(() => quantize(blockFormat('Q8_0'), new Float32Array(33))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })

  it.each([
    ...['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1'],
    ...['Q4_K', 'Q5_K', 'Q6_K', 'IQ4_NL', 'IQ4_XS'],
  ])('%s has the size of its blocks', (name) => {
    const format = blockFormat(name)
    expect(quantize(format, new Float32Array(512))).toHaveLength(
      (512 / format.blockElements) * format.blockBytes,
    )
  })
})
