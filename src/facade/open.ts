import type { ModelFile } from '../gguf/model-file.js'
import { openModelFile } from '../gguf/open.js'
import { currentPlatform } from '../platform/detect.js'
import type { Platform } from '../platform/platform.js'
import { createEngine, type Engine } from '../wasm/engine.js'
import { type ModelSource, openSource } from './model-source.js'

/** What every way of opening a model file takes. */
export interface OpenOptions {
  /** Cancels opening and loading; the promise rejects with the signal's reason. */
  signal?: AbortSignal
  /** A llama2.c checkpoint's `tokenizer.bin`, where the checkpoint does not contain it. */
  tokenizer?: ModelSource
  /**
   * The kernels, compiled or as bytes, where the runtime cannot find `kernels.wasm` beside the package: because a
   * bundler moved it, say. Default: loaded from the package.
   */
  kernels?: WebAssembly.Module | BufferSource
}

/** Opens `source`, hands the file to `use`, and closes it whatever happens. */
export async function withModelFile<T>(
  source: ModelSource,
  { signal, tokenizer }: OpenOptions,
  use: (file: ModelFile, platform: Platform) => Promise<T> | T,
): Promise<T> {
  signal?.throwIfAborted()
  const platform = await currentPlatform()
  const bytes = await openSource(source, platform, signal)
  try {
    const extra = tokenizer === undefined ? undefined : await openSource(tokenizer, platform, signal)
    try {
      const file = await openModelFile(bytes, { signal, tokenizer: extra })
      try {
        return await use(file, platform)
      } finally {
        await file.close()
      }
    } finally {
      await extra?.close()
    }
  } finally {
    await bytes.close()
  }
}

/** Kernels and memory. `memoryLimit` in bytes. */
export async function openEngine(
  kernels: OpenOptions['kernels'],
  platform: Platform,
  memoryLimit?: number,
): Promise<Engine> {
  return createEngine(kernels ?? (await platform.loadKernels()), memoryLimit)
}
