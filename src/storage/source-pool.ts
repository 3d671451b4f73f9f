import { abortable } from '../abortable.js'
import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { readParts } from './parts.js'
import type { ByteSource } from './source.js'

/** A source of the pool, which may be closed and reopened on demand. */
interface Entry {
  readonly name: string
  readonly size: number
  readonly version: string | undefined
  readonly open: () => Promise<ByteSource>
  source: Promise<ByteSource> | undefined
  readers: number
}

/**
 * Limits how many sources are open at a time: a model of a thousand parts would need a thousand file handles. The most
 * recently used ones stay open (LRU).
 */
export class SourcePool {
  readonly #most: number
  /** The open sources, most recently used last. */
  readonly #open = new Set<Entry>()

  constructor(most: number) {
    this.#most = most
  }

  /** Adds an open source; `open` reopens it. */
  async add(source: ByteSource, open: () => Promise<ByteSource>): Promise<ByteSource> {
    const entry: Entry = {
      name: source.name,
      size: source.size,
      version: source.version,
      open,
      source: Promise.resolve(source),
      readers: 0,
    }
    this.#open.add(entry)
    await this.#closeSurplus()
    return {
      name: entry.name,
      size: entry.size,
      isSequential: source.isSequential,
      // Reopening it and closing others are asynchronous, too.
      read: (offset, target, signal) =>
        abortable(
          this.#use(entry, (source) => source.read(offset, target, signal)),
          signal,
        ),
      readParts: (parts, signal) =>
        abortable(
          this.#use(entry, (source) => readParts(source, parts, signal)),
          signal,
        ),
      checkUnchanged: async () => {
        await (await entry.source)?.checkUnchanged?.()
      },
      close: () => this.#close(entry),
    }
  }

  async #use(entry: Entry, work: (source: ByteSource) => Promise<void>): Promise<void> {
    entry.readers++
    this.#open.delete(entry)
    this.#open.add(entry)
    try {
      entry.source ??= this.#reopen(entry)
      await this.#closeSurplus()
      await work(await entry.source)
    } finally {
      entry.readers--
    }
  }

  async #reopen(entry: Entry): Promise<ByteSource> {
    const source = await entry.open()
    if (source.size === entry.size && source.version === entry.version) return source
    await source.close()
    throw new DasllamaError('IO', `${displayName(entry.name)}: the file was replaced while it was read`, {
      hint: 'load it again from the beginning',
    })
  }

  async #closeSurplus(): Promise<void> {
    for (const entry of this.#open) {
      if (this.#open.size <= this.#most) return
      if (entry.readers === 0) await this.#close(entry)
    }
  }

  async #close(entry: Entry): Promise<void> {
    const { source } = entry
    entry.source = undefined
    this.#open.delete(entry)
    await (await source?.catch(() => undefined))?.close()
  }
}
