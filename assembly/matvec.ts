/**
 * Matrix × vector straight on quantised blocks, for decode.
 * `weights` is `rows` rows of `columns / T.elements` blocks; `x` is what T's `dot4`, or `dot`, takes; `out` is f32[rows].
 */

/**
 * For formats with `dot4`: four rows at a time. Past the last one it is computed again, so that a row's bits never
 * depend on where a matrix, or a thread's part of it, ends.
 */
@inline
export function matvecFoursOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  for (; rows > 0; rows -= 4) {
    const last = rows - 1
    const w1 = weights + <usize>min(1, last) * stride
    const w2 = weights + <usize>min(2, last) * stride
    const w3 = weights + <usize>min(3, last) * stride
    const sums = changetype<T>(weights).dot4(w1, w2, w3, x, columns)
    if (last >= 3) v128.store(out, sums)
    else {
      store<f32>(out, f32x4.extract_lane(sums, 0))
      if (last > 0) store<f32>(out, f32x4.extract_lane(sums, 1), 4)
      if (last > 1) store<f32>(out, f32x4.extract_lane(sums, 2), 8)
    }
    weights += stride << 2
    out += 16
  }
}

/** For formats with `dot`: row by row. */
@inline
export function matvecOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  for (let r = 0; r < rows; r++) {
    store<f32>(out, changetype<T>(weights).dot(x, columns))
    weights += stride
    out += 4
  }
}
