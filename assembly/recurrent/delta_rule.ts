/**
 * The gated delta rule. Source: Yang et al. 2024 (Gated DeltaNet). Each head has a state S, f32[valueDim][keyDim]; per row:
 * S ← e^decay · S; u = beta · (v - S·k); S ← S + u·kᵀ; out = scale · S·q.
 *
 * The rows of S do not depend on each other, so four of them, a tile of at most a few kB, go through all rows of the run while
 * they stay in the L1 cache. Writing S for one row of the run and reading it for the next (S·k) is one pass over the tile.
 * All sums are over the lanes of keyDim in the same order, whatever the run, the slice and the thread.
 */
import { exp4 } from '../math/exp'
import { madd, sums4 } from '../math/lanes'
import { parallelFor, threadCount } from '../thread_pool'

/** The delta rule of a layer, in 32-bit words; JavaScript writes it (src/backend/wasm/steps/recurrent-records.ts). */
@unmanaged
class DeltaRule {
  /** f32[…][keyHeads][keyDim]. */
  q: usize
  k: usize
  /** f32[…][heads][valueDim]. */
  v: usize
  out: usize
  /** f32[…][heads]. */
  decay: usize
  beta: usize
  heads: i32
  keyHeads: i32
  keyDim: i32
  valueDim: i32
  /** Whether equal groups of neighbouring heads share a key head; else head h has key head h mod keyHeads. */
  groups: i32
  scale: f32
}

/** The current call, for all threads. */
@unmanaged
class Work {
  rule: DeltaRule
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

/** Rows of S in a tile. */
const TILE: i32 = 4
/** Parts per thread, so that threads share the load evenly. */
const PARTS_PER_THREAD: i32 = 4

/**
 * Computes `rows` rows from `firstRow` on, from the state at `from`, f32[heads][valueDim][keyDim], and writes the state after
 * the last one to `to`, which is not `from`. keyDim and valueDim are multiples of 4. Computes slice `slice` of `slices`, a
 * share of the rows of S.
 */
export function delta_rule(rule: usize, firstRow: i32, rows: i32, from: usize, to: usize, slice: i32, slices: i32): void {
  const it = changetype<DeltaRule>(rule)
  const tiles = (it.heads * it.valueDim) / TILE
  work.rule = it
  work.firstRow = firstRow
  work.rows = rows
  work.from = from
  work.to = to
  const first = (tiles * slice) / slices
  const end = (tiles * (slice + 1)) / slices
  work.first = first
  work.end = end
  const threads = threadCount()
  const parts = threads == 1 ? 1 : min(end - first, PARTS_PER_THREAD * threads)
  work.parts = parts
  const part = deltaPart
  parallelFor(part.index, parts)
}

function deltaPart(part: i32): void {
  const count = work.end - work.first
  const end = work.first + (count * (part + 1)) / work.parts
  for (let tile = work.first + (count * part) / work.parts; tile < end; tile++) deltaTile(tile)
}

/** All rows of the run for rows 4 · tile to 4 · tile + 3 of the heads' S. */
function deltaTile(tile: i32): void {
  const it = work.rule
  const rows = work.rows
  const head = (tile * TILE) / it.valueDim
  const keyHead = it.groups ? head / (it.heads / it.keyHeads) : head % it.keyHeads
  const keyBytes = (<usize>it.keyDim) << 2
  const keyStride = keyBytes * <usize>it.keyHeads
  const valueStride = (<usize>(it.heads * it.valueDim)) << 2
  const headStride = (<usize>it.heads) << 2
  const firstKey = <usize>work.firstRow * keyStride + <usize>keyHead * keyBytes
  const firstValue = <usize>work.firstRow * valueStride + ((<usize>(tile * TILE)) << 2)
  const firstHead = <usize>work.firstRow * headStride + ((<usize>head) << 2)
  let q = it.q + firstKey
  let k = it.k + firstKey
  let v = it.v + firstValue
  let out = it.out + firstValue
  let decay = it.decay + firstHead
  let beta = it.beta + firstHead
  const scale = f32x4.splat(it.scale)
  const offset = <usize>(tile * TILE) * keyBytes
  const s0 = work.to + offset
  const s1 = s0 + keyBytes
  const s2 = s1 + keyBytes
  const s3 = s2 + keyBytes

  // S·k of the first row.
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let old = work.from + offset
  for (let i: usize = 0; i < keyBytes; i += 16, old += 16) {
    const key = v128.load(k + i)
    const x0 = v128.load(old)
    const x1 = v128.load(old + keyBytes)
    const x2 = v128.load(old + 2 * keyBytes)
    const x3 = v128.load(old + 3 * keyBytes)
    v128.store(s0 + i, x0)
    v128.store(s1 + i, x1)
    v128.store(s2 + i, x2)
    v128.store(s3 + i, x3)
    a = madd(x0, key, a)
    b = madd(x1, key, b)
    c = madd(x2, key, c)
    d = madd(x3, key, d)
  }
  for (let row = 0; row < rows; row++) {
    const fade = exp4(v128.load32_splat(decay))
    const u = f32x4.mul(v128.load32_splat(beta), f32x4.sub(v128.load(v), f32x4.mul(fade, sums4(a, b, c, d))))
    const u0 = v128.shuffle<i32>(u, u, 0, 0, 0, 0)
    const u1 = v128.shuffle<i32>(u, u, 1, 1, 1, 1)
    const u2 = v128.shuffle<i32>(u, u, 2, 2, 2, 2)
    const u3 = v128.shuffle<i32>(u, u, 3, 3, 3, 3)
    // The last row has no next one: its products are computed for nothing.
    const next = row + 1 < rows ? k + keyStride : k
    a = f32x4.splat(0)
    b = a
    c = a
    d = a
    let y0 = a
    let y1 = a
    let y2 = a
    let y3 = a
    for (let i: usize = 0; i < keyBytes; i += 16) {
      const key = v128.load(k + i)
      const query = v128.load(q + i)
      const following = v128.load(next + i)
      const x0 = madd(u0, key, f32x4.mul(v128.load(s0 + i), fade))
      v128.store(s0 + i, x0)
      y0 = madd(x0, query, y0)
      a = madd(x0, following, a)
      const x1 = madd(u1, key, f32x4.mul(v128.load(s1 + i), fade))
      v128.store(s1 + i, x1)
      y1 = madd(x1, query, y1)
      b = madd(x1, following, b)
      const x2 = madd(u2, key, f32x4.mul(v128.load(s2 + i), fade))
      v128.store(s2 + i, x2)
      y2 = madd(x2, query, y2)
      c = madd(x2, following, c)
      const x3 = madd(u3, key, f32x4.mul(v128.load(s3 + i), fade))
      v128.store(s3 + i, x3)
      y3 = madd(x3, query, y3)
      d = madd(x3, following, d)
    }
    v128.store(out, f32x4.mul(scale, sums4(y0, y1, y2, y3)))
    q += keyStride
    k = next
    v += valueStride
    out += valueStride
    decay += headStride
    beta += headStride
  }
}
