/**
 * Matrices whose rows were interleaved by eights when they were loaded, so that what eight rows have for the same columns
 * lies side by side and no sum crosses lanes. It takes the bytes that the file's blocks take, in their place: eight
 * blocks, one below the other, become one. A kind of matrix for the engine, never of a file.
 *
 * `T`, the class of such a format, has `repack(rows, stride)`: writes the block from `rows`, where the file's blocks
 * begin `stride` bytes apart.
 */
import { parallelFor, threadCount, threadIndex } from '../thread_pool'

/** Added to the type number of ggml's format; ggml's own are far below. */
export const REPACKED: i32 = 256

/** Rows that are interleaved. A matrix that is not a multiple of them stays as it is. */
export const EIGHT: i32 = 8

/** What the threads need to know of the matrix at hand. */
@unmanaged
class Work {
  weights: usize
  rowBytes: usize
  eights: i32
  scratch: usize
  parts: i32
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 64))

/** Parts a thread, so that none is waited for long. */
const PARTS_A_THREAD: i32 = 4

/**
 * Interleaves `rows` rows, a multiple of eight, of `rowBytes`, on all threads. `part` is the function that does part
 * `part` by `repackPart`; `scratch` has room for eight rows a thread.
 */
export function repackShared(part: u32, weights: usize, rowBytes: usize, rows: i32, scratch: usize): void {
  const eights = rows / EIGHT
  work.weights = weights
  work.rowBytes = rowBytes
  work.eights = eights
  work.scratch = scratch
  work.parts = threadCount() == 1 ? 1 : min(eights, PARTS_A_THREAD * threadCount())
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

/** Where a part begins. */
function border(part: i32): usize {
  const eight = <usize>(<i64>work.eights * part / work.parts)
  return work.weights + eight * work.rowBytes * EIGHT
}

/** Where the eight begins that has row `row`. */
@inline
export function eightAt<T>(weights: usize, rowBytes: usize, row: i32): usize {
  return weights + <usize>(row & ~(EIGHT - 1)) * rowBytes
}
