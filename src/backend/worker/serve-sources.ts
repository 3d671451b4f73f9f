import { DasllamaError } from '../../errors.js'
import { readParts } from '../../storage/parts.js'
import type { ByteSource } from '../../storage/source.js'
import { type Channel, Transfer } from './channel.js'
import type {
  ReadRequest,
  SiblingRequest,
  SizeEvent,
  SourceDescription,
  SourceRequest,
} from './source-messages.js'

/** Sources that the other side of a channel can read, by number. */
export interface ServedSources {
  /** Takes over a source, which the other side opens with `openRemoteSource` and closes. */
  add(source: ByteSource): SourceDescription
  /** Closes sources that the other side has left open, for example because it has died. Idempotent; never rejects. */
  close(): Promise<void>
}

/** Serves the requests of `openRemoteSource` on the other side. Once per channel and side. */
export function serveSources(channel: Channel): ServedSources {
  const sources = new Map<number, ByteSource>()
  let nextNumber = 1
  let isClosed = false

  const sourceOf = (number: number): ByteSource => {
    const source = sources.get(number)
    if (source) return source
    throw new DasllamaError('IO', 'the file has been closed')
  }

  const add = (source: ByteSource): SourceDescription => {
    const number = nextNumber++
    sources.set(number, source)
    const { name, size, version, isSequential, checkUnchanged, sibling } = source
    return {
      number,
      name,
      size,
      // JavaScript callers may have dates or numbers here: they are only compared with another one.
      version: version === undefined ? undefined : String(version),
      isSequential: !!isSequential,
      canCheckUnchanged: !!checkUnchanged,
      hasSiblings: !!sibling,
    }
  }

  channel.handle('source.read', async ({ source: number, stretches }: ReadRequest, { signal, emit }) => {
    const source = sourceOf(number)
    const { size } = source
    const bytes = new Uint8Array(stretches.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    const parts = stretches.map(({ offset, length }) => {
      at += length
      return { offset, target: bytes.subarray(at - length, at) }
    })
    try {
      await readParts(source, parts, signal)
    } finally {
      if (source.size !== size) emit({ size: source.size } satisfies SizeEvent)
    }
    return new Transfer(bytes.buffer, [bytes.buffer])
  })

  channel.handle('source.checkUnchanged', ({ source }: SourceRequest) => sourceOf(source).checkUnchanged?.())

  channel.handle('source.sibling', async ({ source, fileName }: SiblingRequest) => {
    const sibling = await sourceOf(source).sibling!(fileName)
    if (!isClosed) return add(sibling)
    await sibling.close()
    throw new DasllamaError('IO', 'the thread that reads the file has ended')
  })

  channel.handle('source.close', async ({ source: number }: SourceRequest) => {
    const source = sources.get(number)
    sources.delete(number)
    await source?.close()
  })

  return {
    add,
    async close() {
      isClosed = true
      const open = [...sources.values()]
      sources.clear()
      await Promise.allSettled(open.map(async (source) => source.close()))
    },
  }
}
