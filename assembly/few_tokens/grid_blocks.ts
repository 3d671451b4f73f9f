/**
 * Formats with codebooks and activations of 8 bits, where `BYTE_DOTS` holds, and IQ3_S's nibbles: in the order of `addGridBlock` in
 * formats/grid_blocks.ts.
 */
import { dotAdd } from '../math/byte_dots'
import { constant, ONES_I16 } from '../math/constants'
import { madd } from '../math/lanes'
import { packBytes } from './panel'
import { Bytes, HEAD, Pairs, TERMS, tile } from './tile'

/** In a sub-block's head its integer factors; of a sub-block of 16, where its term is, and how far the next block's terms are. */
const TERM: usize = 32
const TERM_STEP: usize = 36

/** Sixteen columns of quants of at most 7 bits. */
@unmanaged
class HalfBytes {
  @inline get width(): usize {
    return 1
  }
  @inline get bytes(): usize {
    return 128
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return dotAdd(x, w, sum)
  }
  @inline total(sum: v128, _factors: v128): v128 {
    return sum
  }
  @inline termStep(block: usize): usize {
    return load<u32>(block, TERM_STEP)
  }
}

/** Whether quants are nibbles, whose zero is that of twice the quants. */
@inline
function halved<T>(): bool {
  return changetype<T>(0).bits == 4
}

@unmanaged
export class GridBlocks<T> {
  /** Bytes of the sub-blocks of 256 columns; behind them is d. */
  @inline get subBlocks(): usize {
    return changetype<T>(0).step == 32 ? 8 * (HEAD + 256) : 16 * (HEAD + 128)
  }

  @inline get panelBytes(): usize {
    return this.subBlocks + 64
  }

  @inline get width(): usize {
    return 1
  }

  @inline pack(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    const block = changetype<T>(w0)
    v128.store(to + this.subBlocks, block.ds(w1, w2, w3))
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
    const zero = changetype<T>(0).zero
    if (changetype<T>(0).step == 32) store<i32>(to, zero * load<i32>(total))
    else {
      const scale = load<f32>(to - 16)
      store<i32>(to, zero * <i32>nearest<f32>(load<f32>(sums) / scale))
      store<i32>(to, zero * <i32>nearest<f32>(load<f32>(sums, 4) / scale), 16)
    }
  }

  @inline multiply<N>(
    end: usize,
    x0: usize,
    x1: usize,
    x2: usize,
    x3: usize,
    terms: usize,
    to: usize,
    work: usize,
  ): void {
    for (let panel = changetype<usize>(this); panel < end; panel += this.panelBytes, terms += 8 * TERMS) {
      memory.fill(work, 0, 32 * changetype<N>(0).tokens)
      const last = panel + this.subBlocks
      if (halved<T>()) tile<Pairs, GridBlocks<T>, N>(panel, last, x0, x1, x2, x3, terms, work)
      else if (changetype<T>(0).step == 32) tile<Bytes, GridBlocks<T>, N>(panel, last, x0, x1, x2, x3, terms, work)
      else tile<HalfBytes, GridBlocks<T>, N>(panel, last, x0, x1, x2, x3, terms, work)
      for (let token: i32 = 0; token < changetype<N>(0).tokens; token++) {
        finish(last, to + ((<usize>token) << 5), work + ((<usize>token) << 5))
      }
      x0 += 256
      x1 += 256
      x2 += 256
      x3 += 256
    }
  }

  @inline factors(_four: usize): v128 {
    return constant(ONES_I16)
  }

  /** Adds to a token's products within the block. */
  @inline accumulate(low: v128, high: v128, terms: usize, to: usize): void {
    const block = changetype<usize>(this)
    const place: usize = changetype<T>(0).step == 32 ? 16 : load<u32>(block, TERM)
    const term = v128.load32_splat(terms + place)
    const scale = v128.load32_splat(terms)
    if (halved<T>()) {
      low = i32x4.shl(low, 1)
      high = i32x4.shl(high, 1)
    }
    const lower = i32x4.mul(i32x4.sub(low, term), v128.load(block))
    const upper = i32x4.mul(i32x4.sub(high, term), v128.load(block, 16))
    v128.store(to, madd(f32x4.convert_i32x4_s(lower), scale, v128.load(to)))
    v128.store(to, madd(f32x4.convert_i32x4_s(upper), scale, v128.load(to, 16)), 16)
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
