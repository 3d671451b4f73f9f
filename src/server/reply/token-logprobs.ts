import type { GeneratedToken, Model, TokenId, TokenLogprobs } from '../../index.js'

/** Stands for the logarithm of 0, which JSON lacks; OpenAI's API uses it too. */
const NEVER = -9999

/** Log-probabilities of the model, before the sampling chain, in the form of OpenAI's chats. */
export function chatLogprobs(
  tokens: readonly GeneratedToken[],
  model: Model,
): { readonly content: readonly object[]; readonly refusal: null } {
  return {
    content: tokens.flatMap(({ id, logprobs }) => {
      return logprobs ? [tokenLogprob({ id, ...logprobs.before }, model)] : []
    }),
    refusal: null,
  }
}

/** A token with the likeliest alternatives. */
export function tokenLogprob(
  { id, logprob, top }: { readonly id: TokenId } & TokenLogprobs['before'],
  model: Model,
): object {
  const entry = (id: TokenId, logprob: number) => ({
    token: model.piece(id),
    logprob: finite(logprob),
    bytes: Array.from(model.tokenizer.pieceBytes(id)),
  })
  return { ...entry(id, logprob), top_logprobs: top.map((one) => entry(one.id, one.logprob)) }
}

export function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : NEVER
}
