import type { ModelFile } from '../gguf/model-file.js'
import { openModelFile } from '../gguf/open.js'
import { currentPlatform } from '../platform/detect.js'
import type { Platform } from '../platform/platform.js'
import { checkOptions, checkSignal } from '../session/checks.js'
import type { ByteSource } from '../storage/source.js'
import { type ModelSource, openSource } from './model-source.js'

/** What every way of opening a model file takes. */
export interface OpenOptions {
  /** Cancels opening and loading; the promise rejects with the signal's reason. */
  signal?: AbortSignal
  /** A llama2.c checkpoint's `tokenizer.bin`, where the checkpoint does not contain it. */
  tokenizer?: ModelSource
}

/** Opens `source`, hands the file to `use`, and closes every source whatever happens. */
export async function withModelFile<T>(
  source: ModelSource,
  options: OpenOptions,
  use: (file: ModelFile, platform: Platform) => Promise<T> | T,
): Promise<T> {
  checkOptions(options)
  checkSignal(options.signal)
  options.signal?.throwIfAborted()
  const platform = await currentPlatform()
  const file = await openFile(source, options, platform)
  try {
    return await use(file, platform)
  } finally {
    await file.close()
  }
}

/** A file that opens takes its sources with it when it closes; one that does not leaves them to us. */
async function openFile(
  source: ModelSource,
  { signal, tokenizer }: OpenOptions,
  platform: Platform,
): Promise<ModelFile> {
  const opened: ByteSource[] = []
  const open = async (from: ModelSource): Promise<ByteSource> => {
    const bytes = await openSource(from, platform, signal)
    opened.push(bytes)
    return bytes
  }
  try {
    const model = await open(source)
    const extra = tokenizer === undefined ? undefined : await open(tokenizer)
    const file = await openModelFile(model, { signal, tokenizer: extra })
    // Only a llama2.c checkpoint has a use for it.
    if (file.container !== 'llama2c') await extra?.close()
    return file
  } catch (error) {
    await Promise.all(opened.map((bytes) => bytes.close()))
    throw error
  }
}
