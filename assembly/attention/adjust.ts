import { SLOPE, POSITION, ROW_MAX, ROW_SUM, rowBytes, stateBytes, TILE, tileRows, WEIGHTS } from './layout'
import { exp2x4 } from '../math/exp'
import { tanh4 } from '../math/tanh'

/** What few models do to scores besides scaling them: a soft cap, slopes over the distance, sinks, biases by distance. */

export const LOG2_E: f32 = 1.4426950408889634

/**
 * Changes the scores of a tile at the `n` positions from `start` on, f32[n][TILE]: s becomes softcap · tanh(s / softcap)
 * unless `softcap` is 0, and s - slope · distance if there are slopes. `tail` is the end of the tile's state.
 */
export function adjustScores(scores: usize, n: i32, start: i32, softcap: f32, hasSlopes: bool, tail: usize): void {
  const end = scores + <usize>n * WEIGHTS
  if (softcap > 0) {
    const caps = f32x4.splat(softcap)
    for (let at = scores; at < end; at += WEIGHTS) {
      v128.store(at, f32x4.mul(tanh4(f32x4.div(v128.load(at), caps)), caps))
    }
  }
  if (!hasSlopes) return
  const slopes = v128.load(tail, SLOPE)
  let distance = f32x4.convert_i32x4_s(i32x4.sub(v128.load(tail, POSITION), i32x4.splat(start)))
  for (let at = scores; at < end; at += WEIGHTS) {
    v128.store(at, f32x4.sub(v128.load(at), f32x4.mul(slopes, distance)))
    distance = f32x4.sub(distance, f32x4.splat(1))
  }
}

/** Writes the slopes, f32[heads], of rows whose kv head's group begins with head `head` to their states. */
export function setSlopes(state: usize, slopes: usize, rows: i32, group: i32, head: i32, valueDim: i32): void {
  for (let row = 0; row < rows; row++) {
    const slope = load<f32>(slopes + ((<usize>(head + (row % group))) << 2)) * LOG2_E
    store<f32>(laneOf(state, row, rows, valueDim), slope, SLOPE)
  }
}

/**
 * Adds sinks, f32[heads], to finished states: each is one more score, whose value is zero. With the larger m of row max and
 * sink, the sum l becomes l + 2^(sink - m) / 2^(row max - m), in units of the row max.
 */
export function addSinks(state: usize, sinks: usize, rows: i32, group: i32, head: i32, valueDim: i32): void {
  for (let row = 0; row < rows; row++) {
    const at = laneOf(state, row, rows, valueDim)
    const sink = load<f32>(sinks + ((<usize>(head + (row % group))) << 2)) * LOG2_E
    const rowMax = load<f32>(at, ROW_MAX)
    const m = max<f32>(rowMax, sink)
    const shares = exp2x4(f32x4.replace_lane(f32x4.splat(rowMax - m), 1, sink - m))
    const sum = load<f32>(at, ROW_SUM) + f32x4.extract_lane(shares, 1) / f32x4.extract_lane(shares, 0)
    store<f32>(at, sum, ROW_SUM)
  }
}

/** The address of a row's lane in the first vector after its tile's values. */
@inline
function laneOf(state: usize, row: i32, rows: i32, valueDim: i32): usize {
  const lane = row % TILE
  const tile = state + <usize>(row / TILE) * stateBytes(valueDim)
  return tile + rowBytes(tileRows(row - lane, rows), valueDim) + ((<usize>lane) << 2)
}

/** Adds biases to the scores of a tile's rows at `n` positions, f32[n][TILE]. `biases`: see `locateBiases` in bias.ts. */
@inline
export function addBiases(biases: usize, scores: usize, rows: i32, n: i32): void {
  for (let lane = 0; lane < rows; lane++) {
    let bias = <usize>load<u32>(biases + ((<usize>lane) << 2))
    let at = scores + ((<usize>lane) << 2)
    for (const end = at + <usize>n * WEIGHTS; at < end; at += WEIGHTS) {
      store<f32>(at, load<f32>(at) + load<f32>(bias))
      bias += 4
    }
  }
}
