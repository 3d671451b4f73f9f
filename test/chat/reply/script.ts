import type { CustomStep } from '../../../src/sampling/index.js'
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.js'

/** Makes a model say this text and end: a step that leaves one token at a time. */
export function saying(tokenizer: Tokenizer, text: string): { samplers: readonly CustomStep[] } {
  const ids = [...tokenizer.encode(`.${text}`, { addSpecial: false }), tokenizer.eosId!]
  // Without what was put before it, so that no space is.
  const skipped = tokenizer.encode('.', { addSpecial: false }).length
  const script = ids.slice(skipped)
  const decoder = tokenizer.createDecoder()
  const said = script.slice(0, -1).map((id) => decoder.push(id))
  if (said.join('') !== text) throw new Error(`the vocabulary cannot say ${text} by itself`)
  return {
    samplers: [
      (candidates) => {
        candidates.keep([script[Math.min(candidates.previousTokens.length, script.length - 1)]])
      },
    ],
  }
}
