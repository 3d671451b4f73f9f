import type { MemoryRecord } from '../backend/memory.js'
import { pacer } from '../platform/pacer.js'

/** The index of a kind is stored in files: never reorder. */
const KINDS = ['kv', 'recurrent'] as const satisfies readonly MemoryRecord['kind'][]
const HEADER_BYTES = 16
/** In bytes; takes about a millisecond. */
const COPIED_AT_ONCE = 2 ** 22

/** Bytes of records in a state. */
export function recordBytes(records: readonly MemoryRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + HEADER_BYTES + padded(bytes.length), 0)
}

/**
 * Writes the layers' records one after another: u32 kind, u32 first position, u64 byte count, then the bytes, padded with
 * zeros to a multiple of four. Yields to the event loop; rejects with the signal's reason.
 */
export async function writeRecords(
  records: readonly MemoryRecord[],
  target: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const view = new DataView(target.buffer, target.byteOffset, target.length)
  let at = 0
  for (const { kind, first, bytes } of records) {
    view.setUint32(at, KINDS.indexOf(kind), true)
    view.setUint32(at + 4, first, true)
    view.setBigUint64(at + 8, BigInt(bytes.length), true)
    at += HEADER_BYTES
    for (let done = 0; done < bytes.length; done += COPIED_AT_ONCE) {
      target.set(bytes.subarray(done, done + COPIED_AT_ONCE), at + done)
      await pacer.yieldIfDue(signal)
    }
    at += padded(bytes.length)
  }
}

/**
 * Reads `count` records as views, with first positions of at most `held`. Returns `undefined` unless they fill `source`
 * exactly.
 */
export function readRecords(source: Uint8Array, count: number, held: number): MemoryRecord[] | undefined {
  if (count * HEADER_BYTES > source.length) return undefined
  const view = new DataView(source.buffer, source.byteOffset, source.length)
  const records: MemoryRecord[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + HEADER_BYTES > source.length) return undefined
    const kind = KINDS[view.getUint32(at, true)]
    const first = view.getUint32(at + 4, true)
    const length = Number(view.getBigUint64(at + 8, true))
    at += HEADER_BYTES
    if (kind === undefined || first > held || length > source.length - at) return undefined
    records.push({ kind, first, bytes: source.subarray(at, at + length) })
    at += padded(length)
  }
  return at === source.length ? records : undefined
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4
}
