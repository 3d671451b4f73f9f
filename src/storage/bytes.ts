import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { checkRange } from './range.js'
import type { ByteSource } from './source.js'

/** A source over bytes in memory, not copied: change them and the source changes. */
export function bytesSource(data: Uint8Array | ArrayBuffer, name = 'bytes'): ByteSource {
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data
  const size = bytes.length
  return {
    name,
    size,
    async read(offset, target, signal) {
      signal?.throwIfAborted()
      checkRange(name, size, offset, target.length)
      if (target.length === 0) return
      // Transferred elsewhere in the meantime.
      if (bytes.length === 0) throw new DasllamaError('IO', `${displayName(name)}: its bytes are gone`)
      target.set(bytes.subarray(offset, offset + target.length))
    },
    async close() {},
  }
}
