/** Blocks of 32, in the order of `addBlocks` and `addMinimumBlocks` in formats/blocks.ts. */
import { scaled } from '../formats/bytes'
import { upperHalves, words4 } from '../formats/rows'
import { constant, ONES_I16 } from '../math/constants'
import { madd } from '../math/lanes'
import { packBytes, packWords } from './panel'
import { HEAD, tile, tile6 } from './tile'

/** Minimums of the rows in a block's head, behind their scales. */
const MINIMUMS: usize = 32

/** `D` is `Pairs`, `Bytes` or `Words` of tile.ts. */
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

  /** Of a block's activations: their sum, or what the quants' zero adds to its products. */
  @inline packTerms(sums: usize, total: usize, to: usize): void {
    if (changetype<T>(0).minimums) store<f32>(to, load<f32>(sums) + load<f32>(sums, 4))
    else store<i32>(to, changetype<T>(0).zero * load<i32>(total))
  }

  @inline multiply<N>(
    end: usize,
    x0: usize,
    x1: usize,
    x2: usize,
    x3: usize,
    terms: usize,
    to: usize,
    _work: usize,
  ): void {
    const panel = changetype<usize>(this)
    if (changetype<D>(0).width == 1 && changetype<T>(0).bits > 4 && changetype<T>(0).bits < 8) {
      tile6<Blocks<T, D>, N>(panel, end, x0, x1, x2, x3, terms, to)
    } else tile<D, Blocks<T, D>, N>(panel, end, x0, x1, x2, x3, terms, to)
  }

  @inline factors(_four: usize): v128 {
    return constant(ONES_I16)
  }

  @inline factorsAt(_at: usize, _four: usize): v128 {
    return constant(ONES_I16)
  }

  @inline accumulate(low: v128, high: v128, terms: usize, to: usize): void {
    const block = changetype<usize>(this)
    let lower = v128.load(to)
    let upper = v128.load(to, 16)
    const term = v128.load32_splat(terms, 16)
    if (changetype<T>(0).minimums) {
      lower = madd(v128.load(block, MINIMUMS), term, lower)
      upper = madd(v128.load(block, MINIMUMS + 16), term, upper)
    } else if (changetype<D>(0).width == 1) {
      low = i32x4.sub(low, term)
      high = i32x4.sub(high, term)
    }
    const factor = v128.load32_splat(terms)
    v128.store(to, madd(scaled(low, factor), v128.load(block), lower))
    v128.store(to, madd(scaled(high, factor), v128.load(block, 16), upper), 16)
  }
}
