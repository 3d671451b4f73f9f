import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { checkRange } from './range.js'
import type { ByteSource } from './source.js'

/** A blob hands out copies; this bounds how much is held besides the target. */
const CHUNK_BYTES = 16 * 1024 * 1024

/** A source over a Blob or a File that the user chose. `name` defaults to the File's. */
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
      hint: 'the file may have changed or gone since it was chosen',
      cause,
    })
  }
  if (buffer.byteLength === part.size) return buffer
  throw new DasllamaError(
    'TRUNCATED',
    `${displayName(name)}: ${buffer.byteLength} bytes came where ${part.size} were expected`,
  )
}
