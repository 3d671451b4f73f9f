import { abortable } from '../abortable.js'
import { checkOptions, checkSignal } from '../checks.js'
import { describeFailure } from '../describe.js'
import type { ModelFile } from '../gguf/model-file.js'
import { checkStart, openModelFile } from '../gguf/open.js'
import { currentPlatform } from '../platform/detect.js'
import type { Platform } from '../platform/platform.js'
import type { ByteSource } from '../storage/source.js'
import type { UrlOptions } from '../storage/url.js'
import { checkOnWarning, type WarningListener } from '../warnings.js'
import { checkFetchOptions, type FetchOptions } from './fetch-options.js'
import { type ModelSource, openSource } from './model-source.js'

/** What every way of opening a model file takes. */
export interface OpenOptions extends FetchOptions {
  /**
   * Cancels opening and loading: the promise rejects at once with the signal's reason, and whatever was opened or started
   * is closed and ended.
   */
  signal?: AbortSignal
  /** A llama2.c checkpoint's `tokenizer.bin`, where the checkpoint does not contain it. */
  tokenizer?: ModelSource
  /**
   * Called with what goes on working, but not as well as it could: fewer threads, slower kernels, a value of the file that
   * is ignored, a session that was never disposed. Default: nobody is told.
   */
  onWarning?: WarningListener
}

/** Bytes that are kept in memory of a body whose server serves no ranges. */
const KEPT_BYTES = 64 * 2 ** 20

/** Throws `INVALID_ARGUMENT`, or the reason of a signal that is aborted already. */
export function checkOpenOptions(options: OpenOptions): void {
  checkOptions(options)
  checkSignal(options.signal)
  checkFetchOptions(options)
  checkOnWarning(options.onWarning)
  options.signal?.throwIfAborted()
}

/**
 * Opens `source`, hands the file to `use`, and closes every source whatever happens. Rejects at once when the signal is
 * aborted; a result that comes too late goes to `discard`.
 */
export async function withModelFile<T>(
  source: ModelSource,
  options: OpenOptions & { readonly memoryLimit?: number },
  use: (file: ModelFile, platform: Platform) => Promise<T> | T,
  discard: (late: T) => unknown = () => {},
): Promise<T> {
  checkOpenOptions(options)
  const { signal, onWarning } = options
  const opened: ByteSource[] = []
  let result: T
  try {
    const platform = await abortable(currentPlatform(), signal)
    const file = await openFile(source, options, platform, opened)
    try {
      result = await use(file, platform)
    } catch (error) {
      await quietly(() => file.close(), signal)
      throw error
    }
    const failure = await quietly(() => file.close(), signal)
    if (failure !== undefined && !signal?.aborted) {
      onWarning?.({ code: 'SOURCE_NOT_CLOSED', message: `${file.name} cannot be closed: ${failure}` })
    }
  } catch (error) {
    // A file that did not open leaves its sources to us. What failed first is what the caller hears of.
    await quietly(() => Promise.all(opened.map((bytes) => bytes.close())), signal)
    throw error
  }
  if (signal?.aborted) {
    discard(result)
    throw signal.reason
  }
  return result
}

/** Why `close` failed, in words; `undefined` where it did not. An abort does not wait for it. */
async function quietly(
  close: () => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    await abortable(close(), signal)
    return undefined
  } catch (reason) {
    return describeFailure(reason)
  }
}

/** The file, once its header has been read. `opened` gets every source that is opened for it, but for its other parts. */
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
  opened: ByteSource[],
): Promise<ModelFile> {
  const urlOptions: UrlOptions = {
    signal,
    headers,
    fetch,
    retries,
    stallTimeout,
    maxBufferedBytes: Math.min(memoryLimit, KEPT_BYTES),
  }
  const open = async (from: ModelSource, more: UrlOptions): Promise<ByteSource> => {
    const opening = openSource(from, platform, { ...urlOptions, ...more })
    const bytes = await abortable(opening, signal, (late) => late.close())
    opened.push(bytes)
    return bytes
  }
  const model = await open(source, { checkStart })
  const extra = tokenizer === undefined ? undefined : await open(tokenizer, {})
  const file = await openModelFile(model, { signal, tokenizer: extra })
  // Only a llama2.c checkpoint has a use for it.
  if (file.container !== 'llama2c') await quietly(async () => extra?.close(), signal)
  return file
}
