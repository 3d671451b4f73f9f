/** What both ways of driving llama.cpp share: the library, a model and one sequence, on the CPU. */
import { getLlama, getModuleVersion, type Llama, type LlamaContext, LlamaLogLevel } from 'node-llama-cpp'
import type { LoadOptions } from '../../contestants/contestant.js'

/** Largest batch that llama-bench gives llama.cpp at once (`n_ubatch`). */
export const BATCH = 512

let library: Promise<Llama> | undefined

/** Opened once: finding and loading the addon is not what loading a model costs. */
function openLibrary(): Promise<Llama> {
  library ??= getLlama({
    gpu: false,
    build: 'never',
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    // No limit for all contexts together: each says how many it wants.
    maxThreads: 0,
  })
  return library
}

export async function describe(): Promise<Record<string, string>> {
  const { llamaCppRelease, buildType, systemInfo } = await openLibrary()
  return {
    'node-llama-cpp': await getModuleVersion(),
    'llama.cpp': `${llamaCppRelease.repo} ${llamaCppRelease.release}, ${buildType}`,
    // llama.cpp prints "CPU : SSE3 = 1 | AVX2 = 1 | …".
    'using the instructions': Array.from(systemInfo.matchAll(/(\w+) = 1/g), ([, name]) => name).join(' '),
  }
}

export async function loadContext(path: string, options: LoadOptions): Promise<LlamaContext> {
  const { contextLength, threads } = options
  const model = await (await openLibrary()).loadModel({ modelPath: path, gpuLayers: 0 })
  return model.createContext({ contextSize: contextLength, batchSize: BATCH, sequences: 1, threads })
}
