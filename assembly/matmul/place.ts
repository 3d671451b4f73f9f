/** Where the blocks of row `row` begin from `column` on, in a matrix whose rows lie one after another. */
@inline
export function blocksAt<T>(weights: usize, rowBytes: usize, row: i32, column: i32): usize {
  const block = changetype<T>(weights)
  return weights + <usize>row * rowBytes + <usize>((column / block.elements) * block.bytes)
}
