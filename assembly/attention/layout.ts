/**
 * How attention lays out its work in memory.
 *
 * A tile is up to four rows of queries that meet the same keys and values. They lie side by side, eight elements of each in
 * turn: queries as [headDim / 8][rows][8], and so the accumulated values, with which a tile's state begins; of a head with
 * four elements more, [rows][4] follows. So what lies side by side is multiplied side by side, and an engine that joins
 * pairs of vectors finds them. In a state then follow, a lane per row, the row max m, the row sum l, and the row's
 * position (i32). Scores count powers of two.
 */

/** Positions of a page of the cache, which is also the chunk that has a softmax of its own; a multiple of BLOCK_POSITIONS. */
export const PAGE_POSITIONS: i32 = 128

/** Positions of a block, which are scored before any of their values is accumulated. */
export const BLOCK_POSITIONS: i32 = 32

/** Rows of a tile. */
export const TILE: i32 = 4

/** Bytes of a position's scores, then weights, one for each row of a tile. */
export const WEIGHTS: usize = 16

/** Bytes in which a block's weights are made: WEIGHTS per position and for the rescale, sums of scores; whole cache lines. */
export const BLOCK_BYTES: usize = ((<usize>BLOCK_POSITIONS + 1) * WEIGHTS + 256 + 63) & ~63

/** What follows the values in a state, and where; a whole cache line, so that no vector of the next one crosses two. */
const TAIL_BYTES: usize = 64
export const ROW_MAX: usize = 0
export const ROW_SUM: usize = 16
export const POSITION: usize = 32

/** Bytes of `rows` rows of queries or accumulated values. */
@inline
export function rowBytes(rows: i32, headDim: i32): usize {
  return (<usize>(rows * headDim)) << 2
}

/** Bytes from state to state. */
@inline
export function stateBytes(headDim: i32): usize {
  return rowBytes(TILE, headDim) + TAIL_BYTES
}

@inline
export function divideUp(n: i32, by: i32): i32 {
  return (n + by - 1) / by
}

/** Tiles of so many rows. */
@inline
export function tilesOf(rows: i32): i32 {
  return divideUp(rows, TILE)
}

/** Rows of the tile that begins with row `first` of `rows`. */
@inline
export function tileRows(first: i32, rows: i32): i32 {
  return min(TILE, rows - first)
}
