/**
 * Integer tiles for repacked (x8) formats with 32 columns per block and no minimums: the quants of four rows for the same
 * columns are already vectors, so nothing is staged or transposed.
 *
 * `T` has `scales(first)`, of four of the eight rows from row `first` (0 or 4) on, and their quants for four columns: the
 * k-th four of the block's first sixteen columns, or of its last sixteen with `high`. `bytesOf(first, k, high)` returns them
 * as bytes, `pairsOf(first, k, high, second)` as 16 bits, minus `zero`, two columns at a time.
 */
import { INT16, INT8 } from '../activations'
import { EIGHT, eightAt } from '../formats/x8'
import { BLOCK, Int16Tile } from './int16'
import { Int8Tile, W32 } from './int8'
import { PANEL, TILE_BYTES, TILE_ROWS } from './scratch'

/** Address of the x8 block that contains row `row` and begins at `column`. */
@inline
function x8BlockAt<T>(weights: usize, rowBytes: usize, row: i32, column: i32): usize {
  const format = changetype<T>(weights)
  return eightAt<T>(weights, rowBytes, row) + <usize>((column / format.elements) * format.bytes * EIGHT)
}

/** `Int8Tile` for repacked weights. */
@unmanaged
export class X8Int8Tile<T> {
  @inline get kind(): i32 {
    return INT8
  }

  @inline get rows(): i32 {
    return TILE_ROWS
  }

  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    changetype<Int8Tile<T>>(this).packActivations(x, xStride, tokens, columns, column, n)
  }

  packWeights(matrix: usize, rowBytes: usize, row: i32, _rows: i32, from: i32, n: i32): void {
    for (let four = 0; four < TILE_ROWS; four += 4) {
      const first = row % EIGHT + four
      let block = x8BlockAt<T>(matrix, rowBytes, row, from)
      let to = changetype<usize>(this) + PANEL + ((<usize>four) << 2)
      for (const end = to + <usize>(n >> 5) * W32; to < end; to += W32) {
        const format = changetype<T>(block)
        v128.store(to, format.bytesOf(first, 0, false))
        v128.store(to + TILE_BYTES, format.bytesOf(first, 1, false))
        v128.store(to + 2 * TILE_BYTES, format.bytesOf(first, 2, false))
        v128.store(to + 3 * TILE_BYTES, format.bytesOf(first, 3, false))
        v128.store(to + 4 * TILE_BYTES, format.bytesOf(first, 0, true))
        v128.store(to + 5 * TILE_BYTES, format.bytesOf(first, 1, true))
        v128.store(to + 6 * TILE_BYTES, format.bytesOf(first, 2, true))
        v128.store(to + 7 * TILE_BYTES, format.bytesOf(first, 3, true))
        v128.store(to + 8 * TILE_BYTES, format.scales(first))
        block += <usize>(format.bytes * EIGHT)
      }
    }
  }

  multiply(tokens: i32, n: i32): void {
    changetype<Int8Tile<T>>(this).multiply(tokens, n)
  }
}

/** `Int16Tile` for repacked weights. */
@unmanaged
export class X8Int16Tile<T> {
  @inline get kind(): i32 {
    return INT16
  }

  @inline get rows(): i32 {
    return TILE_ROWS
  }

  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    changetype<Int16Tile<T>>(this).packActivations(x, xStride, tokens, columns, column, n)
  }

  packWeights(matrix: usize, rowBytes: usize, row: i32, _rows: i32, from: i32, n: i32): void {
    for (let four = 0; four < TILE_ROWS; four += 4) {
      const first = row % EIGHT + four
      let block = x8BlockAt<T>(matrix, rowBytes, row, from)
      let to = changetype<usize>(this) + PANEL + ((<usize>four) << 2)
      for (const end = to + <usize>(n >> 4) * BLOCK; to < end; to += 2 * BLOCK) {
        packHalf<T>(block, first, false, to)
        packHalf<T>(block, first, true, to + BLOCK)
        block += <usize>(changetype<T>(block).bytes * EIGHT)
      }
    }
  }

  multiply(tokens: i32, n: i32): void {
    changetype<Int16Tile<T>>(this).multiply(tokens, n)
  }
}

/** Packs sixteen columns of four rows, and their scales. */
@inline
function packHalf<T>(block: usize, first: i32, high: bool, to: usize): void {
  const format = changetype<T>(block)
  v128.store(to, format.pairsOf(first, 0, high, false))
  v128.store(to + TILE_BYTES, format.pairsOf(first, 0, high, true))
  v128.store(to + 2 * TILE_BYTES, format.pairsOf(first, 1, high, false))
  v128.store(to + 3 * TILE_BYTES, format.pairsOf(first, 1, high, true))
  v128.store(to + 4 * TILE_BYTES, format.pairsOf(first, 2, high, false))
  v128.store(to + 5 * TILE_BYTES, format.pairsOf(first, 2, high, true))
  v128.store(to + 6 * TILE_BYTES, format.pairsOf(first, 3, high, false))
  v128.store(to + 7 * TILE_BYTES, format.pairsOf(first, 3, high, true))
  v128.store(to + 8 * TILE_BYTES, format.scales(first))
}
