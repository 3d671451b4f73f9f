/**
 * Matrix × vector straight on quantised blocks, for decode.
 * `weights` is `rows` rows of `columns / T.elements` blocks; `x` is what T's `dot` takes; `out` is f32[rows].
 */
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
