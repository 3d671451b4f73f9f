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
import { checkNameOptions, type NameOptions, resolveSource } from './named-source.js'

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

/** @internal What of the options says how sources are opened, with the tokenizer's name resolved. */
export async function openModelOptions(
  options: OpenOptions & { readonly memoryLimit?: number | undefined },
): Promise<OpenModelOptions> {
  const { signal, headers, fetch, retries, stallTimeout, memoryLimit = KEPT_BYTES } = options
  const maxBufferedBytes = Math.min(memoryLimit, KEPT_BYTES)
  const tokenizer =
    options.tokenizer && (await resolveSource(options.tokenizer, { ...options, isWhole: true })).source
  return { signal, tokenizer, headers, fetch, retries, stallTimeout, maxBufferedBytes }
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
  const open = await openModelOptions(options)
  const resolved = await resolveSource(source, { ...options, isWhole: false })
  const file = await openModel(resolved.source, platform, open)
  const result = await usingFile(file, { signal, onWarning }, () => use(file, platform))
  signal?.throwIfAborted()
  return result
}
