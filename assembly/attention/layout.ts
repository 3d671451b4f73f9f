/**
 * Attention's memory layout.
 *
 * A tile is up to four rows of queries with the same keys and values. Its rows are interleaved eight elements at a time:
 * queries are [headDim / 8][rows][8], and so are the accumulated values at the beginning of a tile's state; if headDim % 8
 * is 4, [rows][4] follows. Neighbouring vectors thus take part in the same operations, and an engine that joins pairs of
 * vectors finds them. In a state there follow, one lane per row, the row max m, the row sum l, and the last
 * position that the row sees if there are as many (i32): its own in causal attention; and its slope, if scores have slopes. Scores are
 * exponents of two. Heads of values may have another size than those of queries and keys.
 */

/** Positions of a page of the cache. A page is also a chunk with its own softmax; a multiple of BLOCK_POSITIONS. */
export const PAGE_POSITIONS: i32 = 128

/** Positions of a block: all are scored before their values are accumulated. */
export const BLOCK_POSITIONS: i32 = 32

/** Rows of a tile. */
export const TILE: i32 = 4

/** Bytes of a position's scores (later weights), one per row of a tile. */
export const WEIGHTS: usize = 16

/** Scratch for a block: WEIGHTS per position and for the rescale factors, partial sums of scores; whole cache lines. */
export const BLOCK_BYTES: usize = ((<usize>BLOCK_POSITIONS + 1) * WEIGHTS + 256 + 63) & ~63

/** What follows the values in a state: a whole cache line, so that no vector of the next state crosses a line. */
const TAIL_BYTES: usize = 64
export const ROW_MAX: usize = 0
export const ROW_SUM: usize = 16
export const POSITION: usize = 32
export const SLOPE: usize = 48

/** Bytes of `rows` rows of queries or accumulated values. */
@inline
export function rowBytes(rows: i32, headDim: i32): usize {
  return (<usize>(rows * headDim)) << 2
}

/** Bytes of a tile's state. */
@inline
export function stateBytes(headDim: i32): usize {
  return rowBytes(TILE, headDim) + TAIL_BYTES
}

@inline
export function divideUp(n: i32, by: i32): i32 {
  return (n + by - 1) / by
}

/** Tiles for `rows` rows. */
@inline
export function tileCount(rows: i32): i32 {
  return divideUp(rows, TILE)
}

/** Rows of the tile that begins with row `first` of `rows`. */
@inline
export function tileRows(first: i32, rows: i32): i32 {
  return min(TILE, rows - first)
}
