import { checkRange } from './range.js'
import type { ByteSource } from './source.js'

/** A source over bytes in memory, not copied: change them and the source changes. */
export function bytesSource(data: Uint8Array | ArrayBuffer, name = 'bytes'): ByteSource {
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data
  return {
    name,
    size: bytes.length,
    async read(offset, target, signal) {
      signal?.throwIfAborted()
      checkRange(name, bytes.length, offset, target.length)
      target.set(bytes.subarray(offset, offset + target.length))
    },
    async close() {},
  }
}
