/**
 * Prefetches keys and values, which are later read head by head, with gaps. `scratch` is any four bytes, for the loaded
 * values: the engine may drop a load whose value is unused. Measured gains are in bench/kernels/README.md.
 */

/** Touches every cache line in one sweep, so that many are in flight at once. */
export function fetch(from: usize, bytes: usize, scratch: usize): void {
  let sum = 0
  for (let at = from; at < from + bytes; at += 64) sum ^= load<i32>(at)
  store<i32>(scratch, sum)
}

/**
 * Touches the first two cache lines of each 4 KB page. Hardware prefetchers do not cross pages, so a sequential read stalls
 * at the beginning of each page; here these stalls overlap.
 */
export function fetchPages(from: usize, bytes: usize, scratch: usize): void {
  let sum = 0
  for (const end = from + bytes - 64; from < end; from = (from & ~4095) + 4096) {
    sum ^= load<i32>(from) ^ load<i32>(from, 64)
  }
  store<i32>(scratch, sum)
}
