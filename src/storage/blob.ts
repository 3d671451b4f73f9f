import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { checkRange } from './range.js'
import type { ByteSource } from './source.js'

/** Reading a blob copies it; this limits the memory used besides the target. */
const CHUNK_BYTES = 16 * 1024 * 1024

/** A source over a Blob or File. `name` defaults to the File's name. */
export function blobSource(blob: Blob, name = 'name' in blob ? String(blob.name) : 'blob'): ByteSource {
  return {
    name,
    size: blob.size,
    async read(offset, target, signal) {
      checkRange(name, blob.size, offset, target.length)
      for (let filled = 0; filled < target.length; filled += CHUNK_BYTES) {
        signal?.throwIfAborted()
        const length = Math.min(CHUNK_BYTES, target.length - filled)
        const at = offset + filled
        target.set(new Uint8Array(await readPart(name, blob.slice(at, at + length))), filled)
      }
      signal?.throwIfAborted()
    },
    async close() {},
  }
}

async function readPart(name: string, part: Blob): Promise<ArrayBuffer> {
  let buffer: ArrayBuffer
  try {
    buffer = await part.arrayBuffer()
  } catch (cause) {
    throw new DasllamaError('IO', `${displayName(name)}: cannot be read`, {
      hint: 'the file may have been changed or deleted since it was selected',
      cause,
    })
  }
  if (buffer.byteLength === part.size) return buffer
  throw new DasllamaError(
    'TRUNCATED',
    `${displayName(name)}: read ${buffer.byteLength} bytes instead of ${part.size}`,
  )
}
