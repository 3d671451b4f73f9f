/**
 * Integer tiles for repacked (x8) formats: the quants of four rows for the same columns are already vectors, so nothing is
 * staged or transposed.
 *
 * `T` has, for sub-block `step` of a block, of 32 columns, of four of the eight rows from row `first` (0 or 4) on: `scales(first,
 * step)`, `minimumsOf(first, step)` if it has minimums, and their quants for the k-th four columns, `bytesOf(first, step, k)`;
 * `pairsOf(first, step, k, second)` returns the first or second two of these as 16 bits, minus `zero`. `packBytes(first, to, far,
 * stepFar)` stores a block's as bytes, for each step eight vectors, scales and minimums, `far` bytes apart.
 */
import { INT16, INT8 } from '../activations'
import { EIGHT, eightAt } from '../formats/x8'
import { BLOCK, Int16Tile } from './int16'
import { Int8Tile, W32 } from './int8'
import { CHUNK, PANEL, TILE_BYTES, TILE_ROWS } from './scratch'

/** Address of the x8 block that contains row `row` and begins at `column`. */
@inline
function x8BlockAt<T>(weights: usize, rowBytes: usize, row: i32, column: i32): usize {
  const format = changetype<T>(weights)
  return eightAt<T>(weights, rowBytes, row) + <usize>((column / format.elements) * format.bytes * EIGHT)
}

/** For so few tokens, whose activations take little room, more columns are read at a time: longer streams from memory. */
const FEW: i32 = 32
/** Chunks whose panel fits where those of plain numbers do, at most 10 bytes per column. */
const CHUNKS: i32 = 3

/** Columns that are multiplied at a time. */
@inline
function chunkOf(tokens: i32): i32 {
  return tokens <= FEW ? CHUNKS * CHUNK : CHUNK
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

  @inline chunk(tokens: i32): i32 {
    return chunkOf(tokens)
  }

  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    changetype<Int8Tile<T>>(this).packActivations(x, xStride, tokens, columns, column, n)
  }

  packWeights(matrix: usize, rowBytes: usize, row: i32, _rows: i32, from: i32, n: i32): void {
    for (let four = 0; four < TILE_ROWS; four += 4) {
      const first = row % EIGHT + four
      let block = x8BlockAt<T>(matrix, rowBytes, row, from)
      let to = changetype<usize>(this) + PANEL + ((<usize>four) << 2)
      const steps = <usize>(changetype<T>(block).elements >> 5)
      for (const end = to + <usize>(n >> 5) * W32; to < end; to += steps * W32) {
        changetype<T>(block).packBytes(first, to, TILE_BYTES, W32)
        block += <usize>(changetype<T>(block).bytes * EIGHT)
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

  @inline chunk(tokens: i32): i32 {
    return chunkOf(tokens)
  }

  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    changetype<Int16Tile<T>>(this).packActivations(x, xStride, tokens, columns, column, n)
  }

  packWeights(matrix: usize, rowBytes: usize, row: i32, _rows: i32, from: i32, n: i32): void {
    for (let four = 0; four < TILE_ROWS; four += 4) {
      const first = row % EIGHT + four
      let block = x8BlockAt<T>(matrix, rowBytes, row, from)
      let to = changetype<usize>(this) + PANEL + ((<usize>four) << 2)
      for (const end = to + <usize>(n >> 4) * BLOCK; to < end; block += <usize>(changetype<T>(block).bytes * EIGHT)) {
        for (let step = 0; step < changetype<T>(block).elements >> 5; step++, to += 2 * BLOCK) {
          packHalf<T>(block, first, step, 0, to)
          packHalf<T>(block, first, step, 4, to + BLOCK)
        }
      }
    }
  }

  multiply(tokens: i32, n: i32): void {
    changetype<Int16Tile<T>>(this).multiply(tokens, n)
  }
}

/** Packs sixteen columns of four rows, from the k-th four on, and their scales. */
@inline
function packHalf<T>(block: usize, first: i32, step: i32, k: i32, to: usize): void {
  const format = changetype<T>(block)
  for (let four = 0; four < 4; four++) {
    const at = to + <usize>(2 * four) * TILE_BYTES
    v128.store(at, format.pairsOf(first, step, k + four, false))
    v128.store(at + TILE_BYTES, format.pairsOf(first, step, k + four, true))
  }
  v128.store(to + 8 * TILE_BYTES, format.scales(first, step))
  if (format.minimums) v128.store(to + 9 * TILE_BYTES, format.minimumsOf(first, step))
}
