import type { ModelSource } from '../model-source.js'
import type { ByteSource } from '../source.js'
import type { RangeSet } from './range-set.js'
import type { Hasher } from './sha256.js'

/** A file of a store of which all bytes have been written. */
export interface FileStat {
  /** Bytes. */
  readonly size: number
  /** Changes when the file is written again, as far as the storage notices. */
  readonly version: string
}

/** A file of which only some bytes have been written. It survives the end of the process, and has no name that could be opened. */
export interface PartialFile {
  /** What has been written, and survives. */
  readonly ranges: RangeSet
  /**
   * Writes a piece; once this resolves, it is in `ranges` and survives. The piece is not read afterwards. Rejects with
   * `NO_SPACE` or `IO`.
   */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Fills `target` from bytes in `ranges`. Also works after `finish`, until `close`. */
  read(offset: number, target: Uint8Array): Promise<void>
  /** Discards everything that has been written. */
  reset(): Promise<void>
  /** Gives the file its name, in place of an earlier one: from now on it is whole. */
  finish(size: number): Promise<FileStat>
  /** Keeps what has been written, unless `finish` was called. Idempotent. */
  close(): Promise<void>
}

/** The right to write one file, among all tabs or processes that use the store. */
export interface StoreLock {
  /** Whether no one has taken it over, as happens after a long sleep of this process. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined
  /** Called once if another one has the lock, before this waits for it. */
  readonly onWait?: (() => void) | undefined
}

/**
 * Where a store keeps its files: a folder of the disk, a browser's storage or memory. Names consist of letters, digits, `.`, `-`
 * and `_`.
 */
export interface StoreFolder {
  /** For messages. */
  readonly name: string
  /** The names of all texts. */
  texts(): Promise<string[]>
  readText(name: string): Promise<string | undefined>
  /** Replaces the text at once: a reader sees the old or the new one. */
  writeText(name: string, text: string): Promise<void>
  removeText(name: string): Promise<void>
  /** Opens a partial file, or begins one. The caller has the lock of this name. */
  partial(name: string): Promise<PartialFile>
  /** `undefined` if there is no whole file of this name, or if bytes of it are missing. */
  stat(name: string): Promise<FileStat | undefined>
  /** How many bytes a partial file has; 0 if there is none. */
  partialBytes(name: string): Promise<number>
  /** A whole file as a source of a model, which a Worker can read too if possible. Rejects with `NOT_FOUND`. */
  open(name: string): Promise<ModelSource>
  /** The same, opened. */
  read(name: string): Promise<ByteSource>
  /** Removes a whole file and a partial one. Idempotent. */
  removeFile(name: string): Promise<void>
  /** Waits until no other tab or process has the lock. Rejects with the signal's reason. */
  lock(name: string, options?: LockOptions): Promise<StoreLock>
  /** How many bytes can still be written; `undefined` if that is not known. */
  freeSpace(): Promise<number | undefined>
  /** A new SHA-256. */
  hasher(): Hasher
  /** Asks a browser not to clear the storage when space is short; `false` if it will not promise that. */
  persist(): Promise<boolean>
}
