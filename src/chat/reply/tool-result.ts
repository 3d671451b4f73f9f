import { checkOptions } from '../../checks.js'
import { DasllamaError } from '../../errors.js'
import { checkKeys } from '../known-keys.js'
import { CALL_KEYS, type ChatMessage, type ToolCall } from '../message.js'
import type { ReplyFormat } from './format.js'

/**
 * The message with the result of a call: a string is passed unchanged, any other value as JSON, `undefined` as `null`.
 * Mistral's templates insert the content into JSON without escaping, so with that format strings become JSON too. Throws
 * `INVALID_ARGUMENT` for a value that cannot be serialized.
 */
export function toolResult(
  call: Pick<ToolCall, 'id' | 'name'>,
  value: unknown,
  format?: Pick<ReplyFormat, 'tools'>,
): ChatMessage {
  checkOptions(call)
  checkKeys('the call', call, CALL_KEYS)
  if (typeof call.name !== 'string') {
    throw new DasllamaError('INVALID_ARGUMENT', 'the call must have a name')
  }
  const content = typeof value === 'string' && format?.tools !== 'mistral' ? value : asJson(value, call.name)
  const id = call.id === undefined ? {} : { toolCallId: call.id }
  return { role: 'tool', content, ...id, name: call.name }
}

function asJson(value: unknown, name: string): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `the result of ${name} cannot be serialized as JSON`, {
      cause,
    })
  }
}
