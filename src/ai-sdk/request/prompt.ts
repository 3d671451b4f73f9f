import { describeValue } from '../../describe.js'
import { type ChatMessage, DasllamaError, type ToolCall } from '../../index.js'
import { isArray } from '../../read-list.js'
import type { Messages } from '../../serving/chats.js'
import { unsupported } from '../errors.js'
import type { PromptMessage, PromptPart, ToolOutput, Warning } from '../specification.js'
import { textOfFile } from './files.js'

/**
 * The messages of a prompt. System messages become one at the beginning, because templates accept no other. Adds to `warnings`
 * what is left out. Throws `UNSUPPORTED` for files that are not texts, and `INVALID_ARGUMENT`.
 */
export function messagesOf(prompt: readonly PromptMessage[], warnings: Warning[]): Messages {
  if (!isArray(prompt)) {
    throw new DasllamaError('INVALID_ARGUMENT', `prompt must be an array, not ${describeValue(prompt)}`)
  }
  const system: string[] = []
  const rest: ChatMessage[] = []
  for (const message of prompt) {
    switch (message.role) {
      case 'system':
        system.push(message.content)
        break
      case 'user':
        rest.push({ role: 'user', content: userText(message.content) })
        break
      case 'assistant':
        rest.push(...assistantMessages(message.content, warnings))
        break
      case 'tool':
        rest.push(...resultsIn(message.content, warnings))
        break
      default:
        throw new DasllamaError(
          'INVALID_ARGUMENT',
          `there is no role ${describeValue((message as { role: unknown }).role)}`,
        )
    }
  }
  return system.length === 0 ? rest : [{ role: 'system', content: system.join('\n\n') }, ...rest]
}

function userText(parts: readonly PromptPart[]): string {
  const texts = parts.map((part) => {
    if (part.type === 'text') return part.text ?? ''
    if (part.type === 'file') return textOfFile(part)
    throw unsupported(`${part.type} parts`, `parts of type ${describeValue(part.type)} cannot be read`)
  })
  return texts.join('\n')
}

/** The message, and the results that a provider's own tools have added to it. */
function assistantMessages(parts: readonly PromptPart[], warnings: Warning[]): ChatMessage[] {
  let content = ''
  let reasoning = ''
  const toolCalls: ToolCall[] = []
  for (const part of parts) {
    if (part.type === 'text') content += part.text ?? ''
    else if (part.type === 'reasoning') reasoning += part.text ?? ''
    else if (part.type === 'tool-call') toolCalls.push(callOf(part))
    else if (part.type === 'file') content += textOfFile(part)
    else if (part.type !== 'tool-result') {
      warnings.push({ type: 'other', message: `a part of type ${part.type} of an assistant was left out` })
    }
  }
  const message: ChatMessage = {
    role: 'assistant',
    content,
    ...(reasoning !== '' && { reasoning }),
    ...(toolCalls.length > 0 && { toolCalls }),
  }
  return [message, ...resultsIn(parts, warnings)]
}

function callOf({ toolCallId, toolName = '', input }: PromptPart): ToolCall {
  const isObject = typeof input === 'object' && input !== null && !isArray(input)
  // A call that the SDK found invalid has its text or whatever it was parsed to.
  const given = isObject ? (input as Record<string, unknown>) : input == null ? {} : { input }
  return { id: toolCallId, name: toolName, arguments: given }
}

/** The results among the parts; answers to requests for approval are not for the model. */
function resultsIn(parts: readonly PromptPart[], warnings: Warning[]): ChatMessage[] {
  return parts
    .filter(({ type }) => type === 'tool-result')
    .map(({ toolCallId, toolName, output }) => ({
      role: 'tool',
      content: outputText(output, warnings),
      toolCallId,
      name: toolName,
    }))
}

function outputText(output: ToolOutput | undefined, warnings: Warning[]): string {
  switch (output?.type) {
    case 'text':
    case 'error-text':
      return String(output.value)
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value) ?? 'null'
    case 'execution-denied':
      return output.reason ?? 'The execution of the tool was denied.'
    case 'content':
      return contentText(output.value, warnings)
    default:
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `the output of a tool cannot be of type ${describeValue(output?.type)}`,
      )
  }
}

function contentText(parts: unknown, warnings: Warning[]): string {
  const texts: string[] = []
  for (const part of isArray(parts) ? (parts as readonly PromptPart[]) : []) {
    if (part.type === 'text') texts.push(part.text ?? '')
    else {
      warnings.push({
        type: 'unsupported',
        feature: `tool results of type ${part.type}`,
        details: 'the model reads text only; the part was left out',
      })
    }
  }
  return texts.join('\n')
}
