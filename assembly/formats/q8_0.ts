import { BYTE_DOTS } from '../math/byte_dots'
import { BYTES_80, constant } from '../math/constants'
import { loadFiniteF16 } from '../math/f16'
import { madd } from '../math/lanes'
import { dequantizeBlocks, dotBlocks, unpackBlocks } from './blocks'
import { scaled, storeScaled } from './bytes'
import { halves4, storeEight, sumsI32x4 } from './rows'

/**
 * 32 signed bytes under one half-precision scale `d`: w = d × q.
 * Layout: d (f16), q (i8[32]). Source: block_q8_0 in ggml-common.h.
 */
@unmanaged
export class Q8_0 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 34
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

  @inline dequantizeBlock(out: usize): void {
    const w = changetype<usize>(this)
    const scale = f32x4.splat(loadFiniteF16(w))
    storeScaled(out, v128.load(w + 2), scale)
    storeScaled(out + 64, v128.load(w + 18), scale)
  }

  @inline get bits(): i32 {
    return 8
  }

  /** With 128 added, so that they are not negative. */
  @inline quants(k: i32, _step: i32 = 0): v128 {
    return v128.xor(v128.load(changetype<usize>(this) + 2 + ((<usize>k) << 4)), constant(BYTES_80))
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    const w = changetype<usize>(this)
    v128.store(quants, v128.load(w + 2))
    v128.store(quants, v128.load(w + 18), 16)
    store<f32>(scales, loadFiniteF16(w))
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q8_0>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q8_0>(changetype<usize>(this), quants, scales, minimums, n)
  }

  /** With 8-bit activations where `BYTE_DOTS` says that they will do, else with 16 bits. */
  dot8(far: usize, last: usize, x: usize, n: i32, out: usize, outFar: usize, count: i32): void {
    const w = changetype<usize>(this)
    if (BYTE_DOTS) dotBlocks<Q8_0>(w, far, last, x, n, 128, out, outFar, count)
    else dotWide(w, far, last, x, n, out, outFar, count)
  }
}

/** A block times 32 activations of 16 bits, in four lanes, each the sum of 8 products below 2^22. */
@inline
function dotBlock(w: usize, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  return i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(v128.load8x8_s(w + 2), x0), i32x4.dot_i16x8_s(v128.load8x8_s(w + 10), x1)),
    i32x4.add(i32x4.dot_i16x8_s(v128.load8x8_s(w + 18), x2), i32x4.dot_i16x8_s(v128.load8x8_s(w + 26), x3)),
  )
}

/** Eight rows with activations of 16 bits. */
@inline
function dotWide(
  w: usize,
  far: usize,
  last: usize,
  x: usize,
  n: i32,
  out: usize,
  outFar: usize,
  count: i32,
): void {
  let w0 = w
  let w1 = min(w + far, last)
  let w2 = min(w + 2 * far, last)
  let w3 = min(w + 3 * far, last)
  let w4 = min(w + 4 * far, last)
  let w5 = min(w + 5 * far, last)
  let w6 = min(w + 6 * far, last)
  let w7 = min(w + 7 * far, last)
  let scales = x + ((<usize>n) << 1)
  let low = f32x4.splat(0)
  let high = f32x4.splat(0)
  for (const end = scales; x < end; x += 64, scales += 4) {
    const x0 = v128.load(x)
    const x1 = v128.load(x, 16)
    const x2 = v128.load(x, 32)
    const x3 = v128.load(x, 48)
    const scale = v128.load32_splat(scales)
    const dots = sumsI32x4(
      dotBlock(w0, x0, x1, x2, x3),
      dotBlock(w1, x0, x1, x2, x3),
      dotBlock(w2, x0, x1, x2, x3),
      dotBlock(w3, x0, x1, x2, x3),
    )
    low = madd(scaled(dots, scale), halves4(w0, w1, w2, w3), low)
    w0 += 34
    w1 += 34
    w2 += 34
    w3 += 34
    const highDots = sumsI32x4(
      dotBlock(w4, x0, x1, x2, x3),
      dotBlock(w5, x0, x1, x2, x3),
      dotBlock(w6, x0, x1, x2, x3),
      dotBlock(w7, x0, x1, x2, x3),
    )
    high = madd(scaled(highDots, scale), halves4(w4, w5, w6, w7), high)
    w4 += 34
    w5 += 34
    w6 += 34
    w7 += 34
  }
  storeEight(out, outFar, count, low, high)
}

/** The same with quants from 0 to 255, for matrix products of bytes. */
@unmanaged
export class UnsignedQ8_0 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 34
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 128
  }
  @inline get bits(): i32 {
    return 8
  }
  @inline get minimums(): bool {
    return false
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    const block = changetype<Q8_0>(changetype<usize>(this))
    v128.store(quants, block.quants(0))
    v128.store(quants, block.quants(1), 16)
    store<f32>(scales, loadFiniteF16(changetype<usize>(this)))
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<UnsignedQ8_0>(changetype<usize>(this), quants, scales, minimums, n)
  }
}
