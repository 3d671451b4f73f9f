import { abortable } from '../../abortable.js'
import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { ModelFile, StoredTensor } from '../../gguf/model-file.js'
import { closeQuietly, type OpenModelOptions, openModel, usingFile } from '../../gguf/open-model.js'
import { TensorSamples } from '../../gguf/tensor-samples.js'
import { checkWeights } from '../../gguf/weight-check.js'
import type { Platform } from '../../platform/platform.js'
import type { ModelSource } from '../../storage/model-source.js'
import type { LoadedProgram, LoadingOptions, OpenedModel } from '../engine-host.js'
import type { Program } from '../program.js'
import { contextBytes } from './encoder/context-bytes.js'
import type { EngineOptions, LookupTables } from './engine-options.js'
import { WasmExecutable } from './executable.js'
import { splitting } from './lazy-modules.js'
import { MEMORY_LIMIT, WASM_LIMIT } from './limits.js'
import { openEngine } from './open-engine.js'
import type { SplitExecutable } from './split/executable.js'
import type { SplitPlan } from './split/load.js'

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

/** Opens an engine, or as many as the program needs, and streams its weights into them. */
async function loadProgram(
  file: ModelFile,
  program: Program,
  platform: Platform,
  options: LoadingOptions & { engine: EngineOptions },
): Promise<LoadedProgram & { readonly executable: WasmExecutable | SplitExecutable }> {
  const { context, signal, onWarning, onProgress } = options
  const { memoryLimit = MEMORY_LIMIT, memorySize = WASM_LIMIT, ...engineOptions } = options.engine
  const { lookupTables = 'auto' } = engineOptions
  const settings = { ...engineOptions, memoryLimit: Math.min(memoryLimit, memorySize), signal, onWarning }
  const engine = await openEngine(settings, platform, file.tensorBytes)
  const samples = new TensorSamples()
  const loading = {
    signal,
    onWarning,
    onProgress,
    onBytes(tensor: StoredTensor, start: number, bytes: Uint8Array) {
      checkWeights(tensor, start, bytes)
      samples.take(tensor, start, bytes)
    },
  }
  try {
    const reserve = contextBytes(program, context)
    const available = engine.arena.available - reserve
    const fitsWith = (lookupTables: LookupTables) =>
      WasmExecutable.memoryFor(file, program, engine, { available, lookupTables }).bytes <= available
    const loadInOne = async (lookupTables: LookupTables) => {
      const options = { ...loading, reserve, lookupTables }
      return { executable: await WasmExecutable.load(file, program, engine, options), samples }
    }
    if (memoryLimit <= memorySize) return await loadInOne(lookupTables)
    // Tables are rather in another memory than in the file.
    const inOne = lookupTables === 'auto' ? 'memory' : lookupTables
    if (fitsWith(inOne)) return await loadInOne(inOne)
    if (program.draftHead) throw draftHeadInOneMemory(file)
    const { loadSplit, planWithin } = await abortable(splitting.load(), signal)
    let plan: SplitPlan
    try {
      plan = planWithin(file, program, engine, { context, memoryLimit, lookupTables })
    } catch (error) {
      if (lookupTables === 'auto' && fitsWith('auto')) return await loadInOne('auto')
      throw error
    }
    // Where threads were not to be had for the first one, a second attempt would only warn again.
    const like = { ...settings, ...(engine.pool.size === 1 && { threads: 1 }) }
    const openAnother = () => openEngine(like, platform, file.tensorBytes)
    const split = { ...loading, openEngine: openAnother }
    return { executable: await loadSplit(file, program, engine, plan, split), samples }
  } catch (error) {
    void engine.pool.shutDown()
    throw error
  }
}

function draftHeadInOneMemory({ name }: ModelFile): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    `${displayName(name)} does not fit into one memory, and draft heads of models in several memories are not supported`,
    { hint: 'load it without draftHead, or use a smaller quantisation or contextLength' },
  )
}
