import type { LockOptions, StoreLock } from './folder.js'

/** What is known of a blob without reading it. */
export interface BlobStat {
  /** Bytes. */
  readonly size: number
  /** Changes when it is written again, if the storage notices. */
  readonly version: string | undefined
}

/** Storage of whole blobs by key, as browsers have it: nothing can be appended to a blob or renamed. */
export interface BlobShelf {
  /** For messages. */
  readonly name: string
  /** Whether a blob refers to the storage, so that it takes no memory until it is read. */
  readonly hasLazyBlobs: boolean
  keys(): Promise<string[]>
  stat(key: string): Promise<BlobStat | undefined>
  get(key: string): Promise<Blob | undefined>
  /** Rejects with `NO_SPACE` or `IO`. */
  put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Idempotent. */
  delete(key: string): Promise<void>
  /** See `StoreFolder`. */
  lock(name: string, options?: LockOptions): Promise<StoreLock>
  freeSpace(): Promise<number | undefined>
  persist(): Promise<boolean>
}
