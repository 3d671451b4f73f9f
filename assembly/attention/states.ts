import { PAGE_POSITIONS, POSITION, ROW_MAX, ROW_SUM, rowBytes, stateBytes, TILE, tileRows } from './layout'
import { exp2x4 } from '../math/exp'
import { madd } from '../math/lanes'

/** States of the online softmax, one per tile: see layout.ts. */

/** Initialises states; the first token sees positions up to `position`. */
export function clearStates(state: usize, rows: i32, group: i32, position: i32, valueDim: i32): void {
  for (let first = 0; first < rows; first += TILE) {
    const tail = state + rowBytes(tileRows(first, rows), valueDim)
    memory.fill(state, 0, stateBytes(valueDim))
    v128.store(tail, f32x4.splat(-f32.MAX_VALUE), ROW_MAX)
    for (let lane = 0; lane < TILE; lane++) {
      store<i32>(tail + ((<usize>lane) << 2), position + (first + lane) / group, POSITION)
    }
    state += stateBytes(valueDim)
  }
}

/**
 * Merges the states of a chunk, the positions from `start` on, into those of earlier positions; the chunk's states are
 * overwritten. The accumulated values of a row that sees nothing of the chunk do not change.
 */
export function mergeStates(state: usize, later: usize, rows: i32, valueDim: i32, start: i32, window: i32): void {
  for (let first = 0; first < rows; first += TILE) {
    const height = tileRows(first, rows)
    const tail = state + rowBytes(height, valueDim)
    const laterTail = later + rowBytes(height, valueDim)
    const max = f32x4.pmax(v128.load(tail, ROW_MAX), v128.load(laterTail, ROW_MAX))
    const rescale = exp2x4(f32x4.sub(v128.load(tail, ROW_MAX), max))
    const laterRescale = exp2x4(f32x4.sub(v128.load(laterTail, ROW_MAX), max))
    v128.store(tail, max, ROW_MAX)
    const laterSum = f32x4.mul(v128.load(laterTail, ROW_SUM), laterRescale)
    v128.store(tail, madd(v128.load(tail, ROW_SUM), rescale, laterSum), ROW_SUM)
    // In memory they can be read lane by lane.
    v128.store(laterTail, rescale, ROW_MAX)
    v128.store(laterTail, laterRescale, ROW_SUM)
    for (let lane = 0; lane < height; lane++) {
      const position = load<i32>(laterTail + ((<usize>lane) << 2), POSITION)
      if (position < start || position - window >= start + PAGE_POSITIONS - 1) continue
      const a = v128.load32_splat(laterTail + ((<usize>lane) << 2), ROW_MAX)
      const b = v128.load32_splat(laterTail + ((<usize>lane) << 2), ROW_SUM)
      let at = state + <usize>lane * 32
      let from = later + <usize>lane * 32
      for (let left = valueDim; left >= 8; left -= 8) {
        const high = madd(v128.load(at, 16), a, f32x4.mul(v128.load(from, 16), b))
        const low = madd(v128.load(at), a, f32x4.mul(v128.load(from), b))
        v128.store(at, high, 16)
        v128.store(at, low)
        at += <usize>height * 32
        from += <usize>height * 32
      }
      if (valueDim & 4) {
        at -= <usize>lane * 16
        from -= <usize>lane * 16
        v128.store(at, madd(v128.load(at), a, f32x4.mul(v128.load(from), b)))
      }
    }
    state += stateBytes(valueDim)
    later += stateBytes(valueDim)
  }
}

/** out = accumulated values / row sum l. */
export function finishRows(state: usize, out: usize, tokenBytes: usize, rows: i32, group: i32, valueDim: i32): void {
  for (let row = 0; row < rows; row++) {
    const lane = row % TILE
    const height = tileRows(row - lane, rows)
    const from = state + <usize>(row / TILE) * stateBytes(valueDim)
    const tail = from + rowBytes(height, valueDim)
    const factor = f32x4.splat(<f32>1 / load<f32>(tail + ((<usize>lane) << 2), ROW_SUM))
    let to = out + <usize>(row / group) * tokenBytes + rowBytes(row % group, valueDim)
    let at = from + <usize>lane * 32
    for (let left = valueDim; left >= 8; left -= 8) {
      v128.store(to, f32x4.mul(v128.load(at, 16), factor), 16)
      v128.store(to, f32x4.mul(v128.load(at), factor))
      at += <usize>height * 32
      to += 32
    }
    if (valueDim & 4) v128.store(to, f32x4.mul(v128.load(at - <usize>lane * 16), factor))
  }
}
