import type { Model } from '../../index.js'
import type { WrittenCall } from '../service/forced-call.js'
import type { ReplyPart } from '../service/replies.js'
import { chatLogprobs } from './token-logprobs.js'

/** The entries of `choices` that a part of a reply is sent as, each in a chunk of its own. */
export function* chunkChoices(
  part: ReplyPart,
  model: Model,
  { hasLogprobs }: { readonly hasLogprobs: boolean },
): Generator<object> {
  const { index, reasoning, content, toolCalls, firstCall, tokens, isFirst, finish } = part
  const choice = (delta: object, more: object = {}) => ({
    index,
    delta,
    logprobs: null,
    finish_reason: null,
    ...more,
  })
  if (isFirst) yield choice({ role: 'assistant', content: '' })
  if (reasoning !== '') yield choice({ reasoning_content: reasoning })
  if (content !== '') {
    yield choice({ content }, hasLogprobs ? { logprobs: chatLogprobs(tokens, model) } : {})
  }
  for (const [i, call] of toolCalls.entries()) {
    yield choice({ tool_calls: [{ index: firstCall + i, ...callOf(call) }] })
  }
  if (finish !== undefined) yield choice({}, { finish_reason: finish })
}

/** A call in the form of OpenAI's API. */
export function callOf({ id, name, argumentsText }: WrittenCall): object {
  return { id, type: 'function', function: { name, arguments: argumentsText } }
}
