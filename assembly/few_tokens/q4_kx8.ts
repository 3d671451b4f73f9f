/** Q4_Kx8, whose rows are interleaved already. */
import { minimums0, minimums4, scales0, scales4 } from '../formats/k_scales'
import { BYTES, DMIN as DMIN_IN_BLOCK, PACKED, Q4_Kx8, QUANTS } from '../formats/q4_kx8'
import { byte0 } from '../formats/rows'
import { loadFiniteF16x4 } from '../math/f16'
import { packSum } from './panel'
import { Bytes, PairedNibbles } from './products'
import { DMIN, finish, SCALES, SuperPanel } from './super_blocks'
import { clear, HEAD, TERMS, tile } from './tile'

/** 1 and 1/16: what scales of low and of high nibbles are multiplied with, if these count 16 times. */
const ONE: f32 = 1
const SIXTEENTH: f32 = 0.0625

/** Packs blocks as `SuperBlocks<Q4_K>` takes them, with their quants; or, with `Q` = `PairedNibbles`, their heads alone. */
@unmanaged
export class Q4_Kx8Panel<Q> {
  @inline get fewest(): i32 {
    return changetype<Q>(0).panelBytes == 0 ? 2 : 6
  }

  @inline pack(to: usize): void {
    const w = changetype<usize>(this)
    const far = HEAD + changetype<Q>(0).panelBytes
    for (let first: i32 = 0; first < 8; first += 4, to += 16) {
      const halves = w + ((<usize>first) << 1)
      v128.store(to + 8 * far, loadFiniteF16x4(halves))
      v128.store(to + 8 * far, loadFiniteF16x4(halves + DMIN_IN_BLOCK), DMIN)
      const words = w + ((<usize>first) << 2)
      const packed0 = v128.load(words, PACKED)
      const packed1 = v128.load(words, PACKED + 32)
      const packed2 = v128.load(words, PACKED + 64)
      let s = scales0(packed0)
      let m = minimums0(packed1)
      let at = to
      for (let step: i32 = 0; step < 8; step++, at += far) {
        const scale = f32x4.convert_i32x4_s(byte0(s))
        v128.store(at, f32x4.convert_i32x4_s(byte0(m)))
        if (changetype<Q>(0).panelBytes == 0) {
          v128.store(at, f32x4.mul(scale, f32x4.splat(step & 1 ? SIXTEENTH : ONE)), SCALES)
        } else {
          v128.store(at, scale, SCALES)
          for (let k: i32 = 0; k < 8; k++) {
            v128.store(at + HEAD + <usize>k * 32, changetype<Q4_Kx8>(w).bytesOf(first, step, k))
          }
        }
        s = step == 3 ? scales4(packed0, packed2) : i32x4.shr_u(s, 8)
        m = step == 3 ? minimums4(packed1, packed2) : i32x4.shr_u(m, 8)
      }
    }
  }
}

/** Multiplies the quants where they are, where `BYTE_DOTS` holds. */
@unmanaged
export class Q4_Kx8Blocks {
  @inline get panelBytes(): usize {
    return 8 * HEAD + 64
  }

  @inline get width(): usize {
    return 1
  }

  @inline packTerms(sums: usize, _total: usize, to: usize): void {
    packSum(sums, to)
  }

  @inline multiply<N>(end: usize, block: usize, x: usize, terms: usize, to: usize, work: usize): void {
    for (let heads = changetype<usize>(this); heads < end; heads += this.panelBytes, block += BYTES) {
      const last = heads + 8 * HEAD
      clear<N>(work)
      tile<PairedNibbles, SuperPanel<Bytes>, N>(heads, last, block + QUANTS, x, terms, work)
      finish<N>(heads, HEAD, last, terms, to, work)
      terms += 8 * TERMS
      x += 1024
    }
  }
}
