import { rmsnorm } from './rmsnorm'
import { share } from './thread_pool'

/** Values of a part. */
const PART_VALUES: i32 = 16384
/** As many values are shared among the threads; fewer are done before the others have woken. */
const SHARED_VALUES: i32 = 65536

/** What all threads need to know of the present call. */
@unmanaged
class Norms {
  x: usize
  weight: usize
  out: usize
  rows: i32
  n: i32
  epsilon: f32
  rowsOfPart: i32
}

const norms = changetype<Norms>(memory.data(offsetof<Norms>(), 64))

/** `rmsnorm` of each of the rows of f32[rows][n], all with the same weights, f32[n]. `out` may be `x`. */
export function norm_rows(x: usize, weight: usize, out: usize, rows: i32, n: i32, epsilon: f32): void {
  norms.x = x
  norms.weight = weight
  norms.out = out
  norms.rows = rows
  norms.n = n
  norms.epsilon = epsilon
  const rowsOfPart = rows * n < SHARED_VALUES ? max(rows, 1) : max(1, PART_VALUES / n)
  norms.rowsOfPart = rowsOfPart
  const part = normPart
  share(part.index, (rows + rowsOfPart - 1) / rowsOfPart)
}

function normPart(part: i32): void {
  const first = part * norms.rowsOfPart
  const end = min(norms.rows, first + norms.rowsOfPart)
  const rowBytes = (<usize>norms.n) << 2
  for (let row = first; row < end; row++) {
    const offset = <usize>row * rowBytes
    rmsnorm(norms.x + offset, norms.weight, norms.out + offset, norms.n, norms.epsilon)
  }
}
