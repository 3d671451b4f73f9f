/** Stores the 4 × 4 words of four rows column by column: four vectors, `stride` bytes apart. */
@inline
export function transpose(a: v128, b: v128, c: v128, d: v128, to: usize, stride: usize): void {
  const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<i64>(ab0, cd0, 0, 2))
  v128.store(to + stride, v128.shuffle<i64>(ab0, cd0, 1, 3))
  v128.store(to + 2 * stride, v128.shuffle<i64>(ab1, cd1, 0, 2))
  v128.store(to + 3 * stride, v128.shuffle<i64>(ab1, cd1, 1, 3))
}
