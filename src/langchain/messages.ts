import type { BaseMessage } from '@langchain/core/messages'
import { describeValue } from '../describe.js'
import { type ChatMessage, DasllamaError, type ToolCall } from '../index.js'
import { isArray } from '../read-list.js'
import type { Messages } from '../serving/chats.js'

/**
 * LangChain's messages as the library's. System messages become one at the beginning, because templates accept no other. Throws
 * `UNSUPPORTED` for contents that are not text, and `INVALID_ARGUMENT` for messages of other roles.
 */
export function messagesOf(messages: readonly BaseMessage[]): Messages {
  const system: string[] = []
  const rest: ChatMessage[] = []
  for (const [i, message] of messages.entries()) {
    const where = `messages[${i}]`
    const { text, reasoning } = contentOf(message, where)
    const type = roleOf(message)
    if (type === 'system' || type === 'developer') system.push(text)
    else if (type === 'human' || type === 'user') rest.push({ role: 'user', content: text })
    else if (type === 'ai' || type === 'assistant') rest.push(assistant(message, text, reasoning))
    else if (type === 'tool') rest.push(result(message, text))
    else {
      throw new DasllamaError('INVALID_ARGUMENT', `${where}: there is no role ${describeValue(type)}`, {
        hint: 'roles are system, human, ai and tool',
      })
    }
  }
  return system.length === 0 ? rest : [{ role: 'system', content: system.join('\n\n') }, ...rest]
}

/** The type of a message; of one with a role of its own, that. */
function roleOf(message: BaseMessage): string {
  const { type } = message
  return type === 'generic' && 'role' in message ? String(message.role) : type
}

function assistant(message: BaseMessage, content: string, reasoning: string): ChatMessage {
  const given = 'tool_calls' in message && isArray(message.tool_calls) ? message.tool_calls : []
  const toolCalls = (given as { id?: string; name: string; args: Record<string, unknown> }[]).map(
    ({ id, name, args }): ToolCall => ({ id, name, arguments: args }),
  )
  const kept = message.additional_kwargs?.reasoning_content
  const thoughts = reasoning === '' && typeof kept === 'string' ? kept : reasoning
  return {
    role: 'assistant',
    content,
    ...(thoughts !== '' && { reasoning: thoughts }),
    ...(toolCalls.length > 0 && { toolCalls }),
  }
}

function result(message: BaseMessage, content: string): ChatMessage {
  const id = 'tool_call_id' in message ? message.tool_call_id : undefined
  return {
    role: 'tool',
    content,
    ...(typeof id === 'string' && { toolCallId: id }),
    ...(message.name !== undefined && { name: message.name }),
  }
}

/** Blocks that repeat what a message has elsewhere. */
const REPEATED = ['tool_use', 'tool_call', 'tool_call_chunk']

function contentOf(message: BaseMessage, where: string): { text: string; reasoning: string } {
  const { content } = message
  if (typeof content === 'string') return { text: content, reasoning: '' }
  const texts: string[] = []
  let reasoning = ''
  for (const block of content as readonly (string | Record<string, unknown>)[]) {
    if (typeof block === 'string') texts.push(block)
    else if (block.type === 'text') texts.push(String(block.text))
    else if (block.type === 'reasoning') reasoning += String(block.reasoning ?? '')
    else if (!REPEATED.includes(String(block.type))) {
      throw new DasllamaError(
        'UNSUPPORTED',
        `${where}: the model reads text only, not blocks of type ${describeValue(block.type)}`,
      )
    }
  }
  return { text: texts.join('\n'), reasoning }
}
