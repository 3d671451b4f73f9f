/** Address of the block of row `row` that begins at `column`, in a row-major matrix. */
@inline
export function blocksAt<T>(weights: usize, rowBytes: usize, row: i32, column: i32): usize {
  const block = changetype<T>(weights)
  return weights + <usize>row * rowBytes + <usize>((column / block.elements) * block.bytes)
}
