import type { ModelFile } from '../../gguf/model-file.js'
import { closeQuietly, type OpenModelOptions, openModel, usingFile } from '../../gguf/open-model.js'
import { TensorSamples } from '../../gguf/tensor-samples.js'
import { checkWeights } from '../../gguf/weight-check.js'
import type { Platform } from '../../platform/platform.js'
import type { ModelSource } from '../../storage/model-source.js'
import type { LoadedProgram, LoadingOptions, OpenedModel } from '../engine-host.js'
import type { Program } from '../program.js'
import type { EngineOptions } from './engine-options.js'
import { WasmExecutable } from './executable.js'
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
    async load(program, options) {
      let keepsFile = false
      const closeUnlessKept = async () => void (keepsFile || (await file.close()))
      return usingFile({ ...file, close: closeUnlessKept }, options, async () => {
        const loaded = await loadProgram(file, program, platform, { ...options, engine })
        keepsFile = loaded.executable.readsFile
        return loaded
      })
    },
    close: async () => void (await closeQuietly(() => file.close(), open.signal)),
  }
}

/** Opens an engine and streams a program's weights into it. */
async function loadProgram(
  file: ModelFile,
  program: Program,
  platform: Platform,
  {
    engine: engineOptions,
    reserve,
    signal,
    onWarning,
    onProgress,
  }: LoadingOptions & { engine: EngineOptions },
): Promise<LoadedProgram & { readonly executable: WasmExecutable }> {
  const engine = await openEngine({ ...engineOptions, signal, onWarning }, platform, file.tensorBytes)
  const samples = new TensorSamples()
  try {
    const executable = await WasmExecutable.load(file, program, engine, {
      reserve,
      signal,
      lookupTables: engineOptions.lookupTables ?? 'auto',
      onWarning,
      onProgress,
      onBytes(tensor, start, bytes) {
        checkWeights(tensor, start, bytes)
        samples.take(tensor, start, bytes)
      },
    })
    return { executable, samples }
  } catch (error) {
    void engine.pool.shutDown()
    throw error
  }
}
