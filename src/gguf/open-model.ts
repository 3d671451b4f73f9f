import { abortable } from '../abortable.js'
import { describeFailure } from '../describe.js'
import type { LocalFiles, ModelSource } from '../storage/model-source.js'
import { openSource } from '../storage/open-source.js'
import type { ByteSource } from '../storage/source.js'
import type { UrlOptions } from '../storage/url.js'
import type { WarningListener } from '../warnings.js'
import type { ModelFile } from './model-file.js'
import { checkStart, openModelFile } from './open.js'

/** How a model file and its tokenizer are opened. */
export interface OpenModelOptions extends Omit<UrlOptions, 'checkStart'> {
  /** A llama2.c checkpoint's `tokenizer.bin`, where the checkpoint does not contain it. */
  readonly tokenizer?: ModelSource | undefined
}

/**
 * Opens a model file wherever it is, and reads its directory. Rejects as `openSource` and `openModelFile` do, or with the
 * signal's reason; then every source that was opened here is closed again.
 */
export async function openModel(
  source: ModelSource,
  files: LocalFiles,
  { tokenizer, ...urlOptions }: OpenModelOptions,
): Promise<ModelFile> {
  const { signal } = urlOptions
  const opened: ByteSource[] = []
  const open = async (from: ModelSource, options: UrlOptions): Promise<ByteSource> => {
    const bytes = await abortable(openSource(from, files, options), signal, (late) => late.close())
    opened.push(bytes)
    return bytes
  }
  try {
    const model = await open(source, { ...urlOptions, checkStart })
    const extra = tokenizer === undefined ? undefined : await open(tokenizer, urlOptions)
    const file = await openModelFile(model, { signal, tokenizer: extra })
    // Only a llama2.c checkpoint has a use for it.
    if (file.container !== 'llama2c') await closeQuietly(async () => extra?.close(), signal)
    return file
  } catch (error) {
    // What failed first is what the caller is told.
    await closeQuietly(() => Promise.all(opened.map((bytes) => bytes.close())), signal)
    throw error
  }
}

/**
 * What `work` resolves with, after `file` has been closed, whatever happens. Warns where it cannot be closed. Does not wait
 * for that after an abort.
 */
export async function usingFile<T>(
  file: ModelFile,
  { signal, onWarning }: { signal?: AbortSignal | undefined; onWarning?: WarningListener | undefined },
  work: () => Promise<T> | T,
): Promise<T> {
  let result: T
  try {
    result = await work()
  } catch (error) {
    await closeQuietly(() => file.close(), signal)
    throw error
  }
  const failure = await closeQuietly(() => file.close(), signal)
  if (!signal?.aborted) warnNotClosed(file.name, failure, onWarning)
  return result
}

/** Warns if closing a file has failed: `failure` says why. */
export function warnNotClosed(
  name: string,
  failure: string | undefined,
  onWarning: WarningListener | undefined,
): void {
  if (failure === undefined) return
  onWarning?.({ code: 'SOURCE_NOT_CLOSED', message: `${name} cannot be closed: ${failure}` })
}

/** Why `close` failed, in words; `undefined` where it did not. An abort does not wait for it. */
export async function closeQuietly(
  close: () => Promise<unknown>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    await abortable(close(), signal)
    return undefined
  } catch (reason) {
    return describeFailure(reason)
  }
}
