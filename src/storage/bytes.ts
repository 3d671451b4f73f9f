import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { checkRange } from './range.js'
import type { ByteSource } from './source.js'

/** A source over bytes in memory, which are not copied: changes to them change the source. */
export function bytesSource(data: Uint8Array | ArrayBuffer, name = 'bytes'): ByteSource {
  const bytes = data instanceof ArrayBuffer ? viewOf(data, name) : data
  const size = bytes.length
  return {
    name,
    size,
    async read(offset, target, signal) {
      signal?.throwIfAborted()
      checkRange(name, size, offset, target.length)
      if (target.length === 0) return
      if (bytes.length === 0) throw detached(name)
      target.set(bytes.subarray(offset, offset + target.length))
    },
    async close() {},
  }
}

function viewOf(buffer: ArrayBuffer, name: string): Uint8Array {
  try {
    return new Uint8Array(buffer)
  } catch {
    throw detached(name)
  }
}

/** The buffer has been transferred. */
function detached(name: string): DasllamaError {
  return new DasllamaError('IO', `${displayName(name)}: its buffer was detached`)
}
