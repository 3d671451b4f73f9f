import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { checkRange } from './range.js'
import type { ByteSource } from './source.js'

/** A source over bytes in memory, which are not copied: changes to them change the source. */
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
      // The buffer has been transferred (detached).
      if (bytes.length === 0) throw new DasllamaError('IO', `${displayName(name)}: its buffer was detached`)
      target.set(bytes.subarray(offset, offset + target.length))
    },
    async close() {},
  }
}
