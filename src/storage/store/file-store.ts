import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { ModelSource } from '../model-source.js'
import type { ByteSource } from '../source.js'
import { arrivingSource } from './arriving-source.js'
import { Download, type DownloadProgress, type RemoteFile } from './download.js'
import { noSpace, notStored, storedDamaged } from './failures.js'
import type { StoreFolder } from './folder.js'
import { decodePartialRecord, decodeRecord, encodeRecord, type StoredRecord } from './record.js'

/** A stored file, once it has been looked at. */
export type StoredState =
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly record: StoredRecord }
  | { readonly state: 'whole'; readonly record: StoredRecord }

/** A file of which a part has arrived. */
export interface IncompleteFile {
  readonly fileName: string
  readonly name: string
  readonly loaded: number
  readonly size: number | undefined
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** Called if another tab or process is downloading the file, before this one waits for it. */
  readonly onWait?: (() => void) | undefined
  /** A name that led to this file. */
  readonly alias?: string | undefined
  /** Whether a stored file will do, or only one of the server's present version. */
  readonly isCurrent: (record: StoredRecord) => boolean
}

export interface FileStoreOptions {
  /** Requests at a time, per file. */
  readonly connections: number
  /** Most bytes of all files. */
  readonly maxBytes: number | undefined
  readonly checkStart: (name: string, start: Uint8Array) => void
}

const READ_BYTES = 2 ** 20
/** Milliseconds after which it is noted again that a file was used. */
const USED_INTERVAL = 60_000

/** Files from servers in a folder, with what is known of them. Files are identified by their names in the folder. */
export class FileStore {
  readonly folder: StoreFolder
  readonly #options: FileStoreOptions
  readonly #downloads = new Map<string, Download>()

  constructor(folder: StoreFolder, options: FileStoreOptions) {
    this.folder = folder
    this.#options = options
  }

  /** Every whole file, by its name in the folder. */
  async records(): Promise<Map<string, StoredRecord>> {
    const records = new Map<string, StoredRecord>()
    for (const text of await this.folder.texts()) {
      if (!text.endsWith('.json') || text.endsWith('.part.json')) continue
      const fileName = text.slice(0, -'.json'.length)
      const record = decodeRecord(await this.folder.readText(text))
      if (record && (await this.folder.stat(fileName))) records.set(fileName, record)
    }
    return records
  }

  /** Every file of which only a part has arrived. */
  async incomplete(): Promise<IncompleteFile[]> {
    const found: IncompleteFile[] = []
    for (const text of await this.folder.texts()) {
      if (!text.endsWith('.part.json')) continue
      const fileName = text.slice(0, -'.part.json'.length)
      const record = decodePartialRecord(await this.folder.readText(text))
      if (!record) continue
      const { name, size } = record
      found.push({ fileName, name, size, loaded: await this.folder.partialBytes(fileName) })
    }
    return found
  }

  /**
   * Looks at a file: its length always; all of its bytes if `verify` is set, or if something else than this store has written to
   * it. Throws `INVALID_ARGUMENT` if another name leads to the same file.
   */
  async look(
    fileName: string,
    name: string,
    { verify = false, signal }: { verify?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<StoredState> {
    const record = decodeRecord(await this.folder.readText(`${fileName}.json`))
    if (!record) return { state: 'absent' }
    if (record.name !== name) throw sameFile(name, record.name)
    const found = await this.folder.stat(fileName)
    if (found?.size !== record.size) return { state: 'damaged', record }
    if (!verify && found.version === record.localVersion) return { state: 'whole', record }
    if ((await this.#digest(fileName, signal)) !== record.sha256) return { state: 'damaged', record }
    const checked = { ...record, localVersion: found.version }
    if (found.version !== record.localVersion) await this.#rewrite(fileName, checked)
    return { state: 'whole', record: checked }
  }

  /** A file that `look` found whole, to be loaded. */
  async open(fileName: string, record: StoredRecord): Promise<ModelSource> {
    const now = Date.now()
    // A clock that was set back must not make a file look used for ever.
    if (Math.abs(now - record.usedAt) > USED_INTERVAL)
      await this.#rewrite(fileName, { ...record, usedAt: now })
    return this.folder.open(fileName)
  }

  /** Downloads a file unless it is stored. Resolves when it is. */
  async fetch(remote: RemoteFile, options: FetchOptions): Promise<StoredRecord> {
    const { download, leave } = await this.#join(remote, options)
    const { signal } = options
    const abort = () => void leave(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    try {
      const record = await download.finished
      signal?.throwIfAborted()
      return record
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
      await leave()
    }
  }

  /** Downloads a file and lets it be read while it arrives. `undefined` if it was stored meanwhile. */
  async arriving(remote: RemoteFile, options: FetchOptions): Promise<ByteSource | undefined> {
    const { download, leave } = await this.#join(remote, options)
    const { signal } = options
    const abort = () => void leave(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    const stopListening = () => signal?.removeEventListener('abort', abort)
    const end = async () => {
      stopListening()
      await leave()
    }
    // The whole file may be read long after the call that the signal belongs to.
    download.finished.then(stopListening, () => {})
    try {
      signal?.throwIfAborted()
      const source = await arrivingSource(remote.name, download, end)
      if (source) return source
    } catch (error) {
      await end()
      signal?.throwIfAborted()
      throw error
    }
    await end()
    return undefined
  }

  /** Whether a file was there. */
  async remove(fileName: string, signal?: AbortSignal): Promise<boolean> {
    const lock = await this.folder.lock(fileName, { signal })
    try {
      const texts = await this.folder.texts()
      const own = [`${fileName}.json`, `${fileName}.part.json`]
      const found = own.some((text) => texts.includes(text))
      for (const text of own) await this.folder.removeText(text)
      await this.folder.removeFile(fileName)
      return found
    } finally {
      await lock.release()
    }
  }

  /** Changes what is known of a file. Rejects with `NOT_FOUND`. */
  async change(
    fileName: string,
    name: string,
    change: Partial<Pick<StoredRecord, 'isPinned' | 'aliases'>>,
  ): Promise<StoredRecord> {
    const record = decodeRecord(await this.folder.readText(`${fileName}.json`))
    if (!record) throw notStored(name)
    const changed = { ...record, ...change }
    await this.folder.writeText(`${fileName}.json`, encodeRecord(changed))
    return changed
  }

  async #join(
    remote: RemoteFile,
    { onProgress, onWait, alias, isCurrent }: FetchOptions,
  ): Promise<{ download: Download; leave: (reason?: unknown) => Promise<void> }> {
    const { fileName, name } = remote
    let download = this.#downloads.get(fileName)
    while (download?.isAborted) {
      await download.finished.catch(() => {})
      download = this.#downloads.get(fileName)
    }
    if (!download) {
      const begun = new Download(this.folder, remote, {
        connections: this.#options.connections,
        checkStart: this.#options.checkStart,
        onWait: () => onWait?.(),
        findStored: async () => {
          const found = await this.look(fileName, name)
          return found.state === 'whole' && isCurrent(found.record) ? found.record : undefined
        },
        makeRoom: (bytes) => this.#makeRoom(bytes, remote),
        describe: async () => {
          const before = decodeRecord(await this.folder.readText(`${fileName}.json`))
          const aliases = new Set([...(before?.aliases ?? []), ...(alias === undefined ? [] : [alias])])
          return { aliases: [...aliases], isPinned: before?.isPinned ?? false }
        },
      })
      download = begun
      this.#downloads.set(fileName, begun)
      const forget = () => {
        if (this.#downloads.get(fileName) === begun) this.#downloads.delete(fileName)
      }
      begun.finished.then(forget, forget)
    }
    return { download, leave: download.join(onProgress) }
  }

  /** Removes files that were not used for the longest time, except for pinned ones, if `maxBytes` demands it. */
  async #makeRoom(bytes: number, { name, fileName }: RemoteFile): Promise<void> {
    const { maxBytes } = this.#options
    if (maxBytes === undefined) return
    const records = await this.records()
    let used = [...records.values()].reduce((sum, { size }) => sum + size, 0)
    const removable = [...records]
      .filter(([other, { isPinned }]) => other !== fileName && !isPinned)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [other, { size }] of removable) {
      if (used + bytes <= maxBytes) return
      await this.remove(other)
      used -= size
    }
    if (used + bytes > maxBytes) throw noSpace(name, { needed: bytes, free: Math.max(0, maxBytes - used) })
  }

  async #digest(fileName: string, signal: AbortSignal | undefined): Promise<string> {
    const source = await this.folder.read(fileName)
    const hasher = this.folder.hasher()
    const buffer = new Uint8Array(READ_BYTES)
    try {
      for (let at = 0; at < source.size; at += READ_BYTES) {
        const bytes = buffer.subarray(0, Math.min(READ_BYTES, source.size - at))
        await source.read(at, bytes, signal)
        hasher.update(bytes)
      }
    } catch (cause) {
      signal?.throwIfAborted()
      throw storedDamaged(source.name, cause)
    } finally {
      await source.close()
    }
    return hasher.hex()
  }

  /** Not for a store that may only be read. */
  async #rewrite(fileName: string, record: StoredRecord): Promise<void> {
    await this.folder.writeText(`${fileName}.json`, encodeRecord(record)).catch(() => {})
  }
}

function sameFile(name: string, other: string): DasllamaError {
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `${displayName(name)} would be stored in place of ${displayName(other)}: their names differ only in case`,
    { hint: 'remove the other one first, or use another store' },
  )
}
