import { freeingMemory } from '../../serving/freeing-memory.js'
import type { ServedModel } from './models.js'

/**
 * Embeds or ranks texts, which are evaluated one after the other, as soon as there is memory for the longest, of `tokens` tokens. Rejects
 * with what `work` rejects with, or the signal's reason.
 */
export async function embedding<T>(
  served: ServedModel,
  tokens: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const admitted = await served.admit({ prompt: tokens, reply: 0, count: 1 }, signal)
  try {
    const results = freeingMemory(served, async function* () {
      yield await work()
    })
    for await (const result of results) return result
    throw new Error('nothing was embedded')
  } finally {
    admitted.leave()
  }
}

/** The length of the longest text. */
export function longestOf(texts: readonly ArrayLike<unknown>[]): number {
  return texts.reduce((longest, { length }) => Math.max(longest, length), 0)
}
