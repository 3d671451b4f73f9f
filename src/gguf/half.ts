/**
 * 16-bit floats ↔ f32, rounding to nearest, ties to even.
 * Source: IEEE 754-2019 binary16; bfloat16 is the upper half of binary32. NaN becomes ggml's quiet NaN.
 */
const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** Bits of the nearest binary16; values of 65520 and more become infinity. */
export function f32ToF16(value: number): number {
  float[0] = value
  const sign = (bits[0] >>> 16) & 0x8000
  const magnitude = bits[0] & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // 65520 is halfway between the largest half and the next power of two.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    const odd = (magnitude >>> 13) & 1
    // Rebias the exponent from 127 to 15 and round off the low 13 bits; a carry may go into the exponent.
    return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13)
  }
  // Subnormal halves are multiples of 2^-24. Adding 0.5 aligns the value so that the f32 addition rounds it.
  float[0] = Math.abs(value) + 0.5
  return sign | (bits[0] - 0x3f000000)
}

export function f16ToF32(half: number): number {
  const magnitude = half & 0x7fff
  if (magnitude >= 0x7c00)
    return magnitude > 0x7c00
      ? Number.NaN
      : half & 0x8000
        ? Number.NEGATIVE_INFINITY
        : Number.POSITIVE_INFINITY
  // The exponent's bias is 127 instead of 15, also of a subnormal: the product is exact.
  bits[0] = magnitude << 13
  const value = float[0] * 2 ** 112
  return half & 0x8000 ? -value : value
}

/** Bits of the nearest bfloat16. */
export function f32ToBf16(value: number): number {
  float[0] = value
  const word = bits[0]
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
}

export function bf16ToF32(half: number): number {
  bits[0] = half << 16
  return float[0]
}
