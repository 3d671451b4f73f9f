import { checkRange } from '../../src/storage/range.js'
import type { ByteSource } from '../../src/storage/source.js'

/**
 * `size` bytes of another source from `start` on, as a separate source. Closing it leaves the other open.
 * Throws `TRUNCATED` if the other is too short.
 */
export function sliceSource(whole: ByteSource, start: number, size: number, name = whole.name): ByteSource {
  checkRange(whole.name, whole.size, start, size)
  return {
    name,
    size,
    async read(offset, target, signal) {
      checkRange(name, size, offset, target.length)
      await whole.read(start + offset, target, signal)
    },
    async close() {},
  }
}
