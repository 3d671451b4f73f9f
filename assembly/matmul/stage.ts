/**
 * Four unpacked rows, one after another: quants as bytes, a scale per sub-block, and a minimum if the format has them.
 */
import { words4 } from '../formats/rows'
import { CHUNK } from './scratch'

/** Bytes of a row's scales, at most one per 16 columns, and likewise of its minimums. */
const ROW: usize = <usize>CHUNK >> 2

const SCALES: usize = 4 * <usize>CHUNK
const MINIMUMS: usize = SCALES + 4 * ROW

/** Unpacks four of `rows` rows, from row `first` on, padded with copies of the last. `T` has `unpack`; see README.md. */
@inline
export function unpackRows<T>(stage: usize, weights: usize, rowBytes: usize, first: i32, rows: i32, n: i32): void {
  for (let r = 0; r < 4; r++) {
    const row = weights + <usize>min(first + r, rows - 1) * rowBytes
    const to = stage + <usize>r * ROW
    changetype<T>(row).unpack(stage + <usize>(r * CHUNK), to + SCALES, to + MINIMUMS, n)
  }
}

/** Scales of sub-block `index`: lane r is row r's. */
@inline
export function scalesOf(stage: usize, index: i32): v128 {
  return gather(stage + SCALES + ((<usize>index) << 2))
}

@inline
export function minimumsOf(stage: usize, index: i32): v128 {
  return gather(stage + MINIMUMS + ((<usize>index) << 2))
}

@inline
function gather(at: usize): v128 {
  return words4(at, at + ROW, at + 2 * ROW, at + 3 * ROW)
}
