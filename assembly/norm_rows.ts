import { rmsnorm } from './rmsnorm'
import { parallelFor } from './thread_pool'

/** Values per part. */
const PART_VALUES: i32 = 16384
/** Below this many values the main thread is done before the workers have woken. */
const SHARED_VALUES: i32 = 65536

/** The current call, for all threads. */
@unmanaged
class Norms {
  x: usize
  weight: usize
  out: usize
  rows: i32
  n: i32
  epsilon: f32
  rowsPerPart: i32
}

const norms = changetype<Norms>(memory.data(offsetof<Norms>(), 64))

/** `rmsnorm` of each row of f32[rows][n], all with the same weights, f32[n]. `out` may be `x`. */
export function norm_rows(x: usize, weight: usize, out: usize, rows: i32, n: i32, epsilon: f32): void {
  norms.x = x
  norms.weight = weight
  norms.out = out
  norms.rows = rows
  norms.n = n
  norms.epsilon = epsilon
  const rowsPerPart = rows * n < SHARED_VALUES ? max(rows, 1) : max(1, PART_VALUES / n)
  norms.rowsPerPart = rowsPerPart
  const part = normPart
  parallelFor(part.index, (rows + rowsPerPart - 1) / rowsPerPart)
}

function normPart(part: i32): void {
  const first = part * norms.rowsPerPart
  const end = min(norms.rows, first + norms.rowsPerPart)
  const rowBytes = (<usize>norms.n) << 2
  for (let row = first; row < end; row++) {
    const offset = <usize>row * rowBytes
    rmsnorm(norms.x + offset, norms.weight, norms.out + offset, norms.n, norms.epsilon)
  }
}
