/** This package as published: sessions that generate at the same time, each with its own sampling and text. */
import { loadModel } from 'dasllama'
import type { Contestant } from '../contestants/contestant.js'
import { contestant as evaluating } from '../contestants/dasllama.js'

export const contestant: Contestant = {
  ...evaluating,
  async loadBatched(source, { sequences, contextLength, threads, kernels }) {
    const model = await loadModel(source, { contextLength, threads, kernels })
    const sessions = Array.from({ length: sequences }, () => model.createSession())
    return {
      async reset() {
        for (const session of sessions) await session.reset()
      },
      decode: () => Promise.reject(new Error('these sequences choose their ids themselves')),
      async write(first, tokens) {
        const texts = first.map((id, i) =>
          sessions[i].generate([id], { maxTokens: tokens, ignoreEos: true }).result(),
        )
        for (const { ids } of await Promise.all(texts)) {
          if (ids.length !== tokens) throw new Error(`a text has ${ids.length} of ${tokens} tokens`)
        }
      },
    }
  },
}
