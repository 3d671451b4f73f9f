/** Formats whose blocks are several steps of 32 quants under one half-precision scale d: w = d (q - 1). */
import { DOT_BYTES } from '../activations'
import { loadSmallF16 } from '../math/f16'
import { madd } from '../math/lanes'
import { storeScaled } from './bytes'
import { dots32, smallHalves4 } from './rows'

/**
 * `T`, a class that extends this one, has `elements` and `bytes`, `scaleAt`, the offset of the scale in a block, and
 * `quants(k, step)`: vector k of step `step`, sixteen quants from 0 to 3, without subtracting 1.
 */
@unmanaged
export class Steps<T> {
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 1
  }
  @inline get minimums(): bool {
    return false
  }
  @inline get bits(): i32 {
    return 2
  }
  @inline get width(): usize {
    return DOT_BYTES
  }

  /** One rounding each. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    const zero = i8x16.splat(<i8>this.zero)
    for (const end = out + ((<usize>n) << 2); out < end; w += <usize>changetype<T>(w).bytes) {
      const block = changetype<T>(w)
      const scale = f32x4.splat(loadSmallF16(w + block.scaleAt))
      for (let step = 0; step < block.elements >> 5; step++, out += 128) {
        storeScaled(out, i8x16.sub(block.quants(0, step), zero), scale)
        storeScaled(out + 64, i8x16.sub(block.quants(1, step), zero), scale)
      }
    }
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += <usize>changetype<T>(w).bytes) {
      const block = changetype<T>(w)
      const scale = loadSmallF16(w + block.scaleAt)
      for (let step = 0; step < block.elements >> 5; step++, quants += 32, scales += 4) {
        v128.store(quants, block.quants(0, step))
        v128.store(quants, block.quants(1, step), 16)
        store<f32>(scales, scale)
      }
    }
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const block = changetype<T>(w0)
    let products = f32x4.splat(0)
    for (let step = 0; step < block.elements >> 5; step++, x += 32 * DOT_BYTES, scale += 4, total += 4) {
      const offset = i32x4.splat(this.zero * load<i32>(total))
      const dots = i32x4.sub(dots32<T>(w0, w1, w2, w3, 0, step, x), offset)
      products = madd(f32x4.convert_i32x4_s(dots), v128.load32_splat(scale), products)
    }
    const at = block.scaleAt
    return madd(smallHalves4(w0 + at, w1 + at, w2 + at, w3 + at), products, sum)
  }
}
