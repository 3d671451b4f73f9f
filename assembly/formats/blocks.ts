/** Formats with 32 elements in a block. */
import { DOT_BYTES } from '../activations'
import { loadFiniteF16 } from '../math/f16'
import { madd } from '../math/lanes'
import { scaled, storeScaled, storeScaledPlus } from './bytes'
import { dots32, halves4, upperHalves, words4 } from './rows'

/** `T`, a class that extends this one, has `dequantizeBlock(out)` and `unpackBlock(quants, scales, minimums)`. */
@unmanaged
export class Blocks32<T> {
  @inline get elements(): i32 {
    return 32
  }
  @inline get step(): i32 {
    return 32
  }

  /** Rounds as ggml does. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    const bytes = changetype<T>(w).bytes
    for (const end = out + ((<usize>n) << 2); out < end; w += bytes, out += 128) {
      changetype<T>(w).dequantizeBlock(out)
    }
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    const bytes = changetype<T>(w).bytes
    for (const end = quants + <usize>n; quants < end; w += bytes, quants += 32, scales += 4, minimums += 4) {
      changetype<T>(w).unpackBlock(quants, scales, minimums)
    }
  }
}

/** Blocks that begin with a half-precision scale d: w = d × (q - zero). `T` has `quants(k)`, sixteen quants q as bytes. */
@unmanaged
export class ScaledBlocks<T> extends Blocks32<T> {
  @inline get minimums(): bool {
    return false
  }

  @inline scales4(w1: usize, w2: usize, w3: usize): v128 {
    return halves4(changetype<usize>(this), w1, w2, w3)
  }

  /** Exact: one rounding each. */
  @inline dequantizeBlock(out: usize): void {
    const w = changetype<usize>(this)
    const scale = f32x4.splat(loadFiniteF16(w))
    storeScaled(out, signedQuants<T>(w, 0), scale)
    storeScaled(out + 64, signedQuants<T>(w, 1), scale)
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    const w = changetype<usize>(this)
    v128.store(quants, changetype<T>(w).quants(0))
    v128.store(quants, changetype<T>(w).quants(1), 16)
    store<f32>(scales, loadFiniteF16(w))
  }
}

/** The same with unsigned quants. */
@unmanaged
export class UnsignedBlocks<T> extends ScaledBlocks<T> {
  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    return addBlocks<T>(changetype<usize>(this), w1, w2, w3, x, scale, total, sum)
  }
}

/** Blocks that begin with a scale d and a minimum m: w = d × q + m, rounded after the product and after the sum. */
@unmanaged
export class MinimumBlocks<T> extends Blocks32<T> {
  @inline get zero(): i32 {
    return 0
  }
  @inline get minimums(): bool {
    return true
  }
  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline dequantizeBlock(out: usize): void {
    const w = changetype<usize>(this)
    const scale = f32x4.splat(loadFiniteF16(w))
    const minimum = f32x4.splat(loadFiniteF16(w + 2))
    storeScaledPlus(out, changetype<T>(w).quants(0), scale, minimum)
    storeScaledPlus(out + 64, changetype<T>(w).quants(1), scale, minimum)
  }

  @inline unpackBlock(quants: usize, scales: usize, minimums: usize): void {
    const w = changetype<usize>(this)
    v128.store(quants, changetype<T>(w).quants(0))
    v128.store(quants, changetype<T>(w).quants(1), 16)
    store<f32>(scales, loadFiniteF16(w))
    store<f32>(minimums, loadFiniteF16(w + 2))
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    return addMinimumBlocks<T>(changetype<usize>(this), w1, w2, w3, x, scale, sums, sum)
  }
}

/** Sixteen quants less their zero. */
@inline
export function signedQuants<T>(w: usize, k: i32): v128 {
  const quants = changetype<T>(w).quants(k)
  return changetype<T>(w).zero == 0 ? quants : i8x16.sub(quants, i8x16.splat(<i8>changetype<T>(w).zero))
}

/** The sum of a block's activations in all lanes, from its two at `sums`. */
@inline
function blockSum(sums: usize): v128 {
  return f32x4.splat(load<f32>(sums) + load<f32>(sums + 4))
}

/** Adds the products of four rows' blocks; `T` has `scales4(w1, w2, w3)`, and `zero` is subtracted from each quant. */
@inline
export function addBlocks<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  scale: usize,
  total: usize,
  sum: v128,
): v128 {
  const offset = i32x4.splat(changetype<T>(w0).zero * load<i32>(total))
  const dots = i32x4.sub(dots32<T>(w0, w1, w2, w3, 0, 0, x), offset)
  return madd(scaled(dots, v128.load32_splat(scale)), changetype<T>(w0).scales4(w1, w2, w3), sum)
}

/** The same for blocks that begin with a scale and a minimum, which is added to each weight. */
@inline
function addMinimumBlocks<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  scale: usize,
  sums: usize,
  sum: v128,
): v128 {
  const words = words4(w0, w1, w2, w3)
  const dots = scaled(dots32<T>(w0, w1, w2, w3, 0, 0, x), v128.load32_splat(scale))
  sum = madd(upperHalves(words), blockSum(sums), sum)
  return madd(dots, upperHalves(i32x4.shl(words, 16)), sum)
}
