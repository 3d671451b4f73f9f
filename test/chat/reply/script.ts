import type { CustomStep } from '../../../src/sampling/params.js'
import type { Tokenizer } from '../../../src/tokenizer/tokenizer.js'

/** Makes a model say these texts, one a generation, and end: a step that leaves one token at a time. */
export function saying(tokenizer: Tokenizer, text: string): { samplers: readonly CustomStep[] } {
  const ids = [...tokenizer.encode(`.${text}`, { addSpecial: false }), tokenizer.eosId!]
  // Without what was put before it, so that no space is.
  const skipped = tokenizer.encode('.', { addSpecial: false }).length
  const script = ids.slice(skipped)
  return {
    samplers: [
      (logits, recent) => {
        const id = script[Math.min(recent.length, script.length - 1)]
        logits.fill(Number.NEGATIVE_INFINITY)
        logits[id] = 0
      },
    ],
  }
}
