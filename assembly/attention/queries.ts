import { rowBytes, TILE, tileRows } from './layout'

/** Four elements of a query times `scales`, clamped to ±`limits`, times `factors`. */
@inline
function scaled(at: usize, scales: v128, limits: v128, factors: v128): v128 {
  const product = f32x4.mul(v128.load(at), scales)
  return f32x4.mul(f32x4.pmin(f32x4.pmax(product, f32x4.neg(limits)), limits), factors)
}

/**
 * Packs queries into tiles, times `scale` and `factor`. The rows of a kv head are its `group` query heads for each of
 * several tokens, `tokenBytes` apart. Queries are clamped to stay finite: to f32.MAX_VALUE / `most`, where `most` is the
 * largest possible `factor`, so that every factor gives the same clamped values.
 */
export function packTiles(
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
