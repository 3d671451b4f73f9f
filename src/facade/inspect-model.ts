import { abortable } from '../abortable.js'
import { checkEngineOptions, type EngineOptions } from '../backend/wasm/engine-options.js'
import { MEMORY_LIMIT } from '../backend/wasm/limits.js'
import { checkCount, checkOptions } from '../checks.js'
import type { ModelSource } from '../storage/model-source.js'
import { summaries } from './lazy-modules.js'
import type { ModelSummary } from './model-summary.js'
import { type OpenOptions, withModelFile } from './open.js'

/** How to inspect a model. */
export interface InspectOptions
  extends OpenOptions,
    Pick<EngineOptions, 'kernels' | 'memorySize' | 'lookupTables'> {
  /** Positions for which `memory` is computed. Default: as `loadModel` chooses. */
  contextLength?: number
  /**
   * Bytes of memory, for `memory.longestContext` and `memory.tablesInFile`. Default, and at most: the 64 GiB of all memories that a
   * model can have.
   */
  memoryLimit?: number
}

/** The bytes that a model can address: 16 memories of 4 GiB each. */
export const ADDRESSABLE_BYTES: number = MEMORY_LIMIT

/**
 * Summarises a model file, from its header alone. Rejects only for a file that is not a model at all, and as `loadModel` does
 * for bytes that cannot be read; `problems` lists why a model cannot be run.
 *
 * ```js
 * const { architecture, parameters, memory, problems } = await inspectModel('https://example.com/model.gguf')
 * ```
 */
export async function inspectModel(source: ModelSource, options: InspectOptions = {}): Promise<ModelSummary> {
  checkOptions(options)
  const { kernels, memorySize, lookupTables } = options
  checkEngineOptions({ kernels, memorySize, lookupTables })
  const { contextLength, memoryLimit = ADDRESSABLE_BYTES, onWarning } = options
  if (contextLength !== undefined) checkCount('contextLength', contextLength, 1, 2 ** 24)
  checkCount('memoryLimit', memoryLimit, 0, Number.MAX_SAFE_INTEGER)
  const limit = Math.min(memoryLimit, ADDRESSABLE_BYTES)
  return withModelFile(source, options, async (file, platform) => {
    const { summarise } = await abortable(summaries.load(), options.signal)
    return summarise(file, platform, { ...options, contextLength, limit, warn: onWarning })
  })
}
