/**
 * Has the processor fetch keys and values before they are read head by head, with gaps. `room` is any place for four
 * bytes: a load whose value nobody wants might be left out. For what each gains see bench/kernels/README.md.
 */

/** All that lies there, in one sweep: so the processor has many cache lines on their way at once. */
export function fetch(from: usize, bytes: usize, room: usize): void {
  let sum = 0
  for (let at = from; at < from + bytes; at += 64) sum ^= load<i32>(at)
  store<i32>(room, sum)
}

/**
 * The first two cache lines on each of the processor's pages, of 4 KB. Processors fetch ahead within a page once they see
 * that it is read in order; so what is read in order soon after need not wait at the beginning of each page, and waits here
 * for all at once.
 */
export function fetchPages(from: usize, bytes: usize, room: usize): void {
  let sum = 0
  for (const end = from + bytes - 64; from < end; from = (from & ~4095) + 4096) {
    sum ^= load<i32>(from) ^ load<i32>(from, 64)
  }
  store<i32>(room, sum)
}
