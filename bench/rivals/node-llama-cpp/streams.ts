/** node-llama-cpp's public API with several sequences, which its context decodes together. */
import type { Token } from 'node-llama-cpp'
import type { Contestant } from '../../contestants/contestant.js'
import { asInstalled } from './installation.js'
import { Library } from './library.js'

const library = new Library(asInstalled)

export const contestant: Contestant = {
  describe: library.describe,
  load: () => Promise.reject(new Error('for several sequences only')),
  async loadBatched(path, options) {
    const context = await library.loadContext(path, options)
    const sequences = Array.from({ length: context.totalSequences }, () => context.getSequence())
    return {
      async reset() {
        for (const sequence of sequences) await sequence.clearHistory()
      },
      decode: () => Promise.reject(new Error('these sequences choose their ids themselves')),
      async write(first, tokens) {
        await Promise.all(
          first.map(async (id, i) => {
            let written = 0
            // The end of the text is a token like others here.
            const ids = sequences[i].evaluate([id as Token], { temperature: 0, yieldEogToken: true })
            for await (const _ of ids) if (++written === tokens) break
            if (written < tokens) throw new Error(`a text has ${written} of ${tokens} tokens`)
          }),
        )
      },
    }
  },
}
