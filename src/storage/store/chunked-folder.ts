import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { ModelSource } from '../model-source.js'
import { checkRange } from '../range.js'
import type { ByteSource } from '../source.js'
import type { FileStat, LockOptions, PartialFile, StoreFolder, StoreLock } from './folder.js'
import { type ByteRange, RangeSet } from './range-set.js'
import { type Hasher, Sha256 } from './sha256.js'
import type { BlobShelf } from './shelf.js'

/** One piece of a file, which is a blob of its own. */
interface Chunk extends ByteRange {
  readonly key: string
}

/** Files are written to one generation of chunks, and read from the other, which their manifest names. */
type Generation = 'a' | 'b'

/** What makes a file whole. */
interface Manifest {
  readonly generation: Generation
  readonly size: number
}

const MANIFEST = '.whole'
/** How often a text is read, because another tab may replace it between finding and reading it. */
const READ_ATTEMPTS = 5
/** Does not occur in names. */
const SEPARATOR = '~'

/**
 * A folder on a shelf of blobs. Each piece of a download is a blob of its own, whose key has its place: a piece is there whole or
 * not at all, and the list of keys shows what has arrived. A file is whole when its manifest has been written.
 */
export class ChunkedFolder implements StoreFolder {
  readonly name: string
  readonly #shelf: BlobShelf

  constructor(shelf: BlobShelf) {
    this.name = shelf.name
    this.#shelf = shelf
  }

  async texts(): Promise<string[]> {
    return (await this.#shelf.keys()).filter((key) => key.endsWith('.json'))
  }

  async readText(name: string): Promise<string | undefined> {
    let failure: unknown
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const blob = await this.#shelf.get(name)
      try {
        return await blob?.text()
      } catch (cause) {
        failure = cause
      }
    }
    throw unreadable(name, failure)
  }

  writeText(name: string, text: string): Promise<void> {
    return this.#shelf.put(name, new TextEncoder().encode(text))
  }

  removeText(name: string): Promise<void> {
    return this.#shelf.delete(name)
  }

  async partial(name: string): Promise<PartialFile> {
    const whole = await this.#manifest(name)
    const generation = whole?.generation === 'a' ? 'b' : 'a'
    const chunks = await this.#chunks(name, generation)
    return new PartialChunks(this.#shelf, name, generation, {
      chunks,
      finish: (size) => this.#finish(name, { generation, size }),
    })
  }

  async partialBytes(name: string): Promise<number> {
    const whole = await this.#manifest(name)
    const chunks = await this.#chunks(name, whole?.generation === 'a' ? 'b' : 'a')
    return new RangeSet(chunks).bytes
  }

  async stat(name: string): Promise<FileStat | undefined> {
    return (await this.#whole(name))?.stat
  }

  async open(name: string): Promise<ModelSource> {
    if (!this.#shelf.hasLazyBlobs) return this.read(name)
    const { chunks } = await this.#found(name)
    const blobs = await Promise.all(chunks.map((chunk) => blobOf(this.#shelf, name, chunk)))
    return new File(blobs, name)
  }

  async read(name: string): Promise<ByteSource> {
    const { stat, chunks } = await this.#found(name)
    return {
      name,
      size: stat.size,
      version: stat.version,
      read: async (offset, target, signal) => {
        checkRange(name, stat.size, offset, target.length)
        signal?.throwIfAborted()
        await readChunks(this.#shelf, name, chunks, offset, target)
        signal?.throwIfAborted()
      },
      async close() {},
    }
  }

  async removeFile(name: string): Promise<void> {
    // First, because the file is not whole without it.
    await this.#shelf.delete(name + MANIFEST)
    for (const key of await this.#shelf.keys())
      if (key.startsWith(name + SEPARATOR)) await this.#shelf.delete(key)
  }

  lock(name: string, options?: LockOptions): Promise<StoreLock> {
    return this.#shelf.lock(name, options)
  }

  freeSpace(): Promise<number | undefined> {
    return this.#shelf.freeSpace()
  }

  hasher(): Hasher {
    return new Sha256()
  }

  persist(): Promise<boolean> {
    return this.#shelf.persist()
  }

  async #finish(name: string, manifest: Manifest): Promise<FileStat> {
    await this.writeText(name + MANIFEST, JSON.stringify(manifest))
    for (const { key } of await this.#chunks(name, manifest.generation === 'a' ? 'b' : 'a')) {
      await this.#shelf.delete(key)
    }
    return (await this.#found(name)).stat
  }

  async #found(name: string): Promise<{ readonly stat: FileStat; readonly chunks: readonly Chunk[] }> {
    const found = await this.#whole(name)
    if (found) return found
    throw new DasllamaError('NOT_FOUND', `${displayName(name)} is not in ${this.#shelf.name}`)
  }

  /** The manifest and the chunks that it needs; `undefined` if one is missing. */
  async #whole(name: string) {
    const manifest = await this.#manifest(name)
    if (!manifest) return undefined
    const { generation, size } = manifest
    const chunks = await this.#chunks(name, generation)
    const ranges = new RangeSet(chunks)
    if (!ranges.has(0, size) || ranges.bytes !== size) return undefined
    const stats = await Promise.all(chunks.map(({ key }) => this.#shelf.stat(key)))
    const newest =
      stats
        .map((stat) => stat?.version ?? '')
        .sort()
        .at(-1) ?? ''
    return { stat: { size, version: generation + newest }, chunks }
  }

  async #manifest(name: string): Promise<Manifest | undefined> {
    try {
      const { generation, size } = JSON.parse((await this.readText(name + MANIFEST)) ?? 'null')
      return (generation === 'a' || generation === 'b') && Number.isSafeInteger(size)
        ? { generation, size }
        : undefined
    } catch {
      return undefined
    }
  }

  /** Chunks that have all their bytes, in ascending order and disjoint. */
  async #chunks(name: string, generation: Generation): Promise<Chunk[]> {
    const prefix = prefixOf(name, generation)
    const chunks: Chunk[] = []
    for (const key of await this.#shelf.keys()) {
      const match = key.startsWith(prefix) && /^(\d{1,16})~(\d{1,16})$/.exec(key.slice(prefix.length))
      if (!match) continue
      const [start, end] = [Number(match[1]), Number(match[2])]
      if ((await this.#shelf.stat(key))?.size === end - start) chunks.push({ key, start, end })
    }
    chunks.sort((a, b) => a.start - b.start)
    return chunks.filter(({ start }, i) => i === 0 || start >= chunks[i - 1].end)
  }
}

function prefixOf(name: string, generation: Generation): string {
  return `${name}${SEPARATOR}${generation}${SEPARATOR}`
}

class PartialChunks implements PartialFile {
  readonly #shelf: BlobShelf
  readonly #name: string
  readonly #generation: Generation
  readonly #finish: (size: number) => Promise<FileStat>
  #chunks: Chunk[]
  #ranges: RangeSet

  constructor(
    shelf: BlobShelf,
    name: string,
    generation: Generation,
    { chunks, finish }: { readonly chunks: Chunk[]; readonly finish: (size: number) => Promise<FileStat> },
  ) {
    this.#shelf = shelf
    this.#name = name
    this.#generation = generation
    this.#chunks = chunks
    this.#finish = finish
    this.#ranges = new RangeSet(chunks)
  }

  get ranges(): RangeSet {
    return this.#ranges
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    const end = offset + bytes.length
    const key = `${prefixOf(this.#name, this.#generation)}${offset}${SEPARATOR}${end}`
    await this.#shelf.put(key, bytes as Uint8Array<ArrayBuffer>)
    this.#chunks.push({ key, start: offset, end })
    this.#ranges.add({ start: offset, end })
  }

  read(offset: number, target: Uint8Array): Promise<void> {
    return readChunks(this.#shelf, this.#name, this.#chunks, offset, target)
  }

  async reset(): Promise<void> {
    this.#chunks = []
    this.#ranges = new RangeSet()
    const prefix = prefixOf(this.#name, this.#generation)
    for (const key of await this.#shelf.keys()) if (key.startsWith(prefix)) await this.#shelf.delete(key)
  }

  finish(size: number): Promise<FileStat> {
    return this.#finish(size)
  }

  async close(): Promise<void> {}
}

async function readChunks(
  shelf: BlobShelf,
  name: string,
  chunks: readonly Chunk[],
  offset: number,
  target: Uint8Array,
): Promise<void> {
  const end = offset + target.length
  for (const chunk of chunks) {
    const from = Math.max(offset, chunk.start)
    const to = Math.min(end, chunk.end)
    if (from >= to) continue
    const blob = await blobOf(shelf, name, chunk)
    const bytes = await blob
      .slice(from - chunk.start, to - chunk.start)
      .arrayBuffer()
      .catch((cause) => {
        throw unreadable(name, cause)
      })
    if (bytes.byteLength !== to - from) throw unreadable(name)
    target.set(new Uint8Array(bytes), from - offset)
  }
}

async function blobOf(shelf: BlobShelf, name: string, { key, start, end }: Chunk): Promise<Blob> {
  const blob = await shelf.get(key)
  if (blob?.size === end - start) return blob
  throw unreadable(name)
}

function unreadable(name: string, cause?: unknown): DasllamaError {
  return new DasllamaError(
    'IO',
    `${displayName(name)}: a piece of the stored file is missing or cannot be read`,
    {
      hint: 'another tab may have removed it, or the browser has cleared its storage: load the model again',
      cause,
    },
  )
}
