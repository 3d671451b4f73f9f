/** Channels that belong together: those of a cache line. */
const LINE: i32 = 16

/** Where piece `index` of `count` pieces of `n` channels begins. */
@inline
export function channelBorder(n: i32, index: i32, count: i32): i32 {
  if (index == count) return n
  return <i32>((<i64>n * index) / count) & ~(LINE - 1)
}
