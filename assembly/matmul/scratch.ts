/**
 * What a thread's scratch holds while it multiplies, at most `TOKENS` tokens, `CHUNK` columns and a few rows at a time,
 * so that all of it stays in the caches, however wide the matrix is.
 */

/** Tokens that are multiplied at a time. */
export const TOKENS: i32 = 128
/** Columns that are multiplied at a time: every format's block divides it. */
export const CHUNK: i32 = 1024
/** Most rows that a tile has. */
const ROWS: i32 = 8

/** Rows of an integer tile, and what they have of 32 bits each: a vector, or two that the engine joins. */
export const TILE_ROWS: i32 = WIDE ? 8 : 4
export const TILE_BYTES: usize = WIDE ? 32 : 16

/** f32[TOKENS][the tile's rows], what the products so far add up to. */
export const SUMS: usize = 0
/** Four rows as their format unpacks them: see stage.ts. */
export const STAGE: usize = SUMS + ((<usize>(TOKENS * ROWS)) << 2)
/** Rows' weights as the tile wants them: at most 4 bytes each. */
export const PANEL: usize = STAGE + 6 * <usize>CHUNK
/** Tokens' activations as the tile wants them: at most 4 bytes each. */
export const ACTIVATIONS: usize = PANEL + ((<usize>(CHUNK * ROWS)) << 2)

/** Bytes of scratch that `matmulOf` needs for `columns`. */
export function matmul_scratch(columns: i32): usize {
  return ACTIVATIONS + ((<usize>(TOKENS * min(CHUNK, (columns + 3) & ~3))) << 2)
}
