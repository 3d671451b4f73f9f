import type { LockOptions, StoreLock } from '../../storage/store/folder.js'
import type { BlobShelf } from '../../storage/store/shelf.js'
import { freeSpace, persist, storageError } from './storage-space.js'
import { webLock } from './web-lock.js'

/** What TypeScript's library of pages lacks, because it exists in Workers only. */
interface SyncAccessHandle {
  truncate(size: number): void
  write(bytes: Uint8Array, options: { at: number }): number
  flush(): void
  close(): void
}

interface OpfsFile extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncAccessHandle>
}

/** The name of the folder in the origin private file system. */
const FOLDER = 'dasllama'

/**
 * The origin private file system. Rejects with `IO` where the browser denies it, and resolves with `undefined` where it has none,
 * or none that can be written to from this thread.
 */
export async function opfsShelf(): Promise<BlobShelf | undefined> {
  const root = await globalThis.navigator?.storage?.getDirectory?.().catch((cause) => {
    throw storageError(NAME, cause)
  })
  if (!root) return undefined
  const file = typeof FileSystemFileHandle === 'undefined' ? undefined : FileSystemFileHandle.prototype
  if (!file || !('createSyncAccessHandle' in file || 'createWritable' in file)) return undefined
  const folder = await root.getDirectoryHandle(FOLDER, { create: true }).catch((cause) => {
    throw storageError(NAME, cause)
  })
  return new OpfsShelf(folder)
}

/** Texts, which are replaced at once; pieces of models are larger, and never replaced. */
const COPIED_BYTES = 2 ** 16
const NAME = "the browser's storage for this page"

class OpfsShelf implements BlobShelf {
  readonly name = NAME
  readonly hasLazyBlobs = true
  readonly #folder: FileSystemDirectoryHandle

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder
  }

  async keys(): Promise<string[]> {
    return this.#attempt(async () => {
      const keys: string[] = []
      for await (const key of this.#folder.keys()) keys.push(key)
      return keys
    })
  }

  async stat(key: string) {
    const file = await this.get(key)
    return file && { size: file.size, version: String(file.lastModified) }
  }

  async get(key: string): Promise<File | undefined> {
    return this.#attempt(async () => {
      try {
        return await (await this.#folder.getFileHandle(key)).getFile()
      } catch (error) {
        if ((error as DOMException).name === 'NotFoundError') return undefined
        throw error
      }
    })
  }

  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#attempt(async () => {
      const handle: OpfsFile = await this.#folder.getFileHandle(key, { create: true })
      // Synchronous handles exist in Workers only, and write in place, without a copy. Other streams write to a temporary file that
      // takes the place of the old one when it is closed.
      const isCopied =
        'createWritable' in handle && (bytes.length <= COPIED_BYTES || !handle.createSyncAccessHandle)
      try {
        if (isCopied) await writeAside(await handle.createWritable(), bytes)
        else await writeInPlace(await handle.createSyncAccessHandle!(), bytes)
      } catch (error) {
        const { size } = await handle.getFile()
        if (size === 0 || !isCopied) await this.#folder.removeEntry(key).catch(() => {})
        throw error
      }
    })
  }

  async delete(key: string): Promise<void> {
    await this.#attempt(async () => {
      await this.#folder.removeEntry(key).catch((error) => {
        if (error.name !== 'NotFoundError') throw error
      })
    })
  }

  lock(name: string, options?: LockOptions): Promise<StoreLock> {
    return webLock(`dasllama:${name}`, options)
  }

  freeSpace = freeSpace
  persist = persist

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw storageError(NAME, cause)
    }
  }
}

async function writeInPlace(access: SyncAccessHandle, bytes: Uint8Array): Promise<void> {
  try {
    access.truncate(0)
    for (let written = 0; written < bytes.length; ) {
      written += access.write(bytes.subarray(written), { at: written })
    }
    access.flush()
  } finally {
    access.close()
  }
}

async function writeAside(
  stream: FileSystemWritableFileStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await stream.write(bytes)
    await stream.close()
  } catch (error) {
    await stream.abort().catch(() => {})
    throw error
  }
}
