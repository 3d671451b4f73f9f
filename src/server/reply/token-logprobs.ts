import type { GeneratedToken, Model } from '../../index.js'

/** Stands for the logarithm of 0, which JSON lacks; OpenAI's API uses it too. */
const NEVER = -9999

/** Log-probabilities of the model, before the sampling chain, in the form of OpenAI's chats. */
export function chatLogprobs(
  tokens: readonly GeneratedToken[],
  model: Model,
): { readonly content: readonly object[]; readonly refusal: null } {
  const entry = (id: number, logprob: number) => ({
    token: model.piece(id),
    logprob: finite(logprob),
    bytes: Array.from(model.tokenizer.pieceBytes(id)),
  })
  return {
    content: tokens.flatMap(({ id, logprobs }) => {
      if (!logprobs) return []
      const { logprob, top } = logprobs.before
      return [{ ...entry(id, logprob), top_logprobs: top.map((one) => entry(one.id, one.logprob)) }]
    }),
    refusal: null,
  }
}

export function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : NEVER
}
