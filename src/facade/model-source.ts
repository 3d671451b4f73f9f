import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Platform } from '../platform/platform.js'
import { abortable } from '../storage/abortable.js'
import { blobSource } from '../storage/blob.js'
import { bytesSource } from '../storage/bytes.js'
import { guarded } from '../storage/guarded.js'
import type { ByteSource } from '../storage/source.js'
import { openUrl, type UrlOptions } from '../storage/url.js'

/**
 * Where a model file is: a path (on Node, Deno and Bun), a URL (elsewhere relative to the page), the bytes
 * themselves, a Blob or File, or any other source of bytes.
 */
export type ModelSource = string | URL | Uint8Array | ArrayBuffer | Blob | ByteSource

/** Rejects with `INVALID_ARGUMENT` for anything else than a `ModelSource`, and with what the source throws. */
export async function openSource(
  source: ModelSource,
  platform: Platform,
  options: UrlOptions = {},
): Promise<ByteSource> {
  if (typeof source === 'string' || source instanceof URL) {
    return guarded(await abortable(openName(source, platform, options), options.signal))
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return bytesSource(source)
  if (typeof Blob !== 'undefined' && source instanceof Blob) return guarded(blobSource(source))
  if (isByteSource(source)) return guarded(source)
  throw new DasllamaError('INVALID_ARGUMENT', `a model cannot be read from ${describe(source)}`, {
    hint: 'give a path, a URL, a Uint8Array, a Blob or a ByteSource',
  })
}

async function openName(name: string | URL, platform: Platform, options: UrlOptions): Promise<ByteSource> {
  if (name === '') throw new DasllamaError('INVALID_ARGUMENT', 'the name of the model file is empty')
  const isHttp = /^https?:/i.test(String(name))
  if (!isHttp && platform.baseUrl === undefined) return platform.openPath(name)
  return openUrl(toUrl(name, platform.baseUrl), options)
}

function toUrl(name: string | URL, base: string | undefined): URL {
  try {
    return new URL(name, base)
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${describeValue(String(name))} is not a URL`, { cause })
  }
}

function isByteSource(value: unknown): value is ByteSource {
  const { name, size, read, close } = (value ?? {}) as Partial<ByteSource>
  return (
    typeof name === 'string' &&
    Number.isSafeInteger(size) &&
    size! >= 0 &&
    typeof read === 'function' &&
    typeof close === 'function'
  )
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : `a ${typeof value}`
}
