import { following } from '../../abortable.js'
import { DasllamaError } from '../../errors.js'
import type { ByteSource } from '../source.js'
import type { ByteRange, RangeSet } from './range-set.js'

/** Bytes of the first piece; the following ones depend on how fast it arrives. */
const FIRST_BYTES = 2 * 2 ** 20
const LEAST_BYTES = 2 ** 20
const MOST_BYTES = 16 * 2 ** 20
/** Milliseconds for a piece: what a process that is ended loses. */
const QUICK = 1000
const SLOW = 4000

export interface PiecesOptions {
  /** Requests at a time. */
  readonly connections: number
  readonly signal: AbortSignal
  /** Called with each piece; the next one of this connection is requested when it resolves. */
  readonly onPiece: (offset: number, bytes: Uint8Array) => Promise<void>
}

/**
 * Reads all bytes of a source that `known` does not have, in pieces of 1 to 16 MiB, in ascending order, several at a time.
 * Resolves with the source's length. After a failure no further piece is requested, and those on the way are aborted.
 */
export async function readPieces(
  source: ByteSource,
  known: RangeSet,
  { connections, signal, onPiece }: PiecesOptions,
): Promise<number> {
  const running = following(signal)
  let next = 0
  let pieceBytes = FIRST_BYTES
  const take = (): ByteRange | undefined => {
    const range = known.firstGap(next, pieceBytes, source.size)
    if (range) next = range.end
    return range
  }
  const work = async () => {
    for (let range = take(); range && !running.signal.aborted; range = take()) {
      const started = performance.now()
      const bytes = await readPiece(source, range, running.signal)
      await onPiece(range.start, bytes)
      const took = performance.now() - started
      if (took < QUICK) pieceBytes = Math.min(MOST_BYTES, pieceBytes * 2)
      if (took > SLOW) pieceBytes = Math.max(LEAST_BYTES, pieceBytes / 2)
    }
  }
  let failure: { readonly reason: unknown } | undefined
  const attempt = () =>
    work().catch((reason) => {
      failure ??= { reason }
      running.abort(reason)
    })
  await Promise.all(Array.from({ length: source.isSequential ? 1 : connections }, attempt))
  running.release()
  signal.throwIfAborted()
  if (failure) throw failure.reason
  return source.size
}

/** A piece of the source, shorter if only reading showed where the source ends. */
async function readPiece(
  source: ByteSource,
  { start, end }: ByteRange,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { size } = source
  const bytes = new Uint8Array(end - start)
  try {
    await source.read(start, bytes, signal)
    return bytes
  } catch (error) {
    const isEnd = error instanceof DasllamaError && error.code === 'TRUNCATED' && source.size < size
    if (!isEnd || source.size < start) throw error
  }
  const rest = bytes.subarray(0, source.size - start)
  await source.read(start, rest, signal)
  return rest
}
