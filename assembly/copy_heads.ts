/**
 * Copies `n` values of each of `heads` heads of `rows` rows. Distances are in elements: head h of row r is at
 * `x + r · xRow + h · xHead`, and is copied to `out + (r · heads + h) · outHead`. The buffers must not overlap.
 */
export function copy_heads(
  x: usize,
  xRow: i32,
  xHead: i32,
  out: usize,
  outHead: i32,
  rows: i32,
  heads: i32,
  n: i32,
): void {
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      memory.copy(out, x + ((<usize>(head * xHead)) << 2), (<usize>n) << 2)
      out += (<usize>outHead) << 2
    }
    x += (<usize>xRow) << 2
  }
}
