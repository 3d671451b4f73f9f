import { bytesSource } from '../../src/storage/bytes.js'
import type { ByteSource, ReadPart } from '../../src/storage/source.js'

/** A source over bytes that can change, fail and wait, and that notes what is read. */
export function changeableSource(bytes: Uint8Array, { canReadParts = false } = {}) {
  const inner = bytesSource(bytes, 'm.gguf')
  const state = {
    /** Ranges of each read, as `offset+length`. */
    reads: [] as string[][],
    closed: 0,
    /** What reads reject with. */
    failure: undefined as unknown,
    /** What reads wait for. */
    gate: undefined as Promise<void> | undefined,
  }
  const readAll = async (parts: readonly ReadPart[]) => {
    state.reads.push(parts.map(({ offset, target }) => `${offset}+${target.length}`))
    await state.gate
    if (state.failure !== undefined) throw state.failure
    for (const { offset, target } of parts) await inner.read(offset, target)
  }
  const source: ByteSource = {
    ...inner,
    read: (offset, target) => readAll([{ offset, target }]),
    ...(canReadParts && { readParts: readAll }),
    async close() {
      state.closed++
    },
  }
  return { source, state }
}
