import { DasllamaError } from '../errors.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { systemNotFirst, tooManyMessages } from './failures.js'
import { toValue } from './jinja/convert.js'
import { FROM_TEMPLATE } from './jinja/text.js'

export type Role = 'system' | 'user' | 'assistant' | 'tool'

/** A tool that the model may call. */
export interface ToolDefinition {
  readonly name: string
  readonly description?: string
  /** A JSON schema of an object. */
  readonly parameters?: Readonly<Record<string, unknown>>
}

/** A call of a tool, in an assistant's message. */
export interface ToolCall {
  /** What the result refers to. Some templates want nine letters and digits. */
  readonly id?: string
  readonly name: string
  /** An object, or the JSON text of one. */
  readonly arguments: Readonly<Record<string, unknown>> | string
}

/** Why an assistant's message is not all that it would have become. */
export type CutReason = 'length' | 'context' | 'abort' | 'callback' | 'error'

/**
 * One message of a conversation: plain data, fit for JSON. None of its texts is ever read for control tokens. What a user
 * says is never empty, nor only white space: templates trim it, and a model would answer nothing.
 */
export interface ChatMessage {
  readonly role: Role
  readonly content: string
  /** Assistant: what the model thought before, apart from the content. */
  readonly reasoning?: string
  /** Assistant: tools that it calls. */
  readonly toolCalls?: readonly ToolCall[]
  /** Tool: the call that this is the result of. */
  readonly toolCallId?: string
  /** Tool: its name. */
  readonly name?: string
  /**
   * Assistant: the ids that the model generated, where it did. They are kept as they are, for another way to cut the
   * same text into tokens would be another prompt. In a history that is given, a control token among them makes them
   * count for nothing: then the content is tokenized as text.
   */
  readonly ids?: readonly TokenId[]
  /** Assistant: set where the reply was cut. */
  readonly cut?: CutReason
}

const ROLES: readonly string[] = ['system', 'user', 'assistant', 'tool'] satisfies Role[]
const CUTS: readonly string[] = ['length', 'context', 'abort', 'callback', 'error'] satisfies CutReason[]
/** Messages of a conversation. */
export const MAX_MESSAGES = 10_000

/** Copies of messages that are sure to be a conversation. Throws `INVALID_ARGUMENT`, `LIMIT`. */
export function checkHistory(history: readonly ChatMessage[]): ChatMessage[] {
  if (!Array.isArray(history))
    throw new DasllamaError('INVALID_ARGUMENT', 'history must be an array of messages')
  if (history.length > MAX_MESSAGES) throw tooManyMessages(history.length, MAX_MESSAGES)
  return history.map((message, i) => {
    const checked = checkMessage(message, `history[${i}]`)
    if (checked.role === 'system' && i > 0) throw systemNotFirst(`history[${i}]: `)
    return checked
  })
}

/** A copy of a message that is sure to be one. `where` is for messages. Throws `INVALID_ARGUMENT`. */
export function checkMessage(message: ChatMessage, where: string): ChatMessage {
  const refuse = (what: string) => new DasllamaError('INVALID_ARGUMENT', `${where}: ${what}`)
  if (typeof message !== 'object' || message === null) {
    throw refuse(`a message must be an object, not ${String(message)}`)
  }
  const { role, content, reasoning, toolCalls, toolCallId, name, ids, cut } = message
  if (!ROLES.includes(role)) throw refuse(`role must be one of ${ROLES.join(', ')}, not ${String(role)}`)
  if (typeof content !== 'string') throw refuse(`content must be a string, not ${typeof content}`)
  if (role === 'user' && content.trim() === '') {
    throw new DasllamaError('INVALID_ARGUMENT', `${where}: what the user says must not be empty`, {
      hint: 'say something, or leave the message out',
    })
  }
  for (const [key, value] of Object.entries({ reasoning, toolCallId, name })) {
    if (value !== undefined && typeof value !== 'string') throw refuse(`${key} must be a string`)
  }
  if (cut !== undefined && !CUTS.includes(cut)) throw refuse(`cut must be one of ${CUTS.join(', ')}`)
  if (toolCalls !== undefined && !Array.isArray(toolCalls)) throw refuse('toolCalls must be an array')
  if (ids !== undefined && !(Array.isArray(ids) && ids.every((id) => Number.isInteger(id) && id >= 0))) {
    throw refuse('ids must be an array of token ids')
  }
  const all = {
    role,
    content,
    reasoning,
    toolCalls: toolCalls?.map((call, i) => checkToolCall(call, `${where}.toolCalls[${i}]`)),
    toolCallId,
    name,
    ids: ids && [...ids],
    cut,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as typeof all
}

/** Where the last message of a role is, -1 where there is none. */
export function lastOf(messages: readonly ChatMessage[], role: Role): number {
  return messages.map((message) => message.role).lastIndexOf(role)
}

function checkToolCall(call: ToolCall, where: string): ToolCall {
  const sound =
    typeof call === 'object' &&
    call !== null &&
    typeof call.name === 'string' &&
    (call.id === undefined || typeof call.id === 'string') &&
    (typeof call.arguments === 'string' || isRecord(call.arguments))
  if (!sound) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${where}: a tool call is { id?, name, arguments }, with texts for id and name and an object for arguments`,
    )
  }
  const { id, name, arguments: args } = call
  const copy = { name, arguments: typeof args === 'string' ? args : copied(args, where) }
  checkArguments(copy, where)
  return id === undefined ? copy : { id, ...copy }
}

/** Throws `INVALID_ARGUMENT` for arguments that no template could be given. */
function checkArguments({ name, arguments: args }: ToolCall, where: string): void {
  let object: unknown = args
  let problem = ''
  try {
    if (typeof args === 'string') object = JSON.parse(args)
  } catch (cause) {
    problem = `: ${(cause as Error).message}`
  }
  if (!isRecord(object)) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${where}: the arguments of "${name}" are no JSON object${problem}`,
      { hint: 'give an object or the JSON text of one; {} where there are no arguments' },
    )
  }
  toValue(object, FROM_TEMPLATE, `${where}.arguments`)
}

/** The same as OpenAI's API has it, and chat templates know it: taken wherever tools are. */
export interface FunctionTool {
  readonly type: 'function'
  readonly function: ToolDefinition
}

/** Such tools, copied, in whichever way they are given. Throws `INVALID_ARGUMENT`. */
export function checkTools(tools: readonly (ToolDefinition | FunctionTool)[]): readonly FunctionTool[] {
  if (!Array.isArray(tools)) throw new DasllamaError('INVALID_ARGUMENT', 'tools must be an array')
  return tools.map((tool: unknown, i) => {
    const where = `tools[${i}]`
    const inner = isRecord(tool) && isRecord(tool.function) ? tool.function : tool
    if (!isRecord(inner) || typeof inner.name !== 'string' || inner.name === '') {
      throw new DasllamaError('INVALID_ARGUMENT', `${where} must be { name, description?, parameters? }`)
    }
    const { name, description = '', parameters = { type: 'object', properties: {} }, ...rest } = inner
    if (typeof description !== 'string' || !isRecord(parameters)) {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `${where}: description must be a string, parameters an object`,
      )
    }
    return copied({ type: 'function' as const, function: { name, description, parameters, ...rest } }, where)
  })
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function copied<T>(value: T, where: string): T {
  try {
    return JSON.parse(JSON.stringify(value))
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${where} cannot be written as JSON`, { cause })
  }
}
