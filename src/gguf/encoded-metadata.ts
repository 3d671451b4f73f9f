import type { ByteSource } from '../storage/source.js'
import { Cursor } from './cursor.js'
import type { EncodedValue } from './typed-value.js'
import { ValueReader } from './value-reader.js'

/** Magic, version, and the number of tensors. */
const BEFORE_COUNT = 4 + 4 + 8

/**
 * The metadata of a GGUF file that has been opened before, each value still encoded, so that a copy has the same types.
 * Rejects as `openGguf` does.
 */
export async function readEncodedMetadata(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<Map<string, EncodedValue>> {
  const cursor = new Cursor(source, { start: BEFORE_COUNT, signal })
  await cursor.need(8, 'the metadata')
  const count = cursor.count()
  const reader = new ValueReader(cursor)
  const values = new Map<string, EncodedValue>()
  for (let i = 0; i < count; i++) {
    const start = cursor.offset
    const { key } = await reader.entry()
    const entry = new Uint8Array(cursor.offset - start)
    await source.read(start, entry, signal)
    const keyBytes = Number(new DataView(entry.buffer).getBigUint64(0, true))
    values.set(key, { type: 'encoded', bytes: entry.subarray(8 + keyBytes) })
  }
  return values
}
