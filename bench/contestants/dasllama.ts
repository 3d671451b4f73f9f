/** This package as published: dist/, through its public API. */
import { embed, loadModel, type Model, VERSION } from 'dasllama'
import { hasRelaxedSimd } from '../../src/backend/wasm/relaxed-simd.js'
import type { Contestant, Sequence } from './contestant.js'

export const contestant: Contestant = {
  async describe() {
    return { dasllama: VERSION, 'relaxed SIMD': hasRelaxedSimd() ? 'yes' : 'no' }
  },

  async load(source, { contextLength, threads, kernels }) {
    const model = await loadModel(source, { contextLength, threads, kernels })
    if (model.kind === 'encoder') return textsOf(model)
    const session = model.createSession()
    return {
      async rewind(length) {
        await session.rewind(session.position - length)
      },
      prefill: (ids) => session.eval(ids),
      async decode(ids) {
        for (const id of ids) await session.eval([id])
      },
      memoryBytes: () => model.memoryBytes,
    }
  },

  async loadBatched(source, { sequences, contextLength, threads, kernels }) {
    const model = await loadModel(source, { contextLength, threads, kernels })
    const sessions = Array.from({ length: sequences }, () => model.createSession())
    return {
      async reset() {
        for (const session of sessions) await session.reset()
      },
      async decode(ids) {
        await model.evalBatch(ids.map((id, i) => ({ session: sessions[i], ids: [id] })))
      },
      logits: (sequence) => sessions[sequence].logits(),
    }
  },
}

/** An encoder: a prompt is a text that is embedded; nothing is generated. */
function textsOf(model: Model): Sequence {
  return {
    async rewind() {},
    async prefill(ids) {
      await embed(model, ids)
    },
    decode: () => Promise.reject(new Error('an encoder generates nothing')),
    memoryBytes: () => model.memoryBytes,
  }
}
