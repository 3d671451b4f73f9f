/**
 * Matrix × matrix for prefill. A few rows of weights at a time become a panel, in which what the rows have for the same
 * columns lies side by side, and meet all tokens of a batch there. How, is up to the tile: floats.ts, int16.ts, int8.ts.
 *
 * A row's and a token's result is independent of the others in its batch: the order of its sums is always that of the
 * columns.
 */
import { CHUNK, SUMS, TOKENS } from './scratch'
import { filledUp } from './tokens'

/**
 * `T` is the block format and `Tile` what multiplies it. `x` holds activations of the kind that the tile takes,
 * `xStride` bytes from token to token; `out` is f32[tokens][outStride] of which the first `rows` are written; `scratch`
 * has `matmul_scratch(columns)` bytes.
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
  const block = changetype<T>(weights)
  const rowBytes = <usize>((columns / block.elements) * block.bytes)
  const outBytes = (<usize>outStride) << 2
  for (; tokens > 0; tokens -= TOKENS, x += TOKENS * xStride, out += TOKENS * outBytes) {
    const batch = min(TOKENS, tokens)
    const filled = filledUp(batch)
    for (let column = 0; column < columns; column += CHUNK) {
      const n = min(CHUNK, columns - column)
      tile.takeActivations(x, xStride, batch, columns, column, n)
      for (let row = 0; row < rows; row += tile.rows) {
        const height = min(tile.rows, rows - row)
        const to = out + ((<usize>row) << 2)
        tile.takeWeights(weights, rowBytes, row, height, column, n)
        if (column == 0) memory.fill(scratch + SUMS, 0, (<usize>(filled * tile.rows)) << 2)
        else copyRows(to, outBytes, scratch + SUMS, (<usize>tile.rows) << 2, height, batch)
        tile.multiply(filled, n)
        copyRows(scratch + SUMS, (<usize>tile.rows) << 2, to, outBytes, height, batch)
      }
    }
  }
}

/** Copies f32[tokens][rows] between places that have `fromBytes` and `toBytes` from token to token. */
function copyRows(from: usize, fromBytes: usize, to: usize, toBytes: usize, rows: i32, tokens: i32): void {
  const whole = rows & ~3
  for (let token = 0; token < tokens; token++, from += fromBytes, to += toBytes) {
    let i: usize = 0
    for (; i < <usize>whole << 2; i += 16) v128.store(to + i, v128.load(from + i))
    for (; i < <usize>rows << 2; i += 4) store<f32>(to + i, load<f32>(from + i))
  }
}
