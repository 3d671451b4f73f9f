/** Shared by all contestants that use llama.cpp: the library, a model and one sequence, on the CPU. */
import type { Llama, LlamaContext, LlamaModel } from 'node-llama-cpp'
import type { Contestant, LoadOptions } from '../../contestants/contestant.js'
import type { ImportLibrary } from './installation.js'

/** Largest batch that llama-bench gives llama.cpp at once (`n_ubatch`). */
export const BATCH = 512

/** Whether a model generates nothing: those of the bench are BERTs. */
export function isEncoder({ fileInfo }: LlamaModel): boolean {
  return fileInfo.metadata.general.architecture === ('bert' as string)
}

/** Opened once: finding and loading the addon is not part of loading a model. */
export class Library {
  readonly #import: ImportLibrary
  #llama: Promise<Llama> | undefined

  constructor(importLibrary: ImportLibrary) {
    this.#import = importLibrary
  }

  readonly describe: Contestant['describe'] = async () => {
    const { getModuleVersion } = await this.#import()
    const { llamaCppRelease, buildType, systemInfo } = await this.#open()
    return {
      'node-llama-cpp': await getModuleVersion(),
      'llama.cpp': `${llamaCppRelease.repo} ${llamaCppRelease.release}, ${buildType}`,
      // llama.cpp prints "CPU : SSE3 = 1 | AVX2 = 1 | …".
      'using the instructions': Array.from(systemInfo.matchAll(/(\w+) = 1/g), ([, name]) => name).join(' '),
    }
  }

  /** `sequences` have room for `contextLength` tokens each. */
  async loadContext(
    path: string,
    { contextLength, threads, sequences = 1 }: LoadOptions & { readonly sequences?: number },
  ): Promise<LlamaContext> {
    const model = await (await this.#open()).loadModel({ modelPath: path, gpuLayers: 0 })
    const options = { contextSize: contextLength, batchSize: BATCH, sequences, threads }
    // As node-llama-cpp's own embedding context does.
    return model.createContext(isEncoder(model) ? ({ ...options, _embeddings: true } as object) : options)
  }

  #open(): Promise<Llama> {
    this.#llama ??= this.#import().then(({ getLlama, LlamaLogLevel }) =>
      getLlama({
        gpu: false,
        build: 'never',
        progressLogs: false,
        logLevel: LlamaLogLevel.error,
        // No limit for all contexts together: each sets its own number.
        maxThreads: 0,
      }),
    )
    return this.#llama
  }
}
