/** Q4_0x8, whose rows are interleaved already. */
import { Q4_0 } from '../formats/q4_0'
import { Q4_0x8 } from '../formats/q4_0x8'
import { BlockPanel } from './blocks'
import { packZero } from './panel'
import { Bytes, Nibbles } from './products'
import { HEAD, tile } from './tile'

/** Packs blocks as `Blocks<Q4_0, D>` takes them. */
@unmanaged
export class Q4_0x8Panel<D> {
  /** Tokens from which on panels are faster than single rows of eight. */
  @inline get fewest(): i32 {
    return changetype<D>(0).width == 1 ? 8 : 5
  }

  @inline pack(to: usize): void {
    const block = changetype<Q4_0x8>(changetype<usize>(this))
    for (let first: i32 = 0; first < 8; first += 4, to += 16) {
      v128.store(to, block.scales(first, 0))
      for (let k: i32 = 0; k < 8; k++) {
        if (changetype<D>(0).width == 1) v128.store(to + HEAD + <usize>k * 32, block.bytesOf(first, 0, k))
        else {
          v128.store(to + HEAD + <usize>k * 64, block.pairsOf(first, 0, k, false))
          v128.store(to + HEAD + <usize>k * 64 + 32, block.pairsOf(first, 0, k, true))
        }
      }
    }
  }
}

/** Packs scales alone. */
@unmanaged
export class Q4_0x8Heads {
  @inline get fewest(): i32 {
    // In the wide build V8 joins the vectors of a single token's loop, but not a tile's.
    return WIDE ? 8 : 2
  }

  @inline pack(to: usize): void {
    const block = changetype<Q4_0x8>(changetype<usize>(this))
    v128.store(to, block.scales(0, 0))
    v128.store(to, block.scales(4, 0), 16)
  }
}

/** Multiplies the quants where they are, where `BYTE_DOTS` holds. */
@unmanaged
export class Q4_0x8Blocks {
  @inline get panelBytes(): usize {
    return HEAD
  }

  @inline get width(): usize {
    return 1
  }

  @inline packTerms(_sums: usize, total: usize, to: usize): void {
    packZero<Q4_0>(total, to)
  }

  @inline multiply<N>(end: usize, quants: usize, x: usize, terms: usize, to: usize, _work: usize): void {
    tile<Nibbles, BlockPanel<Bytes>, N>(changetype<usize>(this), end, quants, x, terms, to)
  }
}
