/** Q4_Kx8, whose rows are interleaved already. The panel and the rest are those of `SuperBlocks<Q4_K>`. */
import { minimums0, minimums4, scales0, scales4 } from '../formats/k_scales'
import { DMIN as DMIN_IN_BLOCK, PACKED, Q4_Kx8 } from '../formats/q4_kx8'
import { byte0 } from '../formats/rows'
import { loadFiniteF16x4 } from '../math/f16'
import { twice } from './panel'
import { D, DMIN, FACTORS, SUB_BLOCK } from './super_blocks'
import { HEAD } from './tile'

@unmanaged
export class Q4_Kx8Panel {
  @inline pack(to: usize): void {
    const w = changetype<usize>(this)
    for (let first: i32 = 0; first < 8; first += 4, to += 16) {
      const halves = w + ((<usize>first) << 1)
      v128.store(to + D, loadFiniteF16x4(halves))
      v128.store(to + D, loadFiniteF16x4(halves + DMIN_IN_BLOCK), DMIN)
      const words = w + ((<usize>first) << 2)
      const packed0 = v128.load(words, PACKED)
      const packed1 = v128.load(words, PACKED + 32)
      const packed2 = v128.load(words, PACKED + 64)
      let s = scales0(packed0)
      let m = minimums0(packed1)
      let at = to
      for (let step: i32 = 0; step < 8; step++, at += SUB_BLOCK) {
        v128.store(at, f32x4.convert_i32x4_s(byte0(m)))
        v128.store(at, twice(byte0(s)), FACTORS)
        for (let k: i32 = 0; k < 8; k++) {
          v128.store(at + HEAD + <usize>k * 32, changetype<Q4_Kx8>(w).bytesOf(first, step, k))
        }
        s = step == 3 ? scales4(packed0, packed2) : i32x4.shr_u(s, 8)
        m = step == 3 ? minimums4(packed1, packed2) : i32x4.shr_u(m, 8)
      }
    }
  }
}
