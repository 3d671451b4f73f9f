/** llama.cpp's sampler chain on the logits of its own last decode, through the addon's call (see addon.ts). */
import { asInstalled } from './installation.js'
import { Library } from './library.js'

/** Options of the addon's `applyConfig`, as far as they are used here. */
export interface RivalSampling {
  readonly temperature: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
  readonly seed?: number
}

interface AddonSampler {
  applyConfig(config: RivalSampling): void
}

interface AddonContext {
  initBatch(tokens: number): void
  addToBatch(sequence: number, position: number, ids: Uint32Array, logitIndexes: Uint32Array): unknown
  decodeBatch(): Promise<void>
  sampleToken(logitIndex: number, sampler: AddonSampler): Promise<number>
}

/** Internals of the package. */
interface Internals {
  readonly _ctx: AddonContext
  readonly model: { readonly _model: object }
  readonly _llama: { readonly _bindings: { readonly AddonSampler: new (model: object) => AddonSampler } }
}

/** Milliseconds of each of `picks` choices after one decode, each including a round trip to another thread. */
export async function timeRivalSampler(
  path: string,
  configs: readonly RivalSampling[],
  picks: number,
): Promise<number[][]> {
  const context = await new Library(asInstalled).loadContext(path, { contextLength: 64, threads: 1 })
  const { _ctx: addon, model, _llama } = context as unknown as Internals
  addon.initBatch(1)
  addon.addToBatch(0, 0, Uint32Array.of(1), Uint32Array.of(0))
  await addon.decodeBatch()
  const times: number[][] = []
  for (const config of configs) {
    const sampler = new _llama._bindings.AddonSampler(model._model)
    sampler.applyConfig({ seed: 1, ...config })
    const own: number[] = []
    for (let pick = 0; pick < picks; pick++) {
      const start = performance.now()
      await addon.sampleToken(0, sampler)
      own.push(performance.now() - start)
    }
    times.push(own)
  }
  await context.model.dispose()
  return times
}
