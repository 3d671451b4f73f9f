import type { ModelFile } from '../gguf/model-file.js'
import { checkStart, openModelFile } from '../gguf/open.js'
import { currentPlatform } from '../platform/detect.js'
import type { Platform } from '../platform/platform.js'
import { checkOptions, checkSignal } from '../session/checks.js'
import { closeAll } from '../storage/close-all.js'
import type { ByteSource } from '../storage/source.js'
import type { UrlOptions } from '../storage/url.js'
import { checkOnWarning, type WarningListener } from '../warnings.js'
import { checkFetchOptions, type FetchOptions } from './fetch-options.js'
import { type ModelSource, openSource } from './model-source.js'

/** What every way of opening a model file takes. */
export interface OpenOptions extends FetchOptions {
  /** Cancels opening and loading; the promise rejects with the signal's reason. */
  signal?: AbortSignal
  /** A llama2.c checkpoint's `tokenizer.bin`, where the checkpoint does not contain it. */
  tokenizer?: ModelSource
  /** Is called with what is not as it should be and yet does not keep the file from being used. Default: nothing is said. */
  onWarning?: WarningListener
}

/** Bytes that are kept in memory of a body whose server serves no ranges. */
const KEPT_BYTES = 64 * 2 ** 20

/** Opens `source`, hands the file to `use`, and closes every source whatever happens. */
export async function withModelFile<T>(
  source: ModelSource,
  options: OpenOptions & { readonly memoryLimit?: number },
  use: (file: ModelFile, platform: Platform) => Promise<T> | T,
): Promise<T> {
  checkOptions(options)
  checkSignal(options.signal)
  checkFetchOptions(options)
  checkOnWarning(options.onWarning)
  options.signal?.throwIfAborted()
  const platform = await currentPlatform()
  const file = await openFile(source, options, platform)
  let result: T
  try {
    result = await use(file, platform)
  } catch (error) {
    // What went wrong first says most.
    await file.close().catch(() => undefined)
    throw error
  }
  // Everything has been read by now, so a source that fails to close has taken nothing away.
  await file.close().catch(() => undefined)
  return result
}

/** A file that opens takes its sources with it when it closes; one that does not leaves them to us. */
async function openFile(
  source: ModelSource,
  {
    signal,
    tokenizer,
    headers,
    fetch,
    retries,
    stallTimeout,
    memoryLimit = KEPT_BYTES,
  }: OpenOptions & {
    readonly memoryLimit?: number
  },
  platform: Platform,
): Promise<ModelFile> {
  const urlOptions: UrlOptions = {
    signal,
    headers,
    fetch,
    retries,
    stallTimeout,
    maxBufferedBytes: Math.min(memoryLimit, KEPT_BYTES),
  }
  const opened: ByteSource[] = []
  const open = async (from: ModelSource, more: UrlOptions): Promise<ByteSource> => {
    const bytes = await openSource(from, platform, { ...urlOptions, ...more })
    opened.push(bytes)
    return bytes
  }
  try {
    const model = await open(source, { checkStart })
    const extra = tokenizer === undefined ? undefined : await open(tokenizer, {})
    const file = await openModelFile(model, { signal, tokenizer: extra })
    // Only a llama2.c checkpoint has a use for it.
    if (file.container !== 'llama2c') await extra?.close().catch(() => undefined)
    return file
  } catch (error) {
    await closeAll(opened).catch(() => undefined)
    throw error
  }
}
