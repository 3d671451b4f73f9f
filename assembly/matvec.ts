/**
 * Matrix × vector straight on quantised blocks, for decode.
 * `weights` is `rows` rows of `columns / T.elements` blocks; `x` is what T's `dot4`, or `dot`, takes; `out` is f32[rows].
 */

/**
 * For formats with `dot4`: four rows at a time, one from each quarter of them, so that memory is read in four streams of
 * which each goes straight on: processors fetch such streams ahead, and lose those that jump from row to row. (Weights
 * from main memory, 135M Q8_0 on an Intel Xeon, 2026-11-25: 84 tokens a second, with four neighbouring rows 45.) Past the
 * last row it is computed again, so that a row's bits never depend on where a matrix, or a thread's part of it, ends.
 */
@inline
export function matvecFoursOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  const quarter = (rows + 3) >> 2
  const last = rows - 1
  for (let r = 0; r < quarter; r++, out += 4) {
    const r1 = r + quarter
    const r2 = r1 + quarter
    const r3 = r2 + quarter
    const sums = changetype<T>(weights + <usize>r * stride).dot4(
      weights + <usize>min(r1, last) * stride,
      weights + <usize>min(r2, last) * stride,
      weights + <usize>min(r3, last) * stride,
      x,
      columns,
    )
    store<f32>(out, f32x4.extract_lane(sums, 0))
    if (r1 <= last) store<f32>(out + ((<usize>quarter) << 2), f32x4.extract_lane(sums, 1))
    if (r2 <= last) store<f32>(out + ((<usize>quarter) << 3), f32x4.extract_lane(sums, 2))
    if (r3 <= last) store<f32>(out + (<usize>quarter) * 12, f32x4.extract_lane(sums, 3))
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
