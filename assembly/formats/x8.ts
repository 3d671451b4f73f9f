/**
 * Weight repacking (x8): eight rows of a matrix are interleaved at load, so that their values for the same columns are side
 * by side and no sum crosses lanes. It works in place and takes as many bytes: eight blocks, one of each row, become one.
 * These layouts are the engine's own and never occur in files.
 *
 * `T`, the class of such a format, has `repack(rows, stride)`, which writes the block from the rows' blocks at `rows`,
 * `stride` bytes apart.
 */
import { parallelFor, threadCount, threadIndex } from '../thread_pool'


/** Rows that are interleaved. Matrices with other numbers of rows than multiples of this are not repacked. */
export const EIGHT: i32 = 8

/** The current matrix, for all threads. */
@unmanaged
class Work {
  weights: usize
  rowBytes: usize
  eights: i32
  scratch: usize
  parts: i32
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 64))

/** Parts per thread, to balance the load. */
const PARTS_PER_THREAD: i32 = 4

/**
 * Repacks `rows` rows, a multiple of eight, of `rowBytes`, on all threads. `part` is the table index of a function that
 * calls `repackPart`; `scratch` holds eight rows per thread.
 */
export function repackShared(part: u32, weights: usize, rowBytes: usize, rows: i32, scratch: usize): void {
  const eights = rows / EIGHT
  work.weights = weights
  work.rowBytes = rowBytes
  work.eights = eights
  work.scratch = scratch
  work.parts = threadCount() == 1 ? 1 : min(eights, PARTS_PER_THREAD * threadCount())
  parallelFor(part, work.parts)
}

@inline
export function repackPart<T>(part: i32): void {
  const rowBytes = work.rowBytes
  const eightBytes = rowBytes * EIGHT
  const blockBytes = <usize>changetype<T>(0).bytes
  const rows = work.scratch + <usize>threadIndex() * eightBytes
  const end = border(part + 1)
  for (let at = border(part); at < end; at += eightBytes) {
    memory.copy(rows, at, eightBytes)
    let to = at
    for (let from = rows; from < rows + rowBytes; from += blockBytes, to += blockBytes * EIGHT) {
      changetype<T>(to).repack(from, rowBytes)
    }
  }
}

/** Address at which a part begins. */
function border(part: i32): usize {
  const eight = <usize>(<i64>work.eights * part / work.parts)
  return work.weights + eight * work.rowBytes * EIGHT
}

/** Address of the group of eight rows that contains row `row`. */
@inline
export function eightAt<T>(weights: usize, rowBytes: usize, row: i32): usize {
  return weights + <usize>(row & ~(EIGHT - 1)) * rowBytes
}
