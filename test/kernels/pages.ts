import { PAGE_POSITIONS } from '../../src/backend/memory.js'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import type { Workbench } from './workbench.js'

/** What all calls of an attention layer share; see `AttentionShape` in assembly/attention/call.ts. */
export interface AttentionShape {
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  /** Default: `headDim`. */
  readonly valueDim?: number | undefined
  readonly scale: number
  /** Default: none. */
  readonly window?: number | undefined
  readonly scratch: Pointer
  /** Default: none. */
  readonly softcap?: number | undefined
  /** f32[heads] each; default: none. */
  readonly sinks?: Pointer | undefined
  readonly slopes?: Pointer | undefined
}

/** A shape's record. */
export function shapeRecord(shape: AttentionShape): Uint8Array<ArrayBuffer> {
  const record = new DataView(new ArrayBuffer(40))
  record.setInt32(0, shape.heads, true)
  record.setInt32(4, shape.kvHeads, true)
  record.setInt32(8, shape.headDim, true)
  record.setFloat32(12, shape.scale, true)
  record.setInt32(16, shape.window ?? 0, true)
  record.setUint32(20, shape.scratch, true)
  record.setInt32(24, shape.valueDim ?? shape.headDim, true)
  record.setFloat32(28, shape.softcap ?? 0, true)
  record.setUint32(32, shape.sinks ?? 0, true)
  record.setUint32(36, shape.slopes ?? 0, true)
  return new Uint8Array(record.buffer)
}

export interface PagedCache {
  /** The page table. */
  readonly pages: Pointer
  readonly keysOffset: number
  readonly valuesOffset: number
}

export interface Paging {
  /** The order of pages in memory. Default: by position, with gaps. */
  readonly order?: (pages: number) => readonly number[]
  /** Positions before this one are not held: their bytes are `filler`, and whole pages of them are `absent`. Default 0. */
  readonly first?: number
  /** Table entry of pages that are not held. Default 0. */
  readonly absent?: number
  /** Fills bytes of pages that hold no position. Default 255: NaN as f32 and as f16. */
  readonly filler?: number
}

/** Bytes before the keys and between keys and values in a page, as if of other layers. */
const GAP = 48

/** Cuts keys and values, rows of `rowBytes` and `valueBytes` (default: as many) bytes per position, into pages. */
export function pagedCache(
  bench: Pick<Workbench, 'bytes'>,
  keys: Uint8Array,
  values: Uint8Array,
  rowBytes: number,
  { order, first = 0, absent = 0, filler = 255 }: Paging = {},
  valueBytes = rowBytes,
): PagedCache {
  const pageBytes = PAGE_POSITIONS * rowBytes
  const pages = Math.ceil(keys.length / pageBytes)
  const keysOffset = GAP
  const valuesOffset = 2 * GAP + pageBytes
  const table = new Uint32Array(pages).fill(absent)
  const ordered = order?.(pages) ?? Array.from({ length: pages }, (_, page) => page)
  for (const page of ordered) {
    if ((page + 1) * PAGE_POSITIONS <= first) continue
    const content = new Uint8Array(valuesOffset + PAGE_POSITIONS * valueBytes + GAP).fill(filler)
    for (const [from, offset, bytes] of [
      [keys, keysOffset, rowBytes],
      [values, valuesOffset, valueBytes],
    ] as const) {
      const begin = page * PAGE_POSITIONS * bytes
      const start = Math.max(begin, first * bytes)
      content.set(from.subarray(start, begin + PAGE_POSITIONS * bytes), offset + start - begin)
    }
    table[page] = bench.bytes(content)
  }
  return { pages: bench.bytes(new Uint8Array(table.buffer)), keysOffset, valuesOffset }
}
