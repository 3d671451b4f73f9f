/** This package as it ships: dist/, through its public API. */
import { loadModel, VERSION } from 'dasllama'
import type { Contestant } from './contestant.js'

export const contestant: Contestant = {
  async describe() {
    return { dasllama: VERSION }
  },

  async load(path, { contextLength, threads }) {
    if (threads !== 1) throw new Error(`dasllama runs on one thread, not ${threads}`)
    const model = await loadModel(path, { contextLength })
    const session = model.createSession()
    return {
      async reset() {
        session.reset()
      },
      prefill: (ids) => session.eval(ids),
      async decode(ids) {
        for (const id of ids) await session.eval([id])
      },
      memoryBytes: () => model.memoryBytes,
    }
  },
}
