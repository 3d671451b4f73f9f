import { BYTES_0F, constant } from '../math/constants'
import { loadSmallF16 } from '../math/f16'
import { madd } from '../math/lanes'
import { storeScaled } from './bytes'
import { IQ4, lookUpNibbles, UNSIGNED_IQ4 } from './codebook'
import { byte0, dots32, upperSmallHalves, words4 } from './rows'
import { signedDots32 } from './signed_rows'

const BYTES: usize = 136
/** Offsets in a block. */
const HIGH_BITS: usize = 2
const LOW_BITS: usize = 4
const QUANTS: usize = 8

/** `T` has `quants(k, step)`, vector k of sub-block `step`, and `dots(w1, w2, w3, step, x, total)`: four rows' products, as integers. */
@unmanaged
class SubBlocks<T> {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get minimums(): bool {
    return false
  }

  /** d (s - 32) of a sub-block. */
  @inline scale(step: i32): f32 {
    const w = changetype<usize>(this)
    const low = (<i32>load<u8>(w + LOW_BITS + ((<usize>step) >> 1)) >> ((step & 1) << 2)) & 15
    const high = (<i32>load<u16>(w + HIGH_BITS) >> (step << 1)) & 3
    return loadSmallF16(w) * <f32>((low | (high << 4)) - 32)
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += BYTES) {
      for (let step = 0; step < 8; step++, quants += 32, scales += 4) {
        v128.store(quants, changetype<T>(w).quants(0, step))
        v128.store(quants, changetype<T>(w).quants(1, step), 16)
        store<f32>(scales, changetype<SubBlocks<T>>(w).scale(step))
      }
    }
  }

  /** Per sub-block an integer, times its scale and that of its activations. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const width = changetype<T>(w0).width
    const words = words4(w0, w1, w2, w3)
    const low = words4(w0 + LOW_BITS, w1 + LOW_BITS, w2 + LOW_BITS, w3 + LOW_BITS)
    const high = spread(i32x4.shr_u(words, 16))
    let even = sixBits(low, i32x4.shl(high, 4))
    let odd = sixBits(i32x4.shr_u(low, 4), i32x4.shl(high, 2))
    let products = f32x4.splat(0)
    for (let step = 0; step < 8; step += 2, x += 64 * width, scale += 8, total += 8) {
      const dots0 = changetype<T>(w0).dots(w1, w2, w3, step, x, total)
      const scales0 = f32x4.mul(f32x4.convert_i32x4_s(byte0(even)), v128.load32_splat(scale))
      products = madd(f32x4.convert_i32x4_s(dots0), scales0, products)
      const dots1 = changetype<T>(w0).dots(w1, w2, w3, step + 1, x + 32 * width, total + 4)
      const scales1 = f32x4.mul(f32x4.convert_i32x4_s(byte0(odd)), v128.load32_splat(scale, 4))
      products = madd(f32x4.convert_i32x4_s(dots1), scales1, products)
      even = i32x4.shr_u(even, 8)
      odd = i32x4.shr_u(odd, 8)
    }
    return madd(upperSmallHalves(i32x4.shl(words, 16)), products, sum)
  }
}

/**
 * 256 indices of 4 bits into IQ4 (codebook.ts) in eight sub-blocks of 32, each with a 6-bit scale s: w = d (s - 32) IQ4[q].
 * Layout: d (f16), high 2 bits of the scales (u16), low 4 bits (4 bytes), then 16 bytes per sub-block, whose low nibbles are
 * elements 0…15 and high nibbles 16…31. Source: block_iq4_xs in ggml-common.h.
 */
@unmanaged
export class IQ4_XS extends SubBlocks<IQ4_XS> {
  @inline get zero(): i32 {
    return 0
  }

  @inline quants(k: i32, step: i32): v128 {
    return lookUpNibbles(IQ4, v128.load(changetype<usize>(this) + QUANTS + ((<usize>step) << 4)), k)
  }

  /** Rounds as ggml does: d × (s - 32), then that times the value. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const block = changetype<IQ4_XS>(w)
      for (let step = 0; step < 8; step++, out += 128) {
        const scale = f32x4.splat(block.scale(step))
        storeScaled(out, block.quants(0, step), scale)
        storeScaled(out + 64, block.quants(1, step), scale)
      }
    }
  }

  @inline get width(): usize {
    return 2
  }

  @inline dots(w1: usize, w2: usize, w3: usize, step: i32, x: usize, _total: usize): v128 {
    return signedDots32<IQ4_XS>(changetype<usize>(this), w1, w2, w3, step, x)
  }
}

/** The same with 128 added to the values and 8-bit activations, for processors where `BYTE_DOTS` holds. */
@unmanaged
export class UnsignedIQ4_XS extends SubBlocks<UnsignedIQ4_XS> {
  @inline get zero(): i32 {
    return 128
  }
  @inline get bits(): i32 {
    return 8
  }

  @inline quants(k: i32, step: i32): v128 {
    return lookUpNibbles(UNSIGNED_IQ4, v128.load(changetype<usize>(this) + QUANTS + ((<usize>step) << 4)), k)
  }

  @inline get width(): usize {
    return 1
  }

  @inline dots(w1: usize, w2: usize, w3: usize, step: i32, x: usize, total: usize): v128 {
    const dots = dots32<UnsignedIQ4_XS>(changetype<usize>(this), w1, w2, w3, 0, step, x)
    return i32x4.sub(dots, i32x4.splat(load<i32>(total) << 7))
  }
}

/** The four nibbles of each lane's lower half in the low halves of its bytes. */
@inline
function spread(nibbles: v128): v128 {
  const bytes = v128.and(v128.or(nibbles, i32x4.shl(nibbles, 8)), i32x4.splat(0x00ff00ff))
  return v128.and(v128.or(bytes, i32x4.shl(bytes, 4)), constant(BYTES_0F))
}

/** Bytes of four low bits of `low` and two high ones of `high`, less 32. */
@inline
function sixBits(low: v128, high: v128): v128 {
  const bits = v128.or(v128.and(low, constant(BYTES_0F)), v128.and(high, i32x4.splat(0x30303030)))
  return i8x16.sub(bits, i32x4.splat(0x20202020))
}
