import { count, Four, One, Three, Two } from './counts'
import { mix } from './mix'
import { score } from './scores'
import { weigh } from './weights'
import { CachedF16, CachedF32 } from './cache-floats'

/**
 * A tile: up to four rows of queries that meet the same keys and values. For a block of positions it takes the scores,
 * makes weights of them, and adds the weighted values to what earlier blocks left. A row's sums run in the same order
 * however many rows there are.
 *
 * A tile's rows lie side by side, eight elements of each in turn: queries as [headDim / 8][rows][8], and so the weighted
 * values, with which a state begins; of a head with four elements more, [rows][4] follows. So what lies side by side is
 * multiplied side by side, and an engine that joins pairs of vectors finds them. In a state then follow, a lane for each
 * row, the largest score so far, the sum of the weights, and the row's position (i32). Scores count powers of two.
 */

/** Rows of a tile. */
export const TILE: i32 = 4

/** Positions of a block. */
export const POSITIONS: i32 = 32

/** Bytes of a position's weights, one for each row of a tile. */
export const WEIGHTS: usize = 16

/** Bytes of what a block's weights are made in: WEIGHTS a position and for what they lower, and sums of scores; whole cache lines. */
export const BLOCK_BYTES: usize = ((<usize>POSITIONS + 1) * WEIGHTS + 256 + 63) & ~63

/** What follows the values in a state, and where; a whole cache line, so that no vector of the next one crosses two. */
const TAIL_BYTES: usize = 64
export const LARGEST: usize = 0
export const SUM: usize = 16
export const POSITION: usize = 32

/** Bytes of `rows` rows of queries or weighted values. */
@inline
export function rowBytes(rows: i32, headDim: i32): usize {
  return (<usize>(rows * headDim)) << 2
}

/** Bytes from state to state. */
@inline
export function stateBytes(headDim: i32): usize {
  return rowBytes(TILE, headDim) + TAIL_BYTES
}

/**
 * Takes the `n` positions from `start` on into the state of a tile of `rows` rows. `keys` and `values` point to the
 * heads at `start`, of type F32 or F16, from position to position `stride` bytes; their values are to be multiplied with
 * `factor`, and the queries have that in them. `room` has BLOCK_BYTES. Meanwhile `aheadBytes` from `keysAhead` and from
 * `valuesAhead` on are fetched.
 */
export function attendBlock(
  type: i32,
  rows: i32,
  queries: usize,
  keys: usize,
  values: usize,
  stride: usize,
  room: usize,
  state: usize,
  start: i32,
  n: i32,
  headDim: i32,
  factor: f32,
  keysAhead: usize,
  valuesAhead: usize,
  aheadBytes: usize,
): void {
  switch (type == 1 ? 4 + rows : rows) {
    case 1:
      return attendRows<CachedF32, One>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
    case 2:
      return attendRows<CachedF32, Two>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
    case 3:
      return attendRows<CachedF32, Three>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
    case 4:
      return attendRows<CachedF32, Four>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
    case 5:
      return attendRows<CachedF16, One>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
    case 6:
      return attendRows<CachedF16, Two>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
    case 7:
      return attendRows<CachedF16, Three>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
    case 8:
      return attendRows<CachedF16, Four>(
        queries,
        keys,
        values,
        stride,
        room,
        state,
        start,
        n,
        headDim,
        factor,
        keysAhead,
        valuesAhead,
        aheadBytes,
      )
  }
}

function attendRows<T, Rows>(
  queries: usize,
  keys: usize,
  values: usize,
  stride: usize,
  room: usize,
  state: usize,
  start: i32,
  n: i32,
  headDim: i32,
  factor: f32,
  keysAhead: usize,
  valuesAhead: usize,
  aheadBytes: usize,
): void {
  const lowered = room + <usize>POSITIONS * WEIGHTS
  const sums = lowered + WEIGHTS
  score<T, Rows>(queries, keys, stride, room, sums, n, headDim, keysAhead, valuesAhead, aheadBytes)
  weigh(room, lowered, state + rowBytes(count<Rows>(), headDim), start, n, factor)
  mix<T, Rows>(room, lowered, values, stride, state, n, headDim)
}
