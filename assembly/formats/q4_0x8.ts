import { BYTES_08, BYTES_0F, constant, WORDS_0008, WORDS_000F } from '../math/constants'
import { loadFiniteF16, loadFiniteHalves } from '../math/f16'
import { transpose } from '../matmul/transpose'
import { storeScaled } from './bytes'
import { words4 } from './rows'

/** Offset of the quants, after the eight scales. */
const QUANTS: usize = 16
/** Bytes of four columns, and the four sixteen further on, of all rows: a vector for rows 0…3, another for rows 4…7. */
const COLUMNS: usize = 32

/**
 * Q4_0 of eight rows. Layout: their scales (f16[8]), then, for each four of a block's first sixteen columns, four bytes of
 * each row, as in the file: low nibbles of columns c…c + 3, high nibbles of columns c + 16…c + 19. In the baseline build the
 * two bytes in the middle are swapped, so that the even bytes of 16-bit words hold columns c and c + 1.
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

  @inline repack(rows: usize, stride: usize): void {
    const to = changetype<usize>(this)
    for (let row: usize = 0; row < 8; row++) store<u16>(to + (row << 1), load<u16>(rows + row * stride))
    packFourRows(to + QUANTS, rows + 2, stride)
    packFourRows(to + QUANTS + 16, rows + 2 + 4 * stride, stride)
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

  /** Scales of four rows, from row `first` (0 or 4) on. */
  @inline scales(first: i32): v128 {
    return loadFiniteHalves(changetype<usize>(this) + ((<usize>first) << 1))
  }

  /** Quants of four rows, columns 4k … 4k + 3 (k below 4), or with `high` the four sixteen further on, as bytes. */
  @inline bytesOf(first: i32, k: i32, high: bool): v128 {
    const q = this.vector(first, k)
    return v128.and(high ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F))
  }

  /** The same minus `zero` as 16 bits, of the first two columns, or with `second` of the other two. */
  @inline pairsOf(first: i32, k: i32, high: bool, second: bool): v128 {
    const q = this.vector(first, k)
    const pairs = v128.and(i16x8.shr_u(q, (<i32>second << 3) + (<i32>high << 2)), constant(WORDS_000F))
    return i16x8.sub(pairs, constant(WORDS_0008))
  }

  @inline vector(first: i32, k: i32): v128 {
    return v128.load(changetype<usize>(this) + QUANTS + ((<usize>first) << 2) + <usize>k * COLUMNS)
  }
}

/** Reorders each four bytes from the file's order to this build's. */
@inline
function reordered(q: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return q
  return v128.shuffle<u8>(q, q, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15)
}

/** Packs the quants of four rows, which are `stride` bytes apart. */
@inline
function packFourRows(to: usize, rows: usize, stride: usize): void {
  transpose(
    reordered(v128.load(rows)),
    reordered(v128.load(rows + stride)),
    reordered(v128.load(rows + 2 * stride)),
    reordered(v128.load(rows + 3 * stride)),
    to,
    COLUMNS,
  )
}
