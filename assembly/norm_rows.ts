import { Norm, normalize } from './norm'
import { parallelFor } from './thread_pool'

/** Values per part. */
const PART_VALUES: i32 = 16384
/** Below this many values the main thread is done before the workers have woken. */
const SHARED_VALUES: i32 = 65536

/** The current call, for all threads. */
@unmanaged
class Norms {
  norm: Norm
  x: usize
  out: usize
  rows: i32
  n: i32
  groups: i32
  rowsPerPart: i32
}

const norms = changetype<Norms>(memory.data(offsetof<Norms>(), 64))

/**
 * The norm `norm`, a Norm, of each row of f32[rows][n]. Row i has the weights of group i mod `groups`: 1 if all rows share
 * them. `out` may be `x`.
 */
export function norm_rows(norm: usize, x: usize, out: usize, rows: i32, n: i32, groups: i32): void {
  norms.norm = changetype<Norm>(norm)
  norms.x = x
  norms.out = out
  norms.rows = rows
  norms.n = n
  norms.groups = groups
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
    normalize(norms.norm, norms.x + offset, norms.out + offset, norms.n, row % norms.groups)
  }
}
