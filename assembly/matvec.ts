/**
 * Matrix × vector straight on quantised blocks, for decode.
 * `weights` is `rows` rows of `columns / T.elements` blocks; `x` is what T's `dot4`, or `dot`, takes; `out` is f32[rows].
 *
 * Rows are taken from several places in turn, so that memory is read in many streams of which each goes straight on:
 * processors fetch such streams ahead, all at once, and lose those that jump. What was measured is in
 * bench/kernels/README.md.
 */

/** Places from which rows, or fours of rows, are taken in turn. */
const PLACES: i32 = 2

/**
 * For formats with `dot4`: four rows at a time, one from each quarter of them, and the fours from four parts of a quarter.
 * Past the last row it is computed again, so that a row's bits never depend on where a matrix, or a thread's part of it,
 * ends.
 */
@inline
export function matvecFoursOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  const quarter = (rows + 3) >> 2
  const part = (quarter + PLACES - 1) / PLACES
  const last = rows - 1
  for (let first = 0; first < part; first++) {
    for (let r = first; r < quarter; r += part) {
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
      store<f32>(out + ((<usize>r) << 2), f32x4.extract_lane(sums, 0))
      if (r1 <= last) store<f32>(out + ((<usize>r1) << 2), f32x4.extract_lane(sums, 1))
      if (r2 <= last) store<f32>(out + ((<usize>r2) << 2), f32x4.extract_lane(sums, 2))
      if (r3 <= last) store<f32>(out + ((<usize>r3) << 2), f32x4.extract_lane(sums, 3))
    }
  }
}

/** For formats with `dot8`: eight rows at a time, one from each eighth of them, in the same way. */
@inline
export function matvecEightsOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  const eighth = (rows + 7) >> 3
  const part = (eighth + PLACES - 1) / PLACES
  const far = <usize>eighth * stride
  const last = weights + <usize>(rows - 1) * stride
  for (let first = 0; first < part; first++) {
    for (let r = first; r < eighth; r += part) {
      const count = (rows - 1 - r) / eighth + 1
      const at = weights + <usize>r * stride
      changetype<T>(at).dot8(far, last, x, columns, out + ((<usize>r) << 2), (<usize>eighth) << 2, count)
    }
  }
}

/** For formats with `dot`: row by row, from as many places. */
@inline
export function matvecOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  const part = (rows + 4 * PLACES - 1) / (4 * PLACES)
  for (let first = 0; first < part; first++) {
    for (let r = first; r < rows; r += part) {
      store<f32>(out + ((<usize>r) << 2), changetype<T>(weights + <usize>r * stride).dot(x, columns))
    }
  }
}
