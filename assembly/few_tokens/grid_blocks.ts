/**
 * Formats with codebooks and activations of 8 bits, where `BYTE_DOTS` holds, and IQ3_S's nibbles: in the order of `addGridBlock` in
 * formats/grid_blocks.ts.
 */
import { madd } from '../math/lanes'
import { packBytes, packZero } from './panel'
import { Bytes, HalfBytes, Pairs } from './products'
import { clear, HEAD, TERMS, tile } from './tile'

/** In a sub-block's head its integer factors; of a sub-block of 16, where its term is, and how far the next block's terms are. */
const TERM: usize = 32
const TERM_STEP: usize = 36

@unmanaged
export class GridBlocks<T> {
  @inline get panelBytes(): usize {
    return changetype<T>(0).step == 32 ? panelBytes<Bytes>() : panelBytes<HalfBytes>()
  }

  @inline get width(): usize {
    return 1
  }

  @inline pack(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    const block = changetype<T>(w0)
    v128.store(to + this.panelBytes - SCALES, block.ds(w1, w2, w3))
    for (let sub: i32 = 0; sub < 8; sub++) {
      const words = block.words(w1, w2, w3, sub)
      v128.store(to, block.factors(words, 0, sub))
      packBytes<T>(w0, w1, w2, w3, 0, sub, to + HEAD)
      if (block.step == 16) {
        packTermPlace(to, 16, 0)
        to += HEAD + 128
        v128.store(to, block.factors(words, 1, sub))
        packTermPlace(to, 32, <u32>TERMS)
      }
      packBytes<T>(w0, w1, w2, w3, 1, sub, block.step == 16 ? to + HEAD : to + HEAD + 128)
      to += block.step == 16 ? HEAD + 128 : HEAD + 256
    }
  }

  /**
   * What the quants' zero adds to the products of a sub-block. Sums of 16 are a scale times an integer that f32 divides
   * exactly enough.
   */
  @inline packTerms(sums: usize, total: usize, to: usize): void {
    if (changetype<T>(0).step == 32) packZero<T>(total, to)
    else {
      const zero = changetype<T>(0).zero
      const scale = load<f32>(to - 16)
      store<i32>(to, -zero * <i32>nearest<f32>(load<f32>(sums) / scale))
      store<i32>(to, -zero * <i32>nearest<f32>(load<f32>(sums, 4) / scale), 16)
    }
  }

  @inline multiply<N>(end: usize, _quants: usize, x: usize, terms: usize, to: usize, work: usize): void {
    const panel = changetype<usize>(this)
    if (changetype<T>(0).bits == 4) multiplyPanels<Pairs, N>(panel, end, x, terms, to, work)
    else if (changetype<T>(0).step == 32) multiplyPanels<Bytes, N>(panel, end, x, terms, to, work)
    else multiplyPanels<HalfBytes, N>(panel, end, x, terms, to, work)
  }
}

/** The head of a sub-block of any of these formats: Bytes, HalfBytes, or for nibbles Pairs. */
@unmanaged
class GridPanel<D> {
  @inline get termPlace(): usize {
    return changetype<D>(0).bytes == 128 ? load<u32>(changetype<usize>(this), TERM) : 16
  }

  @inline get termStep(): usize {
    return changetype<D>(0).bytes == 128 ? load<u32>(changetype<usize>(this), TERM_STEP) : TERMS
  }

  @inline start(term: v128): v128 {
    return changetype<D>(0).inPairs ? i32x4.splat(0) : term
  }

  /** Integers. */
  @inline rows(four: usize): v128 {
    return v128.load(changetype<usize>(this) + four)
  }

  /** Adds to a token's products within the block. */
  @inline accumulate(low: v128, high: v128, rows0: v128, rows4: v128, scale: v128, term: v128, to: usize): void {
    if (changetype<D>(0).inPairs) {
      low = doubled<D>(low, term)
      high = doubled<D>(high, term)
    }
    v128.store(to, madd(f32x4.convert_i32x4_s(i32x4.mul(low, rows0)), scale, v128.load(to)))
    v128.store(to, madd(f32x4.convert_i32x4_s(i32x4.mul(high, rows4)), scale, v128.load(to, 16)), 16)
  }
}

/** The zero of nibbles is that of twice the quants. */
@inline
function doubled<D>(sum: v128, term: v128): v128 {
  const total = changetype<D>(0).total(sum)
  return i32x4.add(i32x4.add(total, total), term)
}

/** Bytes of the rows' scales d behind a block's sub-blocks. */
const SCALES: usize = 64

/** Of 256 columns. */
@inline
function panelBytes<D>(): usize {
  const bytes = changetype<D>(0).bytes
  return (bytes == 128 ? 16 : 8) * (HEAD + bytes) + SCALES
}

/** Not inlined, so that formats share it. */
function multiplyPanels<D, N>(
  panel: usize,
  end: usize,
  x: usize,
  terms: usize,
  to: usize,
  work: usize,
): void {
  for (; panel < end; panel += panelBytes<D>(), terms += 8 * TERMS, x += 1024) {
    clear<N>(work)
    const last = panel + panelBytes<D>() - SCALES
    tile<D, GridPanel<D>, N>(panel, last, panel, x, terms, work)
    for (let token: i32 = 0; token < changetype<N>(0).tokens; token++) {
      finish(last, to + ((<usize>token) << 5), work + ((<usize>token) << 5))
    }
  }
}

/** Of the lower four rows `block` is the head's begin, of the upper ones 16 bytes behind: they write the same further on, unread. */
@inline
function packTermPlace(block: usize, place: u32, step: u32): void {
  store<u32>(block, place, TERM)
  store<u32>(block, step, TERM_STEP)
}

/** Adds the products of a block with a token to its sums; `d` are the rows' scales. */
@inline
function finish(d: usize, to: usize, products: usize): void {
  v128.store(to, madd(v128.load(d), v128.load(products), v128.load(to)))
  v128.store(to, madd(v128.load(d, 16), v128.load(products, 16), v128.load(to, 16)), 16)
}
