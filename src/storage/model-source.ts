import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from './source.js'

/**
 * Where a model file is: a name on the hub (`hf:owner/repo/file.gguf`), a path (on Node, Deno and Bun), a URL (elsewhere relative
 * to the page), the bytes themselves, a Blob or File, a file handle of the origin private file system, or any other source of bytes.
 */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Blob | FileHandle | ByteSource

/** The part of a browser's `FileSystemFileHandle` that is used. */
export interface FileHandle {
  readonly kind: 'file'
  readonly name: string
  getFile(): Promise<Blob>
}

/** What the runtime does with names. */
export interface LocalFiles {
  /**
   * What a relative name is resolved against where names are URLs (the page); `undefined` where they are paths.
   * Absolute `http:` and `https:` URLs mean the same everywhere.
   */
  readonly baseUrl: string | undefined
  /**
   * Opens a file of the local disk by path or `file:` URL. Rejects with `NOT_FOUND`, with `IO` for what cannot be
   * read, and with `UNSUPPORTED` where there is no disk.
   */
  openPath(path: string | URL): Promise<ByteSource>
}

/** A name that means the same in another thread, whose base URL is that of its program. Throws `INVALID_ARGUMENT`. */
export function absoluteName(name: string | URL, { baseUrl }: LocalFiles): string {
  return baseUrl === undefined || name === '' ? String(name) : toUrl(name, baseUrl).href
}

/** Throws `INVALID_ARGUMENT`. */
export function toUrl(name: string | URL, base: string | undefined): URL {
  try {
    return new URL(name, base)
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${describeValue(String(name))} is not a URL`, { cause })
  }
}

export function isFileHandle(value: unknown): value is FileHandle {
  const { kind, name, getFile } = propertiesOf<FileHandle>(value, ['kind', 'name', 'getFile'])
  return kind === 'file' && typeof name === 'string' && typeof getFile === 'function'
}

export function isByteSource(value: unknown): value is ByteSource {
  const { name, size, read, close } = propertiesOf<ByteSource>(value, ['name', 'size', 'read', 'close'])
  return (
    typeof name === 'string' &&
    Number.isSafeInteger(size) &&
    size! >= 0 &&
    typeof read === 'function' &&
    typeof close === 'function'
  )
}

/** Some properties of a value; none where it has none, or throws when it is read. */
function propertiesOf<T>(value: unknown, names: readonly (keyof T)[]): Partial<T> {
  try {
    const from = (value ?? {}) as T
    const found: Partial<T> = {}
    for (const name of names) found[name] = from[name]
    return found
  } catch {
    return {}
  }
}
