/**
 * Matrix × matrix for prefill: weights are dequantised once a batch, eight rows at a time, into a panel that lies
 * column after column, and a register tile of 8 rows × 4 tokens runs over it in f32.
 * Each token's result is independent of the others in its batch: the order of its sums is always k = 0, 1, 2, …
 */

/** Rows of a panel. */
const ROWS: i32 = 8

/** Columns that are dequantised at a time before they are laid into the panel: every format's block divides it. */
const CHUNK: i32 = 256

/** Bytes of scratch that `matmulOf` needs for `columns`: the panel, then eight chunks. */
export function matmul_scratch(columns: i32): usize {
  return <usize>(columns * ROWS + CHUNK * ROWS) << 2
}

/** Lays an 8 × n chunk (rows of CHUNK floats) into the panel, eight rows side by side for each column. */
@inline
function transpose(chunk: usize, panel: usize, n: i32): void {
  const stride: usize = (<usize>CHUNK) << 2
  let column = 0
  for (; column + 4 <= n; column += 4) {
    for (let half: usize = 0; half < 2; half++) {
      const from = chunk + half * 4 * stride + ((<usize>column) << 2)
      const to = panel + ((<usize>column) << 5) + (half << 4)
      const a = v128.load(from)
      const b = v128.load(from + stride)
      const c = v128.load(from + 2 * stride)
      const d = v128.load(from + 3 * stride)
      const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
      const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
      const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
      const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
      v128.store(to, v128.shuffle<i64>(ab0, cd0, 0, 2))
      v128.store(to, v128.shuffle<i64>(ab0, cd0, 1, 3), 32)
      v128.store(to, v128.shuffle<i64>(ab1, cd1, 0, 2), 64)
      v128.store(to, v128.shuffle<i64>(ab1, cd1, 1, 3), 96)
    }
  }
  for (; column < n; column++) {
    for (let r = 0; r < ROWS; r++) {
      store<f32>(
        panel + ((<usize>(column * ROWS + r)) << 2),
        load<f32>(chunk + <usize>r * stride + ((<usize>column) << 2)),
      )
    }
  }
}

/** Dequantises `rows` (≤ 8) rows into the panel; missing rows repeat the last one. */
@inline
function pack<T>(weights: usize, stride: usize, panel: usize, rows: i32, columns: i32): void {
  const chunks = panel + ((<usize>(columns * ROWS)) << 2)
  const row = changetype<T>(weights)
  for (let column = 0; column < columns; column += CHUNK) {
    const n = min(CHUNK, columns - column)
    const offset = <usize>((column / row.elements) * row.bytes)
    for (let r = 0; r < ROWS; r++) {
      const from = weights + <usize>min(r, rows - 1) * stride + offset
      changetype<T>(from).dequantize(chunks + ((<usize>(r * CHUNK)) << 2), n)
    }
    transpose(chunks, panel + ((<usize>(column * ROWS)) << 2), n)
  }
}

/** Writes the first `rows` of eight sums. */
@inline
function storeRows(out: usize, low: v128, high: v128, rows: i32, spill: usize): void {
  if (rows == ROWS) {
    v128.store(out, low)
    v128.store(out, high, 16)
    return
  }
  v128.store(spill, low)
  v128.store(spill, high, 16)
  memory.copy(out, spill, (<usize>rows) << 2)
}

/**
 * `x` is f32[tokens][columns] with `xStride` bytes from token to token, `out` f32[tokens][outStride] of which the first
 * `rows` are written, `scratch` has `matmul_scratch(columns)` bytes.
 */
@inline
export function matmulOf<T>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  outStride: i32,
  scratch: usize,
): void {
  const row = changetype<T>(weights)
  const rowBytes = <usize>((columns / row.elements) * row.bytes)
  const outBytes = (<usize>outStride) << 2
  const spill = scratch + ((<usize>(columns * ROWS)) << 2)
  for (let r = 0; r < rows; r += ROWS) {
    const height = min(ROWS, rows - r)
    pack<T>(weights + <usize>r * rowBytes, rowBytes, scratch, height, columns)
    const outRow = out + ((<usize>r) << 2)
    for (let token = 0; token < tokens; token += 4) {
      // Past the last token the tile computes it again instead of branching.
      const last = tokens - 1
      const t1 = <usize>min(token + 1, last)
      const t2 = <usize>min(token + 2, last)
      const t3 = <usize>min(token + 3, last)
      let x0 = x + <usize>token * xStride
      let x1 = x + t1 * xStride
      let x2 = x + t2 * xStride
      let x3 = x + t3 * xStride
      let a0 = f32x4.splat(0)
      let a1 = a0
      let b0 = a0
      let b1 = a0
      let c0 = a0
      let c1 = a0
      let d0 = a0
      let d1 = a0
      let panel = scratch
      const end = scratch + ((<usize>(columns * ROWS)) << 2)
      while (panel < end) {
        const low = v128.load(panel)
        const high = v128.load(panel, 16)
        let v = v128.load32_splat(x0)
        a0 = f32x4.add(a0, f32x4.mul(low, v))
        a1 = f32x4.add(a1, f32x4.mul(high, v))
        v = v128.load32_splat(x1)
        b0 = f32x4.add(b0, f32x4.mul(low, v))
        b1 = f32x4.add(b1, f32x4.mul(high, v))
        v = v128.load32_splat(x2)
        c0 = f32x4.add(c0, f32x4.mul(low, v))
        c1 = f32x4.add(c1, f32x4.mul(high, v))
        v = v128.load32_splat(x3)
        d0 = f32x4.add(d0, f32x4.mul(low, v))
        d1 = f32x4.add(d1, f32x4.mul(high, v))
        panel += 32
        x0 += 4
        x1 += 4
        x2 += 4
        x3 += 4
      }
      storeRows(outRow + <usize>token * outBytes, a0, a1, height, spill)
      storeRows(outRow + t1 * outBytes, b0, b1, height, spill)
      storeRows(outRow + t2 * outBytes, c0, c1, height, spill)
      storeRows(outRow + t3 * outBytes, d0, d1, height, spill)
    }
  }
}
