/** Q4_0x8, whose rows are interleaved already. The panel and the rest are those of `Blocks<Q4_0, …>`. */
import { Q4_0x8 } from '../formats/q4_0x8'
import { HEAD } from './tile'

/** Packs the block at `w` of eight rows; `width` is the bytes of an activation. */
@inline
export function packX8(w: usize, to: usize, width: usize): void {
  const block = changetype<Q4_0x8>(w)
  for (let first: i32 = 0; first < 8; first += 4, to += 16) {
    v128.store(to, block.scales(first))
    if (width == 1) {
      for (let k: i32 = 0, at = to + HEAD; k < 4; k++, at += 32) {
        v128.store(at, block.bytesOf(first, k, false))
        v128.store(at + 128, block.bytesOf(first, k, true))
      }
    } else {
      for (let k: i32 = 0, at = to + HEAD; k < 4; k++, at += 64) {
        v128.store(at, block.pairsOf(first, k, false, false))
        v128.store(at + 32, block.pairsOf(first, k, false, true))
        v128.store(at + 256, block.pairsOf(first, k, true, false))
        v128.store(at + 288, block.pairsOf(first, k, true, true))
      }
    }
  }
}
