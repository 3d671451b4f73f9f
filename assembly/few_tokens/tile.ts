/**
 * The innermost loop: 32 columns of eight rows times the activations of two or four tokens. Of each token and row that is an
 * integer, exact in any order.
 *
 * A block of the panel begins with `HEAD` bytes of scales and the like. Then come vectors with 32 bits of each row (four
 * columns of 8 bits, or two of 16), two for the same columns: of rows 0 … 3, and of rows 4 … 7. Each word of activations is
 * broadcast once for both.
 */
import { dotAdd } from '../math/byte_dots'

/** Bytes of a block before its quants: room for two f32 of each row. */
export const HEAD: usize = 64

/** Tokens of a tile. */
@unmanaged
export class Two {
  @inline get tokens(): i32 {
    return 2
  }
}

@unmanaged
export class Four {
  @inline get tokens(): i32 {
    return 4
  }
}

/** Activations of 8 bits, quants of at most 4: a block's sums fit into 16 bits, 15 × 127 × 2 × 8 < 2^15. */
@unmanaged
export class Pairs {
  /** Bytes of an activation, and of a block's quants. */
  @inline get width(): usize {
    return 1
  }
  @inline get bytes(): usize {
    return 256
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(x, w))
  }
  /** Times a number that both halves of each lane of `factors` hold. */
  @inline total(sum: v128, factors: v128): v128 {
    return i32x4.dot_i16x8_s(sum, factors)
  }
  /** From the block's terms to the next one's. */
  @inline termStep(_block: usize): usize {
    return TERMS
  }
}

/** Activations of 8 bits, quants of 8, where `BYTE_DOTS` says that it can be done; there are no factors. */
@unmanaged
export class Bytes {
  @inline get width(): usize {
    return 1
  }
  @inline get bytes(): usize {
    return 256
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return dotAdd(x, w, sum)
  }
  @inline total(sum: v128, _factors: v128): v128 {
    return sum
  }
  @inline termStep(_block: usize): usize {
    return TERMS
  }
}

/** Activations and quants of 16 bits; there are no factors. */
@unmanaged
export class Words {
  @inline get width(): usize {
    return 2
  }
  @inline get bytes(): usize {
    return 512
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return i32x4.add(sum, i32x4.dot_i16x8_s(x, w))
  }
  @inline total(sum: v128, _factors: v128): v128 {
    return sum
  }
  @inline termStep(_block: usize): usize {
    return TERMS
  }
}

/**
 * What belongs to four tokens' activations of 32 columns: their scales, then two terms that the kernels choose; a word of
 * each token in turn.
 */
export const TERMS: usize = 48

/**
 * The products of the panel's blocks from `panel` to `end` with `N` tokens. `D` is how they are made; with
 * `changetype<K>(block).accumulate(low, high, terms, to)` a token takes its own of a block, to `to` and 32 bytes behind it for each
 * further token. `x0` … `x3` are the tokens' activations.
 */
@inline
export function tile<D, K, N>(
  panel: usize,
  end: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  terms: usize,
  to: usize,
): void {
  const four = changetype<N>(0).tokens == 4
  const dots = changetype<D>(0)
  for (; panel < end; terms += dots.termStep(panel), panel += HEAD + dots.bytes) {
    let a0 = i32x4.splat(0)
    let a1 = i32x4.splat(0)
    let a2 = i32x4.splat(0)
    let a3 = i32x4.splat(0)
    let b0 = i32x4.splat(0)
    let b1 = i32x4.splat(0)
    let b2 = i32x4.splat(0)
    let b3 = i32x4.splat(0)
    for (let at = panel, last = panel + dots.bytes; at < last; at += 128) {
      let w = v128.load(at, HEAD)
      let v = v128.load(at, HEAD + 16)
      let x = v128.load32_splat(x0)
      a0 = dots.add(x, w, a0)
      b0 = dots.add(x, v, b0)
      x = v128.load32_splat(x1)
      a1 = dots.add(x, w, a1)
      b1 = dots.add(x, v, b1)
      if (four) {
        x = v128.load32_splat(x2)
        a2 = dots.add(x, w, a2)
        b2 = dots.add(x, v, b2)
        x = v128.load32_splat(x3)
        a3 = dots.add(x, w, a3)
        b3 = dots.add(x, v, b3)
      }
      w = v128.load(at, HEAD + 32)
      v = v128.load(at, HEAD + 48)
      x = v128.load32_splat(x0, 4)
      a0 = dots.add(x, w, a0)
      b0 = dots.add(x, v, b0)
      x = v128.load32_splat(x1, 4)
      a1 = dots.add(x, w, a1)
      b1 = dots.add(x, v, b1)
      if (four) {
        x = v128.load32_splat(x2, 4)
        a2 = dots.add(x, w, a2)
        b2 = dots.add(x, v, b2)
        x = v128.load32_splat(x3, 4)
        a3 = dots.add(x, w, a3)
        b3 = dots.add(x, v, b3)
      }
      w = v128.load(at, HEAD + 64)
      v = v128.load(at, HEAD + 80)
      x = v128.load32_splat(x0, 8)
      a0 = dots.add(x, w, a0)
      b0 = dots.add(x, v, b0)
      x = v128.load32_splat(x1, 8)
      a1 = dots.add(x, w, a1)
      b1 = dots.add(x, v, b1)
      if (four) {
        x = v128.load32_splat(x2, 8)
        a2 = dots.add(x, w, a2)
        b2 = dots.add(x, v, b2)
        x = v128.load32_splat(x3, 8)
        a3 = dots.add(x, w, a3)
        b3 = dots.add(x, v, b3)
      }
      w = v128.load(at, HEAD + 96)
      v = v128.load(at, HEAD + 112)
      x = v128.load32_splat(x0, 12)
      a0 = dots.add(x, w, a0)
      b0 = dots.add(x, v, b0)
      x = v128.load32_splat(x1, 12)
      a1 = dots.add(x, w, a1)
      b1 = dots.add(x, v, b1)
      if (four) {
        x = v128.load32_splat(x2, 12)
        a2 = dots.add(x, w, a2)
        b2 = dots.add(x, v, b2)
        x = v128.load32_splat(x3, 12)
        a3 = dots.add(x, w, a3)
        b3 = dots.add(x, v, b3)
        x2 += 16
        x3 += 16
      }
      x0 += 16
      x1 += 16
    }
    const k = changetype<K>(panel)
    const f = k.factors(0)
    const g = k.factors(16)
    k.accumulate(dots.total(a0, f), dots.total(b0, g), terms, to)
    k.accumulate(dots.total(a1, f), dots.total(b1, g), terms + 4, to + 32)
    if (four) {
      k.accumulate(dots.total(a2, f), dots.total(b2, g), terms + 8, to + 64)
      k.accumulate(dots.total(a3, f), dots.total(b3, g), terms + 12, to + 96)
    }
  }
}

/** Four columns' products of quants of at most 6 bits in two i16 lanes of each row. */
@inline
function pairs(x: v128, w: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, w)
}

/** Eight columns: 63 × 127 × 2 × 2 < 2^15. */
@inline
function pairs8(x: v128, w: v128, y: v128, u: v128, factors: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(pairs(x, w), pairs(y, u)), factors))
}

/**
 * The same with activations of 8 bits for quants of 5 or 6. `changetype<K>(panel).factorsAt(at, four)` may differ between the
 * first sixteen columns, whose quants begin `HEAD` bytes behind `at`, and the last.
 */
@inline
export function tile6<K, N>(
  panel: usize,
  end: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  terms: usize,
  to: usize,
): void {
  const four = changetype<N>(0).tokens == 4
  for (; panel < end; panel += HEAD + 256, terms += TERMS) {
    let a0 = i32x4.splat(0)
    let a1 = i32x4.splat(0)
    let a2 = i32x4.splat(0)
    let a3 = i32x4.splat(0)
    let b0 = i32x4.splat(0)
    let b1 = i32x4.splat(0)
    let b2 = i32x4.splat(0)
    let b3 = i32x4.splat(0)
    for (let at = panel, last = panel + 256; at < last; at += 64) {
      const f = changetype<K>(panel).factorsAt(at, 0)
      const g = changetype<K>(panel).factorsAt(at, 16)
      const w = v128.load(at, HEAD)
      const v = v128.load(at, HEAD + 16)
      const u = v128.load(at, HEAD + 32)
      const t = v128.load(at, HEAD + 48)
      let x = v128.load32_splat(x0)
      let y = v128.load32_splat(x0, 4)
      a0 = pairs8(x, w, y, u, f, a0)
      b0 = pairs8(x, v, y, t, g, b0)
      x = v128.load32_splat(x1)
      y = v128.load32_splat(x1, 4)
      a1 = pairs8(x, w, y, u, f, a1)
      b1 = pairs8(x, v, y, t, g, b1)
      if (four) {
        x = v128.load32_splat(x2)
        y = v128.load32_splat(x2, 4)
        a2 = pairs8(x, w, y, u, f, a2)
        b2 = pairs8(x, v, y, t, g, b2)
        x = v128.load32_splat(x3)
        y = v128.load32_splat(x3, 4)
        a3 = pairs8(x, w, y, u, f, a3)
        b3 = pairs8(x, v, y, t, g, b3)
        x2 += 8
        x3 += 8
      }
      x0 += 8
      x1 += 8
    }
    const k = changetype<K>(panel)
    k.accumulate(a0, b0, terms, to)
    k.accumulate(a1, b1, terms + 4, to + 32)
    if (four) {
      k.accumulate(a2, b2, terms + 8, to + 64)
      k.accumulate(a3, b3, terms + 12, to + 96)
    }
  }
}
