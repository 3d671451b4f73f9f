import { type ByteSource, DasllamaError, type ReadPart } from 'dasllama'

/** Reads a small file as a whole; null if it does not exist. */
export type GetFile = (name: string) => Promise<ArrayBuffer | null>

/** The content of `NAME.json`, which scripts/split.mjs writes. */
interface Manifest {
  readonly size: number
  /** Of all pieces but the last one. */
  readonly pieceBytes: number
  readonly pieces: readonly string[]
}

/** A model's file in pieces. The model is read from its beginning to its end, so each piece is read once, and one is in memory. */
export async function openPieces(name: string, get: GetFile): Promise<ByteSource> {
  const { size, pieceBytes, pieces } = await readManifest(name, get)
  let last = { index: -1, bytes: new Uint8Array(0) }
  /** Reads wait for each other. */
  let reading: Promise<unknown> = Promise.resolve()

  async function pieceAt(index: number): Promise<Uint8Array> {
    if (last.index === index) return last.bytes
    const expected = Math.min(pieceBytes, size - index * pieceBytes)
    // So that the memory of one piece is free before that of the next one is needed.
    last = { index: -1, bytes: new Uint8Array(0) }
    const bytes = await get(pieces[index])
    if (bytes?.byteLength !== expected) {
      throw new DasllamaError(
        bytes ? 'TRUNCATED' : 'NOT_FOUND',
        `${name}: piece ${index + 1} of ${pieces.length}, ${pieces[index]}, ${bytes ? `has ${bytes.byteLength} bytes instead of ${expected}` : 'is missing'}`,
        { hint: 'upload all files that scripts/split.mjs has written' },
      )
    }
    last = { index, bytes: new Uint8Array(bytes) }
    return last.bytes
  }

  async function fill(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (offset + target.length > size)
      throw new DasllamaError('TRUNCATED', `${name} ends at byte ${size}, before ${offset + target.length}`)
    for (let filled = 0; filled < target.length; ) {
      signal?.throwIfAborted()
      const at = offset + filled
      const piece = await pieceAt(Math.floor(at / pieceBytes))
      const start = at % pieceBytes
      const part = piece.subarray(start, start + target.length - filled)
      target.set(part, filled)
      filled += part.length
    }
  }

  function readParts(parts: readonly ReadPart[], signal?: AbortSignal): Promise<void> {
    const turn = reading.then(async () => {
      for (const { offset, target } of parts) await fill(offset, target, signal)
    })
    reading = turn.catch(() => {})
    return turn
  }

  return {
    ...{ name, size, isSequential: true, readParts },
    read: (offset, target, signal) => readParts([{ offset, target }], signal),
    // Each part of a split model (`-00001-of-00003.gguf`) has a manifest of its own.
    sibling: (fileName) => openPieces(fileName, get),
    async close() {
      last = { index: -1, bytes: new Uint8Array(0) }
    },
  }
}

async function readManifest(name: string, get: GetFile): Promise<Manifest> {
  const bytes = await get(`${name}.json`)
  if (!bytes) {
    throw new DasllamaError('NOT_FOUND', `${name}.json is missing`, {
      hint: `node scripts/split.mjs ${name} writes it, with the pieces of the model`,
    })
  }
  const manifest = parse(new TextDecoder().decode(bytes))
  const { size = 0, pieceBytes = 0, pieces } = manifest
  const isWhole = size > 0 && pieceBytes > 0 && pieces?.length === Math.ceil(size / pieceBytes)
  if (isWhole) return { size, pieceBytes, pieces }
  throw new DasllamaError('BAD_FORMAT', `${name}.json does not describe the pieces of a model`)
}

function parse(text: string): Partial<Manifest> {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}
