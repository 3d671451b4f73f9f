import type { CustomStep } from '../../../src/sampling/index.js'
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.js'

/** Makes a model generate this text and then end, by a sampling step that keeps one candidate. */
export function forceText(tokenizer: Tokenizer, text: string): { samplers: readonly CustomStep[] } {
  const ids = [...tokenizer.encode(`.${text}`, { addSpecial: false }), tokenizer.eosId!]
  // Encoded after a full stop, which is removed again, so that no leading space is added.
  const skipped = tokenizer.encode('.', { addSpecial: false }).length
  const script = ids.slice(skipped)
  const decoder = tokenizer.createDecoder()
  const said = script.slice(0, -1).map((id) => decoder.push(id))
  if (said.join('') !== text) throw new Error(`the vocabulary cannot spell ${text}`)
  return {
    samplers: [
      (candidates) => {
        candidates.keep([script[Math.min(candidates.previousTokens.length, script.length - 1)]])
      },
    ],
  }
}
