import { BYTES_08, BYTES_0F, constant, WORDS_0008, WORDS_000F } from '../math/constants'
import { loadFiniteF16, loadFiniteHalves } from '../math/f16'
import { storeScaled } from './bytes'
import { words4 } from './rows'
import { interleaveNibbles, NIBBLES as COLUMNS, packVectors, reordered } from './x8_nibbles'

/** Offset of the quants, after the eight scales. */
export const QUANTS: usize = 16

/**
 * Q4_0 of eight rows. Layout: their scales (f16[8]), then the quants, see x8_nibbles.ts: low nibbles of columns c…c + 3, high
 * nibbles of columns c + 16…c + 19.
 */
@unmanaged
export class Q4_0x8 {
  /** Of one row. */
  @inline get elements(): i32 {
    return 32
  }
  /** Of one row. */
  @inline get bytes(): i32 {
    return 18
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 8
  }
  @inline get minimums(): bool {
    return false
  }
  @inline get bits(): i32 {
    return 4
  }
  /** Blocks that `matvecX8Of` takes from a stream at a time: nine cache lines. */
  @inline get blocksAtOnce(): i32 {
    return 4
  }

  @inline repack(rows: usize, stride: usize): void {
    const to = changetype<usize>(this)
    for (let row: usize = 0; row < 8; row++) store<u16>(to + (row << 1), load<u16>(rows + row * stride))
    interleaveNibbles(rows + 2, stride, to + QUANTS)
  }

  /** The first row of the eight. */
  dequantize(out: usize, n: i32): void {
    this.dequantizeRow(0, out, n)
  }

  /** Row `row` of the eight, `n` elements, with the same bits as `Q4_0`. */
  dequantizeRow(row: i32, out: usize, n: i32): void {
    const eight = constant(BYTES_08)
    const low = constant(BYTES_0F)
    let scale = changetype<usize>(this) + ((<usize>row) << 1)
    let w = changetype<usize>(this) + QUANTS + ((<usize>row) << 2)
    for (const end = out + ((<usize>n) << 2); out < end; out += 128, w += 144, scale += 144) {
      const q = reordered(words4(w, w + COLUMNS, w + 2 * COLUMNS, w + 3 * COLUMNS))
      const d = f32x4.splat(loadFiniteF16(scale))
      storeScaled(out, i8x16.sub(v128.and(q, low), eight), d)
      storeScaled(out + 64, i8x16.sub(v128.and(i16x8.shr_u(q, 4), low), eight), d)
    }
  }

  /** Packs four rows for `X8Int8Tile`. */
  @inline packBytes(first: i32, to: usize, far: usize, _stepFar: usize): void {
    packVectors(changetype<usize>(this) + QUANTS + ((<usize>first) << 2), to, far, 4 * far, constant(BYTES_0F))
    v128.store(to + 8 * far, this.scales(first, 0))
  }

  @inline scales(first: i32, _step: i32): v128 {
    return loadFiniteHalves(changetype<usize>(this) + ((<usize>first) << 1))
  }

  /** It has none. */
  @inline minimumsOf(_first: i32, _step: i32): v128 {
    return f32x4.splat(0)
  }

  @inline bytesOf(first: i32, _step: i32, k: i32): v128 {
    const q = this.vector(first, k & 3)
    return v128.and(k < 4 ? q : i16x8.shr_u(q, 4), constant(BYTES_0F))
  }

  @inline pairsOf(first: i32, _step: i32, k: i32, second: bool): v128 {
    const q = this.vector(first, k & 3)
    const pairs = v128.and(i16x8.shr_u(q, (<i32>second << 3) + (k & 4)), constant(WORDS_000F))
    return i16x8.sub(pairs, constant(WORDS_0008))
  }

  @inline vector(first: i32, k: i32): v128 {
    return v128.load(changetype<usize>(this) + QUANTS + ((<usize>first) << 2) + <usize>k * COLUMNS)
  }
}

