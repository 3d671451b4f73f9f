import type { LockOptions, StoreLock } from '../../storage/store/folder.js'
import type { BlobShelf } from '../../storage/store/shelf.js'
import { freeSpace, persist, storageError } from './storage-space.js'
import { webLock } from './web-lock.js'

/** Keys of a cache are addresses; nothing is ever fetched from these. */
const BASE = 'https://dasllama.invalid/'
const CACHE = 'dasllama'
const NAME = "the browser's cache for this page"

/**
 * The Cache API, where there is no origin private file system that can be written to. Rejects with `IO` where the browser denies
 * it, and resolves with `undefined` where it has none.
 */
export async function cacheShelf(): Promise<BlobShelf | undefined> {
  if (typeof caches === 'undefined') return undefined
  return new CacheShelf(
    await caches.open(CACHE).catch((cause) => {
      throw storageError(NAME, cause)
    }),
  )
}

class CacheShelf implements BlobShelf {
  readonly name = NAME
  readonly hasLazyBlobs = false
  readonly #cache: Cache

  constructor(cache: Cache) {
    this.#cache = cache
  }

  async keys(): Promise<string[]> {
    const requests = await this.#attempt(this.#cache.keys())
    return requests.map(({ url }) => decodeURIComponent(url.slice(BASE.length)))
  }

  async stat(key: string) {
    const response = await this.#attempt(this.#cache.match(urlOf(key)))
    if (!response) return undefined
    const { headers } = response
    return { size: Number(headers.get('content-length')), version: headers.get('last-modified') ?? undefined }
  }

  async get(key: string): Promise<Blob | undefined> {
    const response = await this.#attempt(this.#cache.match(urlOf(key)))
    return response && this.#attempt(response.blob())
  }

  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { 'content-length': String(bytes.length), 'last-modified': new Date().toUTCString() }
    await this.#attempt(this.#cache.put(urlOf(key), new Response(bytes, { headers })))
  }

  async delete(key: string): Promise<void> {
    await this.#attempt(this.#cache.delete(urlOf(key)))
  }

  lock(name: string, options?: LockOptions): Promise<StoreLock> {
    return webLock(`dasllama:${name}`, options)
  }

  freeSpace = freeSpace
  persist = persist

  #attempt<T>(work: Promise<T>): Promise<T> {
    return work.catch((cause) => {
      throw storageError(NAME, cause)
    })
  }
}

function urlOf(key: string): string {
  return BASE + encodeURIComponent(key)
}
