import { inParallel } from '../../storage/in-parallel.js'
import { checkRange } from '../../storage/range.js'
import type { ByteSource, ReadPart } from '../../storage/source.js'
import type { Channel } from './channel.js'
import type {
  ReadRequest,
  SiblingRequest,
  SizeEvent,
  SourceDescription,
  SourceRequest,
} from './source-messages.js'

/** Largest reply in bytes: a read takes this times `IN_FLIGHT` in addition to its targets. */
export const PIECE_BYTES = 4 * 2 ** 20
/** Pieces of a read that are requested at a time: while one is copied to its target, the next is read. */
const IN_FLIGHT = 2

/**
 * A source of the other side of a channel (`serveSources`). Always reads several parts at once, since each request costs a
 * round trip. Closed together with the channel; then reads reject with what the channel was closed with.
 */
export function openRemoteSource(channel: Channel, description: SourceDescription): ByteSource {
  const { number, name, version, isSequential, canCheckUnchanged, hasSiblings } = description
  let { size } = description
  let closing: Promise<void> | undefined

  const readPieces = async (parts: readonly ReadPart[], signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted()
    // Checked before they are cut, so that the error names the requested range.
    for (const { offset, target } of parts) checkRange(name, size, offset, target.length)
    await inParallel(piecesOf(parts), IN_FLIGHT, async (piece) => {
      const stretches = piece.map(({ offset, target }) => ({ offset, length: target.length }))
      const body: ReadRequest = { source: number, stretches }
      const onEvent = (event: SizeEvent) => {
        size = event.size
      }
      const bytes = await channel.request<ArrayBuffer>('source.read', body, { signal, onEvent })
      // After an abort the target must not be written.
      signal?.throwIfAborted()
      let at = 0
      for (const { target } of piece) {
        target.set(new Uint8Array(bytes, at, target.length))
        at += target.length
      }
    })
  }

  return {
    name,
    get size() {
      return size
    },
    version,
    isSequential,
    read: (offset, target, signal) => readPieces([{ offset, target }], signal),
    readParts: readPieces,
    ...(canCheckUnchanged && {
      checkUnchanged: () =>
        channel.request<void>('source.checkUnchanged', { source: number } satisfies SourceRequest),
    }),
    ...(hasSiblings && {
      async sibling(fileName: string) {
        const body: SiblingRequest = { source: number, fileName }
        return openRemoteSource(channel, await channel.request('source.sibling', body))
      },
    }),
    async close() {
      if (channel.isClosed()) return
      closing ??= channel.request<void>('source.close', { source: number } satisfies SourceRequest)
      await closing
    },
  }
}

/** The parts in order, in groups of at most `PIECE_BYTES`; larger parts are cut. */
function* piecesOf(parts: readonly ReadPart[]): Generator<ReadPart[]> {
  let piece: ReadPart[] = []
  let room = PIECE_BYTES
  for (const { offset, target } of parts) {
    for (let from = 0; from < target.length; ) {
      const length = Math.min(room, target.length - from)
      piece.push({ offset: offset + from, target: target.subarray(from, from + length) })
      from += length
      room -= length
      if (room > 0) continue
      yield piece
      piece = []
      room = PIECE_BYTES
    }
  }
  if (piece.length > 0) yield piece
}
