import { LARGEST, POSITION, rowBytes, stateBytes, SUM, TILE } from './tile'
import { exp2x4 } from '../math/exp'
import { madd } from '../math/lanes'

/**
 * Rows of queries on their way into tiles and out again; for the layouts see tile.ts. The rows of a kv head
 * are its `group` query heads for each of several tokens, `tokenBytes` apart.
 */

/** Rows of the tile that begins with row `first` of `rows`. */
@inline
export function tileRows(first: i32, rows: i32): i32 {
  return min(TILE, rows - first)
}

/** Four elements of a query times `scales`, within ±`limits`, times `factors`. */
@inline
function scaled(at: usize, scales: v128, limits: v128, factors: v128): v128 {
  const product = f32x4.mul(v128.load(at), scales)
  return f32x4.mul(f32x4.pmin(f32x4.pmax(product, f32x4.neg(limits)), limits), factors)
}

/**
 * Lays queries into tiles, times `scale` and `factor`. They are kept finite: below the largest number over `most`, the
 * largest factor that there may be, so that they are the same but for the factor with each.
 */
export function layQueries(
  q: usize,
  tokenBytes: usize,
  out: usize,
  rows: i32,
  group: i32,
  headDim: i32,
  scale: f32,
  factor: f32,
  most: f32,
): void {
  const scales = f32x4.splat(scale)
  const limits = f32x4.splat(f32.MAX_VALUE / most)
  const factors = f32x4.splat(factor)
  for (let row = 0; row < rows; row++) {
    const lane = row % TILE
    const height = <usize>tileRows(row - lane, rows)
    let from = q + <usize>(row / group) * tokenBytes + rowBytes(row % group, headDim)
    let to = out + rowBytes(row - lane, headDim) + <usize>lane * 32
    for (const end = from + rowBytes(1, headDim & ~7); from < end; from += 32) {
      v128.store(to, scaled(from + 16, scales, limits, factors), 16)
      v128.store(to, scaled(from, scales, limits, factors))
      to += height * 32
    }
    if (headDim & 4) v128.store(to - <usize>lane * 16, scaled(from, scales, limits, factors))
  }
}

/** States that have seen nothing yet; the first token stands at `position`. */
export function clearStates(state: usize, rows: i32, group: i32, position: i32, headDim: i32): void {
  for (let first = 0; first < rows; first += TILE) {
    const tail = state + rowBytes(tileRows(first, rows), headDim)
    memory.fill(state, 0, stateBytes(headDim))
    v128.store(tail, f32x4.splat(-f32.MAX_VALUE), LARGEST)
    for (let lane = 0; lane < TILE; lane++) {
      store<i32>(tail + ((<usize>lane) << 2), position + (first + lane) / group, POSITION)
    }
    state += stateBytes(headDim)
  }
}

/** Takes the states of later positions into those of the positions before, and leaves the later ones unusable. */
export function mergeStates(state: usize, later: usize, rows: i32, headDim: i32): void {
  for (let first = 0; first < rows; first += TILE) {
    const height = tileRows(first, rows)
    const tail = state + rowBytes(height, headDim)
    const laterTail = later + rowBytes(height, headDim)
    const largest = f32x4.pmax(v128.load(tail, LARGEST), v128.load(laterTail, LARGEST))
    const lowered = exp2x4(f32x4.sub(v128.load(tail, LARGEST), largest))
    const laterLowered = exp2x4(f32x4.sub(v128.load(laterTail, LARGEST), largest))
    v128.store(tail, largest, LARGEST)
    v128.store(tail, madd(v128.load(tail, SUM), lowered, f32x4.mul(v128.load(laterTail, SUM), laterLowered)), SUM)
    // From there they can be read lane by lane.
    v128.store(laterTail, lowered, LARGEST)
    v128.store(laterTail, laterLowered, SUM)
    for (let lane = 0; lane < height; lane++) {
      const a = v128.load32_splat(laterTail + ((<usize>lane) << 2), LARGEST)
      const b = v128.load32_splat(laterTail + ((<usize>lane) << 2), SUM)
      let at = state + <usize>lane * 32
      let from = later + <usize>lane * 32
      for (let left = headDim; left >= 8; left -= 8) {
        const high = madd(v128.load(at, 16), a, f32x4.mul(v128.load(from, 16), b))
        const low = madd(v128.load(at), a, f32x4.mul(v128.load(from), b))
        v128.store(at, high, 16)
        v128.store(at, low)
        at += <usize>height * 32
        from += <usize>height * 32
      }
      if (headDim & 4) {
        at -= <usize>lane * 16
        from -= <usize>lane * 16
        v128.store(at, madd(v128.load(at), a, f32x4.mul(v128.load(from), b)))
      }
    }
    state += stateBytes(headDim)
    later += stateBytes(headDim)
  }
}

/** out = the weighted values over the sum of the weights. */
export function finishRows(state: usize, out: usize, tokenBytes: usize, rows: i32, group: i32, headDim: i32): void {
  for (let row = 0; row < rows; row++) {
    const lane = row % TILE
    const height = tileRows(row - lane, rows)
    const from = state + <usize>(row / TILE) * stateBytes(headDim)
    const tail = from + rowBytes(height, headDim)
    const factor = f32x4.splat(<f32>1 / load<f32>(tail + ((<usize>lane) << 2), SUM))
    let to = out + <usize>(row / group) * tokenBytes + rowBytes(row % group, headDim)
    let at = from + <usize>lane * 32
    for (let left = headDim; left >= 8; left -= 8) {
      v128.store(to, f32x4.mul(v128.load(at, 16), factor), 16)
      v128.store(to, f32x4.mul(v128.load(at), factor))
      at += <usize>height * 32
      to += 32
    }
    if (headDim & 4) v128.store(to, f32x4.mul(v128.load(at - <usize>lane * 16), factor))
  }
}
