/**
 * Selective state spaces. Sources: Gu and Dao 2023 (Mamba), Dao and Gu 2024 (Mamba-2). Each head of x has a state H,
 * f32[width][states]; per row, with a `step` per head: H ← e^(step · a) · H + step · x·bᵀ; out = H·c + d · x.
 *
 * The rows of H do not depend on each other, so four of them, or what is left of a head, go through all rows of the run while
 * they stay in the L1 cache. All sums are over the lanes of the states in the same order, whatever the run, the slice and
 * the thread.
 */
import { exp4 } from '../math/exp'
import { madd, sums4, sumF32x4 } from '../math/lanes'
import { parallelFor, threadCount } from '../thread_pool'

/** The scan of a layer, in 32-bit words; JavaScript writes it (src/backend/wasm/steps/recurrent-records.ts). */
@unmanaged
class StateScan {
  /** f32[…][heads][width]. */
  x: usize
  out: usize
  /** f32[…][groups][states]. */
  b: usize
  c: usize
  /** f32[…][heads]. */
  step: usize
  /** f32[heads], or f32[heads][states] with `perState`. */
  a: usize
  /** f32[heads], or 0. */
  d: usize
  heads: i32
  width: i32
  groups: i32
  states: i32
  perState: i32
}

/** The current call, for all threads. */
@unmanaged
class Work {
  scan: StateScan
  firstRow: i32
  rows: i32
  from: usize
  to: usize
  /** Tiles of the slice, and the parts that they are divided into. */
  first: i32
  end: i32
  parts: i32
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 64))

/** Rows of H in a tile; the last tile of a head may have fewer. */
const TILE: i32 = 4
/** Parts per thread, so that threads share the load evenly. */
const PARTS_PER_THREAD: i32 = 4

/**
 * Computes `rows` rows from `firstRow` on, from the state at `from`, f32[heads][width][states], and writes the state after the
 * last one to `to`, which is not `from`. `states` is a multiple of 4. Computes slice `slice` of `slices`, a share of the rows
 * of H.
 */
export function state_scan(scan: usize, firstRow: i32, rows: i32, from: usize, to: usize, slice: i32, slices: i32): void {
  const it = changetype<StateScan>(scan)
  const tiles = it.heads * tilesPerHead(it)
  work.scan = it
  work.firstRow = firstRow
  work.rows = rows
  work.from = from
  work.to = to
  const first = <i32>((<i64>tiles * slice) / slices)
  const end = <i32>((<i64>tiles * (slice + 1)) / slices)
  work.first = first
  work.end = end
  const threads = threadCount()
  const parts = threads == 1 ? 1 : min(end - first, PARTS_PER_THREAD * threads)
  work.parts = parts
  const part = scanPart
  parallelFor(part.index, parts)
}

@inline
function tilesPerHead(scan: StateScan): i32 {
  return (scan.width + TILE - 1) / TILE
}

function scanPart(part: i32): void {
  const it = work.scan
  const count = work.end - work.first
  const end = work.first + (count * (part + 1)) / work.parts
  const perHead = tilesPerHead(it)
  const perState = it.perState != 0
  for (let tile = work.first + (count * part) / work.parts; tile < end; tile++) {
    const head = tile / perHead
    const index = (tile % perHead) * TILE
    if (index + TILE <= it.width) {
      if (perState) scanFour(true, head, index)
      else scanFour(false, head, index)
      continue
    }
    for (let row = index; row < it.width; row++) {
      if (perState) scanOne(true, head, row)
      else scanOne(false, head, row)
    }
  }
}

/** All rows of the run for rows `index` to `index + 3` of a head's H. */
@inline
function scanFour(perState: bool, head: i32, index: i32): void {
  const it = work.scan
  const bytes = (<usize>it.states) << 2
  const valueStride = (<usize>(it.heads * it.width)) << 2
  const groupStride = bytes * <usize>it.groups
  const headStride = (<usize>it.heads) << 2
  const offset = <usize>(head * it.width + index)
  const firstGroup = <usize>work.firstRow * groupStride + <usize>(head / (it.heads / it.groups)) * bytes
  let x = it.x + <usize>work.firstRow * valueStride + (offset << 2)
  let out = it.out + <usize>work.firstRow * valueStride + (offset << 2)
  let inward = it.b + firstGroup
  let outward = it.c + firstGroup
  let steps = it.step + <usize>work.firstRow * headStride + ((<usize>head) << 2)
  const rates = it.a + (perState ? <usize>head * bytes : (<usize>head) << 2)
  const skip = it.d ? v128.load32_splat(it.d + ((<usize>head) << 2)) : f32x4.splat(0)
  const h0 = work.to + offset * bytes
  const h1 = h0 + bytes
  const h2 = h1 + bytes
  const h3 = h2 + bytes
  copy(work.from + offset * bytes, h0, bytes << 2)
  for (let row = 0; row < work.rows; row++) {
    const step = v128.load32_splat(steps)
    const value = v128.load(x)
    const f = f32x4.mul(step, value)
    const f0 = v128.shuffle<i32>(f, f, 0, 0, 0, 0)
    const f1 = v128.shuffle<i32>(f, f, 1, 1, 1, 1)
    const f2 = v128.shuffle<i32>(f, f, 2, 2, 2, 2)
    const f3 = v128.shuffle<i32>(f, f, 3, 3, 3, 3)
    let fade = perState ? f : exp4(f32x4.mul(step, v128.load32_splat(rates)))
    let y0 = f32x4.splat(0)
    let y1 = y0
    let y2 = y0
    let y3 = y0
    for (let i: usize = 0; i < bytes; i += 16) {
      if (perState) fade = exp4(f32x4.mul(step, v128.load(rates + i)))
      const b = v128.load(inward + i)
      const c = v128.load(outward + i)
      const x0 = madd(f0, b, f32x4.mul(v128.load(h0 + i), fade))
      v128.store(h0 + i, x0)
      y0 = madd(x0, c, y0)
      const x1 = madd(f1, b, f32x4.mul(v128.load(h1 + i), fade))
      v128.store(h1 + i, x1)
      y1 = madd(x1, c, y1)
      const x2 = madd(f2, b, f32x4.mul(v128.load(h2 + i), fade))
      v128.store(h2 + i, x2)
      y2 = madd(x2, c, y2)
      const x3 = madd(f3, b, f32x4.mul(v128.load(h3 + i), fade))
      v128.store(h3 + i, x3)
      y3 = madd(x3, c, y3)
    }
    v128.store(out, madd(skip, value, sums4(y0, y1, y2, y3)))
    x += valueStride
    out += valueStride
    inward += groupStride
    outward += groupStride
    steps += headStride
  }
}

/** The same for one row of a head's H. */
@inline
function scanOne(perState: bool, head: i32, index: i32): void {
  const it = work.scan
  const bytes = (<usize>it.states) << 2
  const valueStride = (<usize>(it.heads * it.width)) << 2
  const groupStride = bytes * <usize>it.groups
  const headStride = (<usize>it.heads) << 2
  const offset = <usize>(head * it.width + index)
  const firstGroup = <usize>work.firstRow * groupStride + <usize>(head / (it.heads / it.groups)) * bytes
  let x = it.x + <usize>work.firstRow * valueStride + (offset << 2)
  let out = it.out + <usize>work.firstRow * valueStride + (offset << 2)
  let inward = it.b + firstGroup
  let outward = it.c + firstGroup
  let steps = it.step + <usize>work.firstRow * headStride + ((<usize>head) << 2)
  const rates = it.a + (perState ? <usize>head * bytes : (<usize>head) << 2)
  const skip = it.d ? v128.load32_splat(it.d + ((<usize>head) << 2)) : f32x4.splat(0)
  const h = work.to + offset * bytes
  copy(work.from + offset * bytes, h, bytes)
  for (let row = 0; row < work.rows; row++) {
    const step = v128.load32_splat(steps)
    const value = v128.load32_splat(x)
    const f = f32x4.mul(step, value)
    let fade = perState ? f : exp4(f32x4.mul(step, v128.load32_splat(rates)))
    let y = f32x4.splat(0)
    for (let i: usize = 0; i < bytes; i += 16) {
      if (perState) fade = exp4(f32x4.mul(step, v128.load(rates + i)))
      const next = madd(f, v128.load(inward + i), f32x4.mul(v128.load(h + i), fade))
      v128.store(h + i, next)
      y = madd(next, v128.load(outward + i), y)
    }
    v128.store32_lane(out, madd(skip, value, f32x4.splat(sumF32x4(y))), 0)
    x += valueStride
    out += valueStride
    inward += groupStride
    outward += groupStride
    steps += headStride
  }
}

/** Copies `bytes` bytes, a multiple of 16: `memory.copy` would be a call for each tile. */
@inline
function copy(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i))
}
