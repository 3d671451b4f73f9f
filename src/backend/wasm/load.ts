import { abortable } from '../../abortable.js'
import type { ModelFile, StoredTensor } from '../../gguf/model-file.js'
import { closeQuietly, type OpenModelOptions, openModel, usingFile } from '../../gguf/open-model.js'
import { TensorSamples } from '../../gguf/tensor-samples.js'
import { checkWeights } from '../../gguf/weight-check.js'
import type { Platform } from '../../platform/platform.js'
import type { ModelSource } from '../../storage/model-source.js'
import type { LoadedProgram, LoadingOptions, OpenedModel } from '../engine-host.js'
import type { Program } from '../program.js'
import { contextBytes } from './encoder/context-bytes.js'
import type { EngineOptions } from './engine-options.js'
import { WasmExecutable } from './executable.js'
import { splitting } from './lazy-modules.js'
import { MEMORY_LIMIT, WASM_LIMIT } from './limits.js'
import { openEngine } from './open-engine.js'

/** Opens a model file in this thread, for an engine in this thread. Rejects as `openModel` does. */
export async function openInThread(
  source: ModelSource,
  platform: Platform,
  { open, engine }: { readonly open: OpenModelOptions; readonly engine: EngineOptions },
): Promise<OpenedModel> {
  const file = await openModel(source, platform, open)
  return {
    directory: file,
    load: (program, options) =>
      usingFile(file, options, () => loadProgram(file, program, platform, { ...options, engine })),
    close: async () => void (await closeQuietly(() => file.close(), open.signal)),
  }
}

/** Opens an engine, or as many as the program needs, and streams its weights into them. */
async function loadProgram(
  file: ModelFile,
  program: Program,
  platform: Platform,
  options: LoadingOptions & { engine: EngineOptions },
): Promise<LoadedProgram> {
  const { context, signal, onWarning, onProgress } = options
  const { memoryLimit = MEMORY_LIMIT, memorySize = WASM_LIMIT, ...engineOptions } = options.engine
  const settings = { ...engineOptions, memoryLimit: Math.min(memoryLimit, memorySize), signal, onWarning }
  const engine = await openEngine(settings, platform, file.tensorBytes)
  const samples = new TensorSamples()
  const loading = {
    signal,
    onProgress,
    onBytes(tensor: StoredTensor, start: number, bytes: Uint8Array) {
      checkWeights(tensor, start, bytes)
      samples.take(tensor, start, bytes)
    },
  }
  try {
    const reserve = contextBytes(program, context)
    const fits = WasmExecutable.bytesFor(file, program, engine) + reserve <= engine.arena.available
    if (fits || memoryLimit <= memorySize) {
      return {
        executable: await WasmExecutable.load(file, program, engine, { ...loading, reserve }),
        samples,
      }
    }
    const { loadSplit } = await abortable(splitting.load(), signal)
    // Where threads were not to be had for the first one, a second attempt would only warn again.
    const like = { ...settings, ...(engine.pool.size === 1 && { threads: 1 }) }
    const openAnother = () => openEngine(like, platform, file.tensorBytes)
    const split = { ...loading, context, memoryLimit, openEngine: openAnother }
    return { executable: await loadSplit(file, program, engine, split), samples }
  } catch (error) {
    void engine.pool.shutDown()
    throw error
  }
}
