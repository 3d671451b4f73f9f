import { abortable } from '../../abortable.js'
import type { LockOptions, StoreLock } from './folder.js'
import type { BlobShelf } from './shelf.js'

/** A shelf in memory: for tests, and for pages whose browser keeps nothing. */
export class MemoryShelf implements BlobShelf {
  readonly name = 'the memory'
  readonly hasLazyBlobs = false
  readonly blobs = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly #locks = new Map<string, Promise<void>>()

  async keys(): Promise<string[]> {
    return [...this.blobs.keys()]
  }

  async stat(key: string) {
    const bytes = this.blobs.get(key)
    return bytes && { size: bytes.length, version: undefined }
  }

  async get(key: string): Promise<Blob | undefined> {
    const bytes = this.blobs.get(key)
    return bytes && new Blob([bytes])
  }

  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.blobs.set(key, bytes.slice())
  }

  async delete(key: string): Promise<void> {
    this.blobs.delete(key)
  }

  async lock(name: string, { signal, onWait }: LockOptions = {}): Promise<StoreLock> {
    if (this.#locks.has(name)) onWait?.()
    while (this.#locks.has(name)) await abortable(this.#locks.get(name)!, signal)
    let unlock = () => {}
    const released = new Promise<void>((resolve) => {
      unlock = resolve
    })
    this.#locks.set(name, released)
    return {
      isHeld: async () => this.#locks.get(name) === released,
      release: async () => {
        if (this.#locks.get(name) === released) this.#locks.delete(name)
        unlock()
      },
    }
  }

  async freeSpace(): Promise<number | undefined> {
    return undefined
  }

  async persist(): Promise<boolean> {
    return false
  }
}
