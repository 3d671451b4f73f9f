/** Blocks of 32, in the order of `addBlocks` and `addMinimumBlocks` in formats/blocks.ts. */
import { scaled } from '../formats/bytes'
import { upperHalves, words4 } from '../formats/rows'
import { BYTE_DOTS } from '../math/byte_dots'
import { madd } from '../math/lanes'
import { Head, packBytes, packSum, packWords, packZero } from './panel'
import { Bytes } from './products'
import { HEAD, tile, tile6 } from './tile'

/** Minimums of the rows in a block's head, behind their scales. */
const MINIMUMS: usize = 32

/** `D` is `Pairs`, `Bytes` or `Words` of products.ts; where `BYTE_DOTS` holds, `Bytes` takes the place of `Pairs`. */
@unmanaged
export class Blocks<T, D> {
  @inline get panelBytes(): usize {
    return HEAD + changetype<D>(0).bytes
  }

  /** Bytes of an activation. */
  @inline get width(): usize {
    return changetype<D>(0).width
  }

  @inline pack(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    if (changetype<T>(0).minimums) {
      const words = words4(w0, w1, w2, w3)
      v128.store(to, upperHalves(i32x4.shl(words, 16)))
      v128.store(to, upperHalves(words), MINIMUMS)
    } else v128.store(to, changetype<T>(w0).scales4(w1, w2, w3))
    if (changetype<D>(0).width == 2) packWords<T>(w0, w1, w2, w3, to + HEAD)
    else {
      packBytes<T>(w0, w1, w2, w3, 0, 0, to + HEAD)
      packBytes<T>(w0, w1, w2, w3, 1, 0, to + HEAD + 128)
    }
  }

  @inline packTerms(sums: usize, total: usize, to: usize): void {
    if (changetype<T>(0).minimums) packSum(sums, to)
    else packZero<T>(total, to)
  }

  @inline multiply<N>(end: usize, _quants: usize, x: usize, terms: usize, to: usize, _work: usize): void {
    const panel = changetype<usize>(this)
    const bits: i32 = changetype<D>(0).inPairs ? changetype<T>(0).bits : 8
    if (changetype<T>(0).minimums) multiplyMinimumBlocks<D, N>(panel, end, x, terms, to, bits)
    else multiplyBlocks<D, N>(panel, end, x, terms, to, bits)
  }
}

// Not inlined, so that formats share them.
function multiplyBlocks<D, N>(panel: usize, end: usize, x: usize, terms: usize, to: usize, bits: i32): void {
  if (!changetype<D>(0).inPairs) return tile<D, BlockPanel<D>, N>(panel, end, panel, x, terms, to)
  if (BYTE_DOTS) tile<Bytes, BlockPanel<Bytes>, N>(panel, end, panel, x, terms, to)
  else if (bits > 4) tile6<BlockPanel<Bytes>, N>(panel, end, x, terms, to)
  else tile<D, BlockPanel<D>, N>(panel, end, panel, x, terms, to)
}

function multiplyMinimumBlocks<D, N>(panel: usize, end: usize, x: usize, terms: usize, to: usize, bits: i32): void {
  if (!changetype<D>(0).inPairs) return tile<D, MinimumPanel<D>, N>(panel, end, panel, x, terms, to)
  if (BYTE_DOTS) tile<Bytes, MinimumPanel<Bytes>, N>(panel, end, panel, x, terms, to)
  else if (bits > 4) tile6<MinimumPanel<Bytes>, N>(panel, end, x, terms, to)
  else tile<D, MinimumPanel<D>, N>(panel, end, panel, x, terms, to)
}

/** The head of a block without minimums: the rows' scales. */
@unmanaged
export class BlockPanel<D> extends Head {
  @inline start(term: v128): v128 {
    return changetype<D>(0).width == 2 || changetype<D>(0).inPairs ? i32x4.splat(0) : term
  }

  @inline rows(four: usize): v128 {
    return v128.load(changetype<usize>(this) + four)
  }

  @inline accumulate(low: v128, high: v128, rows0: v128, rows4: v128, scale: v128, term: v128, to: usize): void {
    low = changetype<D>(0).total(low)
    high = changetype<D>(0).total(high)
    if (changetype<D>(0).inPairs) {
      low = i32x4.add(low, term)
      high = i32x4.add(high, term)
    }
    v128.store(to, madd(scaled(low, scale), rows0, v128.load(to)))
    v128.store(to, madd(scaled(high, scale), rows4, v128.load(to, 16)), 16)
  }
}

/** With minimums, behind the scales; a token's term is the sum of its activations. */
@unmanaged
class MinimumPanel<D> extends Head {
  @inline start(_term: v128): v128 {
    return i32x4.splat(0)
  }

  @inline rows(four: usize): v128 {
    return v128.load(changetype<usize>(this) + four)
  }

  @inline accumulate(low: v128, high: v128, rows0: v128, rows4: v128, scale: v128, term: v128, to: usize): void {
    const head = changetype<usize>(this)
    const lower = madd(v128.load(head, MINIMUMS), term, v128.load(to))
    const upper = madd(v128.load(head, MINIMUMS + 16), term, v128.load(to, 16))
    v128.store(to, madd(scaled(changetype<D>(0).total(low), scale), rows0, lower))
    v128.store(to, madd(scaled(changetype<D>(0).total(high), scale), rows4, upper), 16)
  }
}
