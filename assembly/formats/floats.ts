/** Loops over the values of a row, for formats of plain numbers. */
import { FLOATS } from '../activations'
import { sums4 } from '../math/lanes'
import { storeEight } from './row_dots'

/** `T` has `load4()`, which loads four values as f32, and `load1()`. */
@inline
export function widenRow<T>(row: usize, out: usize, n: i32): void {
  const bytes = changetype<T>(row).bytes
  for (const end = out + ((<usize>(n & ~3)) << 2); out < end; row += 4 * bytes, out += 16) {
    v128.store(out, changetype<T>(row).load4())
  }
  for (const end = out + ((<usize>(n & 3)) << 2); out < end; row += bytes, out += 4) {
    store<f32>(out, changetype<T>(row).load1())
  }
}

/**
 * Eight rows at a time, which share the loads of the activations. `T` has `addEight(x0, x1, sum)`: `sum` plus the products
 * of eight values with eight activations, which `T.scale` has scaled; `T.unscale` undoes that in the sum.
 */
@unmanaged
export class FloatRows<T> {
  @inline get kind(): i32 {
    return FLOATS
  }

  /**
   * The rows begin at the pointer itself and are `far` bytes apart, but not after `last`; `x` is f32[n]. The first `count`
   * results are written to `out`, `outFar` bytes apart.
   */
  dotEight(far: usize, last: usize, x: usize, n: i32, out: usize, outFar: usize, count: i32): void {
    const w = changetype<usize>(this)
    const bytes = <usize>changetype<T>(w).bytes
    let w0 = w
    let w1 = min(w + far, last)
    let w2 = min(w + 2 * far, last)
    let w3 = min(w + 3 * far, last)
    let w4 = min(w + 4 * far, last)
    let w5 = min(w + 5 * far, last)
    let w6 = min(w + 6 * far, last)
    let w7 = min(w + 7 * far, last)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    let sum2 = f32x4.splat(0)
    let sum3 = f32x4.splat(0)
    let sum4 = f32x4.splat(0)
    let sum5 = f32x4.splat(0)
    let sum6 = f32x4.splat(0)
    let sum7 = f32x4.splat(0)
    for (const end = x + ((<usize>(n & ~7)) << 2); x < end; x += 32) {
      const x0 = changetype<T>(w).scale(v128.load(x))
      const x1 = changetype<T>(w).scale(v128.load(x, 16))
      sum0 = changetype<T>(w0).addEight(x0, x1, sum0)
      w0 += 8 * bytes
      sum1 = changetype<T>(w1).addEight(x0, x1, sum1)
      w1 += 8 * bytes
      sum2 = changetype<T>(w2).addEight(x0, x1, sum2)
      w2 += 8 * bytes
      sum3 = changetype<T>(w3).addEight(x0, x1, sum3)
      w3 += 8 * bytes
      sum4 = changetype<T>(w4).addEight(x0, x1, sum4)
      w4 += 8 * bytes
      sum5 = changetype<T>(w5).addEight(x0, x1, sum5)
      w5 += 8 * bytes
      sum6 = changetype<T>(w6).addEight(x0, x1, sum6)
      w6 += 8 * bytes
      sum7 = changetype<T>(w7).addEight(x0, x1, sum7)
      w7 += 8 * bytes
    }
    let low = changetype<T>(w).unscale(sums4(sum0, sum1, sum2, sum3))
    let high = changetype<T>(w).unscale(sums4(sum4, sum5, sum6, sum7))
    for (const end = x + ((<usize>(n & 7)) << 2); x < end; x += 4) {
      const value = v128.load32_splat(x)
      low = f32x4.add(low, f32x4.mul(load1x4<T>(w0, w1, w2, w3), value))
      high = f32x4.add(high, f32x4.mul(load1x4<T>(w4, w5, w6, w7), value))
      w0 += bytes
      w1 += bytes
      w2 += bytes
      w3 += bytes
      w4 += bytes
      w5 += bytes
      w6 += bytes
      w7 += bytes
    }
    storeEight(low, high, out, outFar, count)
  }
}

/** One value of each of four rows. */
@inline
function load1x4<T>(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
  let values = f32x4.splat(changetype<T>(w0).load1())
  values = f32x4.replace_lane(values, 1, changetype<T>(w1).load1())
  values = f32x4.replace_lane(values, 2, changetype<T>(w2).load1())
  return f32x4.replace_lane(values, 3, changetype<T>(w3).load1())
}
