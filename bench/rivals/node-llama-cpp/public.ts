/** node-llama-cpp's public API. */
import type { ControlledEvaluateInputItem, Token } from 'node-llama-cpp'
import type { Contestant } from '../../contestants/contestant.js'
import { asInstalled } from './installation.js'
import { Library } from './library.js'

const library = new Library(asInstalled)

/** llama.cpp computes logits only if a token is requested; greedy sampling is the cheapest. */
function withLogits(id: number): ControlledEvaluateInputItem {
  return [id as Token, { generateNext: { token: true, options: { temperature: 0 } } }]
}

export const contestant: Contestant = {
  describe: library.describe,

  async load(path, options) {
    const context = await library.loadContext(path, options)
    const sequence = context.getSequence()
    return {
      async rewind(length) {
        await sequence.eraseContextTokenRanges([{ start: length, end: sequence.nextTokenIndex }])
      },
      async prefill(ids) {
        const last = ids.length - 1
        await sequence.controlledEvaluate(
          ids.map((id, index) => (index === last ? withLogits(id) : (id as Token))),
        )
      },
      async decode(ids) {
        for (const id of ids) await sequence.controlledEvaluate([withLogits(id)])
      },
    }
  },
}
