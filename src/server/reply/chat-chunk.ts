import type { Model } from '../../index.js'
import type { CallPart, ReplyPart } from '../service/replies.js'
import { chatLogprobs } from './token-logprobs.js'

/** The entries of `choices` that a part of a reply is sent as, each in a chunk of its own. */
export function* chunkChoices(
  part: ReplyPart,
  model: Model,
  { hasLogprobs }: { readonly hasLogprobs: boolean },
): Generator<object> {
  const { index, reasoning, content, calls, tokens, isFirst, finish } = part
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
  const isEmpty = ({ begins, argumentsText }: CallPart) => !begins && argumentsText === ''
  for (const call of calls) if (!isEmpty(call)) yield choice({ tool_calls: [callDelta(call)] })
  if (finish !== undefined) yield choice({}, { finish_reason: finish })
}

function callDelta({ index, begins, argumentsText }: CallPart): object {
  if (!begins) return { index, function: { arguments: argumentsText } }
  return { index, id: begins.id, type: 'function', function: { name: begins.name, arguments: argumentsText } }
}
