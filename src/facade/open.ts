import { abortable } from '../abortable.js'
import { checkOptions, checkSignal } from '../checks.js'
import type { ModelFile } from '../gguf/model-file.js'
import type { OpenModelOptions } from '../gguf/open-model.js'
import { currentPlatform } from '../platform/detect.js'
import type { Platform } from '../platform/platform.js'
import { checkFetchOptions, type FetchOptions } from '../storage/fetch-options.js'
import type { ModelSource } from '../storage/model-source.js'
import { checkOnWarning, type WarningListener } from '../warnings.js'
import { modelFiles } from './lazy-modules.js'
import {
  checkNameOptions,
  discardSource,
  type NameOptions,
  type ResolvedSource,
  resolveSource,
} from './named-source.js'

/** What every way of opening a model file takes. */
export interface OpenOptions extends FetchOptions, NameOptions {
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

/** @internal Throws `INVALID_ARGUMENT`, or the reason of a signal that is aborted already. */
export function checkOpenOptions(options: OpenOptions): void {
  checkOptions(options)
  checkSignal(options.signal)
  checkFetchOptions(options)
  checkNameOptions(options)
  checkOnWarning(options.onWarning)
  options.signal?.throwIfAborted()
}

/**
 * @internal Resolves the names of a model and its tokenizer, and passes them to `open`. If that fails, sources that they were resolved to are
 * closed: one that `open` could not begin to read, because its code cannot be loaded, would go on arriving.
 */
export async function openResolved<T>(
  source: ModelSource,
  options: OpenOptions & { readonly memoryLimit?: number | undefined },
  { isWhole }: { readonly isWhole: boolean },
  open: (resolved: ResolvedSource, openOptions: OpenModelOptions) => Promise<T>,
): Promise<T> {
  const { signal, headers, fetch, retries, stallTimeout, memoryLimit = KEPT_BYTES } = options
  const maxBufferedBytes = Math.min(memoryLimit, KEPT_BYTES)
  let resolved: ResolvedSource | undefined
  let tokenizer: ResolvedSource | undefined
  try {
    if (options.tokenizer !== undefined) {
      tokenizer = await resolveSource(options.tokenizer, { ...options, isWhole: true })
    }
    resolved = await resolveSource(source, { ...options, isWhole })
    const http = { headers, fetch, retries, stallTimeout, maxBufferedBytes }
    return await open(resolved, { ...http, signal, tokenizer: tokenizer?.source })
  } catch (error) {
    void discardSource(resolved?.source, source)
    void discardSource(tokenizer?.source, options.tokenizer)
    throw error
  }
}

/** @internal Opens `source` in this thread, hands the file to `use`, and closes every source whatever happens. */
export async function withModelFile<T>(
  source: ModelSource,
  options: OpenOptions & { readonly memoryLimit?: number },
  use: (file: ModelFile, platform: Platform) => Promise<T> | T,
): Promise<T> {
  checkOpenOptions(options)
  const { signal, onWarning } = options
  const platform = await abortable(currentPlatform(), signal)
  const { openModel, usingFile } = await abortable(modelFiles.load(), signal)
  const file = await openResolved(source, options, { isWhole: false }, (resolved, open) =>
    openModel(resolved.source, platform, open),
  )
  const result = await usingFile(file, { signal, onWarning }, () => use(file, platform))
  signal?.throwIfAborted()
  return result
}
