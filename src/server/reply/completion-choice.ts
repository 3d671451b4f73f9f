import type { Model } from '../../index.js'
import type { CompletionPart, CompletionToken } from '../service/completions.js'
import { finite } from './token-logprobs.js'

/** A part of a text as an entry of `choices`. `offset`: where it begins in its text. */
export function completionChoice(
  { index, text, tokens, finish }: CompletionPart,
  model: Model,
  { offset, hasLogprobs }: { readonly offset: number; readonly hasLogprobs: boolean },
): object {
  return {
    index,
    text,
    logprobs: hasLogprobs ? completionLogprobs(tokens, model, offset) : null,
    finish_reason: finish ?? null,
  }
}

/** Log-probabilities in the form of OpenAI's completions: lists of the same length. */
function completionLogprobs(tokens: readonly CompletionToken[], model: Model, offset: number): object {
  let at = offset
  const offsets = tokens.map(({ piece }) => {
    const here = at
    at += piece.length
    return here
  })
  return {
    tokens: tokens.map(({ id }) => model.piece(id)),
    token_logprobs: tokens.map(({ logprob }) => (logprob === undefined ? null : finite(logprob))),
    top_logprobs: tokens.map(({ top }) => {
      return top ? Object.fromEntries(top.map(({ id, logprob }) => [model.piece(id), finite(logprob)])) : null
    }),
    text_offset: offsets,
  }
}
