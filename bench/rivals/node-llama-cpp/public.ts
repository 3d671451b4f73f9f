/** node-llama-cpp as its users drive it. */
import type { ControlledEvaluateInputItem, Token } from 'node-llama-cpp'
import type { Contestant } from '../../contestants/contestant.js'
import { asInstalled } from './installation.js'
import { Library } from './library.js'

const library = new Library(asInstalled)

/** Asking for a token is what makes llama.cpp compute logits; greedy is the cheapest choice. */
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
