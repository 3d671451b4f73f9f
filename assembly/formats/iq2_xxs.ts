import { loadFiniteF16 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'
import { scaled } from './bytes'
import { GRID, SIGNS } from './iq2_xxs_tables'

const BYTES: usize = 66

/**
 * 256 quants in eight sub-blocks of 32, about 2 bits each: w = d (s + 1/2) / 4 × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16), then 8 bytes per sub-block: four indices into GRID, each for 8 magnitudes; a u32 with four 7-bit
 * indices into SIGNS and s in its top 4 bits. Source: block_iq2_xxs in ggml-common.h.
 */
@unmanaged
export class IQ2_XXS {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 0
  }
  @inline get minimums(): bool {
    return false
  }

  /** Exact except for the roundings of the scale and the product, as in ggml. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const d = loadFiniteF16(w)
      for (let group = w + 2; group < w + BYTES; group += 8, out += 128) {
        const signs = load<u32>(group + 4)
        const scale = f32x4.splat(d * (0.5 + <f32>(signs >> 28)) * 0.25)
        store8(out, weights(group, signs), scale)
        store8(out + 32, weights(group + 1, signs >> 7), scale)
        store8(out + 64, weights(group + 2, signs >> 14), scale)
        store8(out + 96, weights(group + 3, signs >> 21), scale)
      }
    }
  }

  /** The quants are signed. */
  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += BYTES) {
      const d = loadFiniteF16(w) * 0.125
      for (let group = w + 2; group < w + BYTES; group += 8, quants += 32, scales += 4) {
        const signs = load<u32>(group + 4)
        v128.store(quants, i8x16.narrow_i16x8_s(weights(group, signs), weights(group + 1, signs >> 7)))
        v128.store(quants, i8x16.narrow_i16x8_s(weights(group + 2, signs >> 14), weights(group + 3, signs >> 21)), 16)
        store<f32>(scales, d * <f32>(((signs >> 28) << 1) | 1))
      }
    }
  }

  /** A lane sums 8 products of at most 43 × 32767: no overflow. */
  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let sum = f32x4.splat(0)
    for (const end = x + ((<usize>n) << 1); x < end; w += BYTES) {
      const d = loadFiniteF16(w) * 0.125
      for (let group = w + 2; group < w + BYTES; group += 8, x += 64, scales += 4) {
        const signs = load<u32>(group + 4)
        const dot0 = i32x4.dot_i16x8_s(weights(group, signs), v128.load(x))
        const dot1 = i32x4.dot_i16x8_s(weights(group + 1, signs >> 7), v128.load(x + 16))
        const dot2 = i32x4.dot_i16x8_s(weights(group + 2, signs >> 14), v128.load(x + 32))
        const dot3 = i32x4.dot_i16x8_s(weights(group + 3, signs >> 21), v128.load(x + 48))
        const dot = i32x4.add(i32x4.add(dot0, dot1), i32x4.add(dot2, dot3))
        const scale = d * <f32>(((signs >> 28) << 1) | 1) * load<f32>(scales)
        sum = f32x4.add(sum, scaled(dot, f32x4.splat(scale)))
      }
    }
    return sumF32x4(sum)
  }
}

/** The same with 64 added to the quants, which are then 21 to 107, for matrix products of bytes. */
@unmanaged
export class UnsignedIQ2_XXS {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 64
  }
  @inline get minimums(): bool {
    return false
  }
  @inline get bits(): i32 {
    return 7
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    changetype<IQ2_XXS>(changetype<usize>(this)).unpack(quants, scales, minimums, n)
    const zero = i8x16.splat(64)
    for (const end = quants + <usize>n; quants < end; quants += 16) {
      v128.store(quants, i8x16.add(v128.load(quants), zero))
    }
  }
}

/** Eight signed magnitudes as i16: the byte at `index` selects the magnitudes, the low 7 bits of `signs` the signs. */
@inline
function weights(index: usize, signs: u32): v128 {
  const magnitudes = v128.load8x8_u(GRID + ((<usize>load<u8>(index)) << 3))
  return i16x8.mul(magnitudes, v128.load8x8_s(SIGNS + ((<usize>(signs & 127)) << 3)))
}

@inline
function store8(out: usize, values: v128, scale: v128): void {
  v128.store(out, scaled(i32x4.extend_low_i16x8_s(values), scale))
  v128.store(out + 16, scaled(i32x4.extend_high_i16x8_s(values), scale))
}
