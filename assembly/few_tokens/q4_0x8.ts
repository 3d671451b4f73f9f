/** Q4_0x8, whose rows are interleaved already. The panel and the rest are those of `Blocks<Q4_0, D>`. */
import { Q4_0x8 } from '../formats/q4_0x8'
import { HEAD } from './tile'

@unmanaged
export class Q4_0x8Panel<D> {
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
