import { type ChatMessage, lastOf, type ToolCall } from './message.js'

/** The fields by which a result refers to the first of the latest calls without a result; empty if there is none. */
export function openCall(messages: readonly ChatMessage[]): Pick<ChatMessage, 'toolCallId' | 'name'> {
  const at = lastOf(messages, 'assistant')
  const results = messages.slice(at + 1).filter(({ role }) => role === 'tool')
  const answered = new Set(results.map(({ toolCallId }) => toolCallId))
  // Calls without ids have their results in order.
  let nameless = results.filter(({ toolCallId }) => toolCallId === undefined).length
  const isOpen = ({ id }: ToolCall) => (id === undefined ? nameless-- === 0 : !answered.has(id))
  const call = messages[at]?.toolCalls?.find(isOpen)
  if (!call) return {}
  return call.id === undefined ? { name: call.name } : { toolCallId: call.id, name: call.name }
}
