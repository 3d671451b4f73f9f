import { describeFailure, describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isA, isBytes } from '../read-list.js'
import { blobSource } from './blob.js'
import { bytesSource } from './bytes.js'
import { guarded } from './guarded.js'
import {
  type FileHandle,
  isByteSource,
  isFileHandle,
  type LocalFiles,
  type ModelSource,
  toUrl,
} from './model-source.js'
import type { ByteSource } from './source.js'
import { openUrl, type UrlOptions } from './url.js'

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

async function openName(name: string | URL, files: LocalFiles, options: UrlOptions): Promise<ByteSource> {
  if (name === '') throw new DasllamaError('INVALID_ARGUMENT', 'the name of the model file is empty')
  const isHttp = /^https?:/i.test(String(name))
  if (!isHttp && files.baseUrl === undefined) return files.openPath(name)
  return openUrl(toUrl(name, files.baseUrl), options)
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
