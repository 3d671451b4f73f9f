import { fewTokensScratch } from '../few_tokens/product'

/**
 * Layout of a thread's scratch for matrix products: at most `TOKENS` tokens, `CHUNK` columns and a few rows at a time, so
 * that it fits into the caches, however wide the matrix is.
 */

/** Tokens that are multiplied at a time. */
export const TOKENS: i32 = 128
/** Columns that are multiplied at a time: a multiple of every format's block. */
export const CHUNK: i32 = 1024
/** Largest number of rows in a tile. */
const ROWS: i32 = 8

/** Rows of an integer tile, and their bytes at 32 bits each: one vector, or two that the engine joins. */
export const TILE_ROWS: i32 = WIDE ? 8 : 4
export const TILE_BYTES: usize = WIDE ? 32 : 16

/** f32[TOKENS][the tile's rows], the sums so far. */
export const SUMS: usize = 0
/** Four unpacked rows: see stage.ts. */
export const STAGE: usize = SUMS + ((<usize>(TOKENS * ROWS)) << 2)
/** Weights packed for the tile, at most 4 bytes each. */
export const PANEL: usize = STAGE + 6 * <usize>CHUNK
/** Activations packed for the tile, at most 4 bytes each. */
export const ACTIVATIONS: usize = PANEL + ((<usize>(CHUNK * ROWS)) << 2)

/** Bytes of scratch that `matmulOf`, `matvecTokensOf` and `matvecTokensOfX8` need for `columns`. */
export function matmul_scratch(columns: i32): usize {
  const some = ACTIVATIONS + ((<usize>(TOKENS * min(CHUNK, (columns + 3) & ~3))) << 2)
  return max(some, fewTokensScratch(columns))
}
