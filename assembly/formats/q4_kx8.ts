import { BYTES_0F, constant, WORDS_000F } from '../math/constants'
import { loadFiniteF16x4, loadSmallF16 } from '../math/f16'
import { storeScaledPlus } from './bytes'
import { minimums0, minimums4, scales0, scales4 } from './k_scales'
import { byte0, byte1, words4 } from './rows'
import { interleaveNibbles, NIBBLES, packVectors, reordered } from './x8_nibbles'

export const BYTES: usize = 8 * 144
/** Offsets in the block. */
export const DMIN: usize = 16
export const PACKED: usize = 32
export const QUANTS: usize = PACKED + 96
/** Bytes of two sub-blocks' quants. */
export const PAIR: usize = 8 * NIBBLES

/**
 * Q4_K of eight rows. Layout: their d (f16[8]), their dmin, the three words of their packed scales (u32[3][8], see k_scales.ts),
 * then the quants, see x8_nibbles.ts: low nibbles of columns c…c + 3 of a sub-block, high nibbles of the next one's.
 */
@unmanaged
export class Q4_Kx8 {
  /** Of one row. */
  @inline get elements(): i32 {
    return 256
  }
  /** Of one row. */
  @inline get bytes(): i32 {
    return 144
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 0
  }
  @inline get minimums(): bool {
    return true
  }
  @inline get bits(): i32 {
    return 4
  }
  /** Blocks that `matvecX8Of` takes from a stream at a time: eighteen cache lines. */
  @inline get blocksAtOnce(): i32 {
    return 1
  }

  @inline repack(rows: usize, stride: usize): void {
    const to = changetype<usize>(this)
    for (let row: usize = 0, from = rows; row < 8; row++, from += stride) {
      store<u16>(to + (row << 1), load<u16>(from))
      store<u16>(to + (row << 1), load<u16>(from, 2), DMIN)
      store<u32>(to + (row << 2), load<u32>(from, 4), PACKED)
      store<u32>(to + (row << 2), load<u32>(from, 8), PACKED + 32)
      store<u32>(to + (row << 2), load<u32>(from, 12), PACKED + 64)
    }
    for (let half: usize = 0; half < 8; half++) {
      interleaveNibbles(rows + 16 + 16 * half, stride, to + QUANTS + 4 * NIBBLES * half)
    }
  }

  /** The first row of the eight. */
  dequantize(out: usize, n: i32): void {
    this.dequantizeRow(0, out, n)
  }

  /** Row `row` of the eight, `n` elements, with the same bits as `Q4_K`. */
  dequantizeRow(row: i32, out: usize, n: i32): void {
    let w = changetype<usize>(this)
    const low = constant(BYTES_0F)
    const lane = <usize>row << 2
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const d = f32x4.splat(loadSmallF16(w + (lane >> 1)))
      const dmin = f32x4.splat(-loadSmallF16(w + DMIN + (lane >> 1)))
      const packed0 = v128.load32_splat(w + PACKED + lane)
      const packed1 = v128.load32_splat(w + PACKED + 32 + lane)
      const packed2 = v128.load32_splat(w + PACKED + 64 + lane)
      let s = scales0(packed0)
      let m = minimums0(packed1)
      for (let pair: usize = 0; pair < 4; pair++) {
        const quants = w + QUANTS + lane + pair * PAIR
        for (let high = 0; high < 2; high++, out += 128) {
          const scale = f32x4.mul(d, f32x4.convert_i32x4_s(byte0(s)))
          const offset = f32x4.mul(dmin, f32x4.convert_i32x4_s(byte0(m)))
          for (let half: usize = 0; half < 2; half++) {
            const at = quants + 4 * NIBBLES * half
            const q = reordered(words4(at, at + NIBBLES, at + 2 * NIBBLES, at + 3 * NIBBLES))
            storeScaledPlus(out + (half << 6), v128.and(i16x8.shr_u(q, high << 2), low), scale, offset)
          }
          s = i32x4.shr_u(s, 8)
          m = i32x4.shr_u(m, 8)
        }
        if (pair == 1) {
          s = scales4(packed0, packed2)
          m = minimums4(packed1, packed2)
        }
      }
    }
  }

  /** Packs four rows for `X8Int8Tile`, both sub-blocks of a pair from the same vectors. */
  @inline packBytes(first: i32, to: usize, far: usize, stepFar: usize): void {
    const lows = constant(BYTES_0F)
    const at = changetype<usize>(this) + ((<usize>first) << 2)
    const d = loadFiniteF16x4(changetype<usize>(this) + ((<usize>first) << 1))
    const dmin = f32x4.neg(loadFiniteF16x4(changetype<usize>(this) + DMIN + ((<usize>first) << 1)))
    const packed2 = v128.load(at, PACKED + 64)
    let s = scales0(v128.load(at, PACKED))
    let m = minimums0(v128.load(at, PACKED + 32))
    for (let pair: usize = 0; pair < 4; pair++, to += 2 * stepFar) {
      const quants = at + QUANTS + pair * PAIR
      packVectors(quants, to, far, stepFar, lows)
      packVectors(quants + 4 * NIBBLES, to + 4 * far, far, stepFar, lows)
      v128.store(to + 8 * far, f32x4.mul(d, f32x4.convert_i32x4_s(byte0(s))))
      v128.store(to + 9 * far, f32x4.mul(dmin, f32x4.convert_i32x4_s(byte0(m))))
      v128.store(to + stepFar + 8 * far, f32x4.mul(d, f32x4.convert_i32x4_s(byte1(s))))
      v128.store(to + stepFar + 9 * far, f32x4.mul(dmin, f32x4.convert_i32x4_s(byte1(m))))
      s = pair == 1 ? scales4(v128.load(at, PACKED), packed2) : i32x4.shr_u(s, 16)
      m = pair == 1 ? minimums4(v128.load(at, PACKED + 32), packed2) : i32x4.shr_u(m, 16)
    }
  }

  /** d times the scales of sub-block `step`, as in `unpackSuperBlocks`. */
  @inline scales(first: i32, step: i32): v128 {
    const at = changetype<usize>(this) + ((<usize>first) << 2)
    const p0 = v128.load(at, PACKED)
    const s = step < 4 ? scales0(p0) : scales4(p0, v128.load(at, PACKED + 64))
    return f32x4.mul(loadFiniteF16x4(changetype<usize>(this) + ((<usize>first) << 1)), byteOf(s, step))
  }

  /** -dmin times the minimums of sub-block `step`. */
  @inline minimumsOf(first: i32, step: i32): v128 {
    const at = changetype<usize>(this) + ((<usize>first) << 2)
    const p1 = v128.load(at, PACKED + 32)
    const m = step < 4 ? minimums0(p1) : minimums4(p1, v128.load(at, PACKED + 64))
    const dmin = f32x4.neg(loadFiniteF16x4(changetype<usize>(this) + DMIN + ((<usize>first) << 1)))
    return f32x4.mul(dmin, byteOf(m, step))
  }

  @inline bytesOf(first: i32, step: i32, k: i32): v128 {
    return v128.and(i16x8.shr_u(this.vector(first, step, k), (step & 1) << 2), constant(BYTES_0F))
  }

  @inline pairsOf(first: i32, step: i32, k: i32, second: bool): v128 {
    const q = this.vector(first, step, k)
    return v128.and(i16x8.shr_u(q, (<i32>second << 3) + ((step & 1) << 2)), constant(WORDS_000F))
  }

  @inline vector(first: i32, step: i32, k: i32): v128 {
    const at = changetype<usize>(this) + QUANTS + <usize>(step >> 1) * PAIR + <usize>k * NIBBLES
    return v128.load(at + ((<usize>first) << 2))
  }
}

/** Byte `step` modulo 4 of each lane as f32. */
@inline
function byteOf(bytes: v128, step: i32): v128 {
  return f32x4.convert_i32x4_s(byte0(i32x4.shr_u(bytes, (step & 3) << 3)))
}
