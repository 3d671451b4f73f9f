/** Blocks of 32, in the order of `addBlocks` and `addMinimumBlocks` in formats/blocks.ts. */
import { scaled } from '../formats/bytes'
import { halves4, upperHalves, words4 } from '../formats/rows'
import { constant, ONES_I16 } from '../math/constants'
import { madd } from '../math/lanes'
import { layBytes, layWords } from './panel'
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

  @inline lay(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    if (changetype<T>(w0).minimums) {
      const words = words4(w0, w1, w2, w3)
      v128.store(to, upperHalves(i32x4.shl(words, 16)))
      v128.store(to, upperHalves(words), MINIMUMS)
    } else v128.store(to, halves4(w0, w1, w2, w3))
    if (changetype<D>(0).width == 2) layWords<T>(w0, w1, w2, w3, to + HEAD)
    else {
      layBytes<T>(w0, w1, w2, w3, 0, 0, to + HEAD)
      layBytes<T>(w0, w1, w2, w3, 1, 0, to + HEAD + 128)
    }
  }

  @inline multiply<N>(
    end: usize,
    x: usize,
    f1: usize,
    f2: usize,
    f3: usize,
    scale: usize,
    sums: usize,
    total: usize,
    to: usize,
    _work: usize,
  ): void {
    for (let panel = changetype<usize>(this); panel < end; panel += HEAD + changetype<D>(0).bytes) {
      if (changetype<D>(0).width == 1 && changetype<T>(0).bits > 4 && changetype<T>(0).bits < 8) {
        tile6<Blocks<T, D>, N>(panel, x, f1, f2, f3, scale, sums, total, to)
      } else tile<D, Blocks<T, D>, N>(panel, x, f1, f2, f3, scale, sums, total, to)
      x += 32 * changetype<D>(0).width
      scale += 4
      sums += 8
      total += 4
    }
  }

  @inline factors(_four: usize): v128 {
    return constant(ONES_I16)
  }

  @inline factorsAt(_at: usize, _four: usize): v128 {
    return constant(ONES_I16)
  }

  @inline take(low: v128, high: v128, scale: usize, sums: usize, total: usize, to: usize): void {
    const block = changetype<usize>(this)
    let lower = v128.load(to)
    let upper = v128.load(to, 16)
    if (changetype<T>(0).minimums) {
      const sum = f32x4.splat(load<f32>(sums) + load<f32>(sums, 4))
      lower = madd(v128.load(block, MINIMUMS), sum, lower)
      upper = madd(v128.load(block, MINIMUMS + 16), sum, upper)
    } else if (changetype<D>(0).width == 1) {
      const zero = i32x4.splat(changetype<T>(0).zero * load<i32>(total))
      low = i32x4.sub(low, zero)
      high = i32x4.sub(high, zero)
    }
    const factor = v128.load32_splat(scale)
    v128.store(to, madd(scaled(low, factor), v128.load(block), lower))
    v128.store(to, madd(scaled(high, factor), v128.load(block, 16), upper), 16)
  }
}
