import { type ByteSource, DasllamaError } from '../../src/index.js'
import { bytesSource } from '../../src/storage/bytes.js'

/** A source that knows how often it was read, how much, and how often it was closed. */
export function watchedSource(bytes: Uint8Array, name = 'watched.gguf') {
  const state = { reads: 0, bytes: 0, closed: 0 }
  const inner = bytesSource(bytes, name)
  const source: ByteSource = {
    ...inner,
    async read(offset, target, signal) {
      if (state.closed > 0) throw new Error('read after close')
      state.reads++
      state.bytes += target.length
      await inner.read(offset, target, signal)
    },
    async close() {
      state.closed++
    },
  }
  return { source, state }
}

/**
 * A source of `size` bytes of which only the first ones exist: enough to look like a huge model. Reading the weights
 * would be an error of its own.
 */
export function hugeSource(header: Uint8Array, size: number): ByteSource {
  return {
    name: 'huge.gguf',
    size,
    async read(offset, target) {
      if (offset > header.length + 65536) throw new DasllamaError('IO', `huge.gguf: byte ${offset} was read`)
      target.fill(0)
      target.set(header.subarray(offset, offset + target.length))
    },
    async close() {},
  }
}
