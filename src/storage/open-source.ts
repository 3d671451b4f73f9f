import { describeFailure, describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isA, isBytes } from '../read-list.js'
import { blobSource } from './blob.js'
import { bytesSource } from './bytes.js'
import { guarded } from './guarded.js'
import type { ByteSource } from './source.js'
import { openUrl, type UrlOptions } from './url.js'

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

/** Rejects with `INVALID_ARGUMENT` for anything else than a `ModelSource`, and with what the source throws. */
export async function openSource(
  source: ModelSource,
  files: LocalFiles,
  options: UrlOptions = {},
): Promise<ByteSource> {
  if (typeof source === 'string' || isA(URL, source)) return guarded(await openName(source, files, options))
  if (isBytes(source) || isA(ArrayBuffer, source)) return bytesSource(source)
  if (typeof Blob !== 'undefined' && isA(Blob, source)) return guarded(blobSource(source))
  if (isFileHandle(source)) return guarded(await openHandle(source))
  if (isByteSource(source)) return guarded(source)
  throw noSource(source)
}

/** A name that means the same in another thread, whose base URL is that of its program. Throws `INVALID_ARGUMENT`. */
export function absoluteName(name: string | URL, { baseUrl }: LocalFiles): string {
  return baseUrl === undefined || name === '' ? String(name) : toUrl(name, baseUrl).href
}

async function openName(name: string | URL, files: LocalFiles, options: UrlOptions): Promise<ByteSource> {
  if (name === '') throw new DasllamaError('INVALID_ARGUMENT', 'the name of the model file is empty')
  const isHttp = /^https?:/i.test(String(name))
  if (!isHttp && files.baseUrl === undefined) return files.openPath(name)
  return openUrl(toUrl(name, files.baseUrl), options)
}

function toUrl(name: string | URL, base: string | undefined): URL {
  try {
    return new URL(name, base)
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${describeValue(String(name))} is not a URL`, { cause })
  }
}

function noSource(source: unknown): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `a model cannot be read from ${describeValue(source)}`, {
    hint: 'give a path, a URL, a Uint8Array, a Blob, a FileSystemFileHandle or a ByteSource',
  })
}

async function openHandle(handle: FileHandle): Promise<ByteSource> {
  try {
    return blobSource(await handle.getFile())
  } catch (cause) {
    const isMissing = isA(Error, cause) && cause.name === 'NotFoundError'
    throw new DasllamaError(
      isMissing ? 'NOT_FOUND' : 'IO',
      `${displayName(handle.name)}: the file handle cannot be opened: ${describeFailure(cause)}`,
      { cause },
    )
  }
}

export function isFileHandle(value: unknown): value is FileHandle {
  const { kind, name, getFile } = propertiesOf<FileHandle>(value, ['kind', 'name', 'getFile'])
  return kind === 'file' && typeof name === 'string' && typeof getFile === 'function'
}

function isByteSource(value: unknown): value is ByteSource {
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
