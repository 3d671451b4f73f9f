/**
 * Matrix × matrix (GEMM) for prefill. A few rows of weights at a time are packed into a panel, with the rows' values for the
 * same columns side by side, and multiplied with all tokens of a batch. The tiles do both: floats.ts, int16.ts, int8.ts.
 *
 * The result for a row and a token does not depend on the rest of the batch: sums always run in the order of the columns.
 */
import { rowBytesOf } from '../formats/row_dots'
import { SUMS, TOKENS } from './scratch'
import { roundUpToStep } from './tokens'

/**
 * `T` is the block format, `Tile` the class that multiplies it. `x` holds activations of the tile's kind, `xStride` bytes
 * per token; `out` is f32[tokens][outStride], of which the first `rows` of each token are written; `scratch` has
 * `matmul_scratch(columns)` bytes.
 */
@inline
export function matmulOf<T, Tile>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  outStride: i32,
  scratch: usize,
): void {
  const tile = changetype<Tile>(scratch)
  const rowBytes = rowBytesOf<T>(columns)
  const outBytes = (<usize>outStride) << 2
  for (; tokens > 0; tokens -= TOKENS, x += <usize>TOKENS * xStride, out += <usize>TOKENS * outBytes) {
    const batch = min(TOKENS, tokens)
    const padded = roundUpToStep(batch)
    const chunk = tile.chunk(batch)
    for (let column = 0; column < columns; column += chunk) {
      const n = min(chunk, columns - column)
      tile.packActivations(x, xStride, batch, columns, column, n)
      for (let row = 0; row < rows; row += tile.rows) {
        const height = min(tile.rows, rows - row)
        const to = out + ((<usize>row) << 2)
        tile.packWeights(weights, rowBytes, row, height, column, n)
        if (column == 0) memory.fill(scratch + SUMS, 0, (<usize>(padded * tile.rows)) << 2)
        else copyRows(to, outBytes, scratch + SUMS, (<usize>tile.rows) << 2, height, batch)
        tile.multiply(padded, n)
        copyRows(scratch + SUMS, (<usize>tile.rows) << 2, to, outBytes, height, batch)
      }
    }
  }
}

/** Copies f32[tokens][rows] between buffers with `fromBytes` and `toBytes` per token. */
function copyRows(from: usize, fromBytes: usize, to: usize, toBytes: usize, rows: i32, tokens: i32): void {
  const aligned = rows & ~3
  for (let token = 0; token < tokens; token++, from += fromBytes, to += toBytes) {
    let i: usize = 0
    for (; i < <usize>aligned << 2; i += 16) v128.store(to + i, v128.load(from + i))
    for (; i < <usize>rows << 2; i += 4) store<f32>(to + i, load<f32>(from + i))
  }
}
