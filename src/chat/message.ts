import { checkOneOf, checkString, isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isArray, readList, readOptions } from '../read-list.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { type Content, contentText } from './content.js'
import { systemNotFirst, tooManyMessages } from './failures.js'
import { toValue } from './jinja/convert.js'
import { FROM_TEMPLATE } from './jinja/text.js'
import { checkKeys, type KnownKeys } from './known-keys.js'
import { jsonCopy } from './plain-data.js'

/** The author of a message; a message of a tool is the result of a call. */
export type Role = 'system' | 'user' | 'assistant' | 'tool'

/** A call of a tool, in an assistant's message. */
export interface ToolCall {
  /** The result refers to it. Some templates require nine letters and digits. */
  readonly id?: string
  /** The tool's name. */
  readonly name: string
  /** An object, or the JSON text of one. */
  readonly arguments: Readonly<Record<string, unknown>> | string
}

/** Why an assistant's message is incomplete. */
export type CutReason = 'length' | 'context' | 'abort' | 'callback' | 'error'

/**
 * One message of a conversation: plain data for JSON. None of its texts is ever parsed for control tokens. The content of a
 * user is never empty or only white space: templates trim it, and the model would have nothing to answer.
 */
export interface ChatMessage {
  /** Who speaks. Only the first message may be of the system. */
  readonly role: Role
  /** The text. */
  readonly content: string
  /** Assistant: the model's reasoning, which is not part of the content. */
  readonly reasoning?: string
  /** Assistant: the tool calls. */
  readonly toolCalls?: readonly ToolCall[]
  /** Tool: the id of the call whose result this is. */
  readonly toolCallId?: string
  /** Tool: the name of the tool. */
  readonly name?: string
  /**
   * Assistant: the ids, if the model generated the message. They are kept because tokenizing the same text again may give
   * other ids, and so a different prompt. In a history passed by the caller, they are ignored if a control token is among
   * them, and the content is tokenized as text.
   */
  readonly ids?: readonly TokenId[]
  /** Assistant: set if the reply was cut. */
  readonly cut?: CutReason
}

/** A message as callers pass it: its content may be a list of parts, which become one string. */
export type MessageInput = Omit<ChatMessage, 'content'> & { readonly content: Content }

const ROLES: readonly string[] = ['system', 'user', 'assistant', 'tool'] satisfies Role[]
const CUTS: readonly string[] = ['length', 'context', 'abort', 'callback', 'error'] satisfies CutReason[]

/** Keys that only one role has. */
const KEYS_OF_ROLES: Readonly<Partial<Record<Role, readonly (keyof ChatMessage)[]>>> = {
  assistant: ['reasoning', 'toolCalls', 'ids', 'cut'],
  tool: ['toolCallId', 'name'],
}
/** Names for them in other APIs. */
export const MESSAGE_ALIASES = {
  tool_calls: 'toolCalls',
  function_call: 'toolCalls',
  reasoning_content: 'reasoning',
  reasoning_text: 'reasoning',
  thinking: 'reasoning',
  thoughts: 'reasoning',
  tool_call_id: 'toolCallId',
  tool_name: 'name',
  text: 'content',
  parts: 'content',
}
const MESSAGE_KEYS = new Map(ROLES.map((role) => [role, keysOf(role)]))
/** @internal */
export const CALL_KEYS: KnownKeys = {
  // Calls parsed from a reply have `raw`, which is ignored here.
  keys: ['id', 'name', 'arguments', 'raw'],
  aliases: {
    function: 'name and arguments are on the same level as id: { id, name, arguments }',
    type: 'a call is { id, name, arguments }',
    args: 'arguments',
    input: 'arguments',
    parameters: 'arguments',
    toolName: 'name',
    toolCallId: 'id',
  },
}
/** Limit on the messages of a conversation. */
export const MAX_MESSAGES = 10_000

function keysOf(role: string): KnownKeys {
  const elsewhere = Object.entries(KEYS_OF_ROLES)
    .filter(([other]) => other !== role)
    .flatMap(([other, keys]) => keys.map((key) => [key, `messages of role ${other}`]))
  return {
    keys: ['role', 'content', ...(KEYS_OF_ROLES[role as Role] ?? [])],
    aliases: MESSAGE_ALIASES,
    elsewhere: Object.fromEntries(elsewhere),
  }
}

/** Validates a history and returns copies of its messages. Throws `INVALID_ARGUMENT`, `LIMIT`. */
export function checkHistory(history: readonly MessageInput[]): ChatMessage[] {
  if (!isArray(history)) throw new DasllamaError('INVALID_ARGUMENT', 'history must be an array of messages')
  return readList('history', history, (message, i) => {
    if (i >= MAX_MESSAGES) throw tooManyMessages(history.length, MAX_MESSAGES)
    const checked = checkMessage(message as MessageInput, `history[${i}]`)
    if (checked.role === 'system' && i > 0) throw systemNotFirst(`history[${i}]: `)
    return checked
  })
}

/** The messages that a chat begins with. Throws what `checkHistory` throws, and `INVALID_ARGUMENT` for two system messages. */
export function openingMessages(
  system: MessageInput['content'] | undefined,
  history: readonly MessageInput[],
): ChatMessage[] {
  const messages = checkHistory(history)
  if (system === undefined) return messages
  if (messages[0]?.role === 'system') {
    throw new DasllamaError('INVALID_ARGUMENT', 'system is set, but history begins with a system message')
  }
  return [checkMessage({ role: 'system', content: system }, 'system'), ...messages]
}

/** Validates a message and returns a copy. `where` is for error messages. Throws `INVALID_ARGUMENT`. */
export function checkMessage(message: MessageInput, where: string): ChatMessage {
  const refuse = (what: string) => new DasllamaError('INVALID_ARGUMENT', `${where}: ${what}`)
  if (typeof message !== 'object' || message === null) {
    throw refuse(`a message must be an object, not ${describeValue(message)}`)
  }
  const given = readOptions(where, message)
  const { role, reasoning, toolCalls, toolCallId, name, ids, cut } = given
  const known = MESSAGE_KEYS.get(role)
  if (!known) throw roleProblem(role, where)
  checkKeys(where, given, known)
  const content = contentText(given.content, `${where}.content`)
  if (role === 'user' && content.trim() === '') {
    throw new DasllamaError('INVALID_ARGUMENT', `${where}: the content of a user message must not be empty`, {
      hint: 'add some text, or leave the message out',
    })
  }
  for (const [key, value] of Object.entries({ reasoning, toolCallId, name })) {
    if (value !== undefined) checkString(`${where}: ${key}`, value)
  }
  if (cut !== undefined) checkOneOf(`${where}: cut`, cut, CUTS)
  if (toolCalls !== undefined && !isArray(toolCalls)) throw refuse('toolCalls must be an array')
  if (ids !== undefined && !isArray(ids)) throw refuse('ids must be an array of token ids')
  const checkId = (id: unknown): TokenId => {
    if (Number.isInteger(id) && (id as TokenId) >= 0) return id as TokenId
    throw refuse('ids must be an array of token ids')
  }
  const all = {
    role,
    content,
    reasoning,
    toolCalls:
      toolCalls &&
      readList(`${where}: toolCalls`, toolCalls, (call, i) =>
        checkToolCall(call, `${where}.toolCalls[${i}]`),
      ),
    toolCallId,
    name,
    ids: ids && readList(`${where}: ids`, ids, checkId),
    cut,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as typeof all
}

function roleProblem(role: unknown, where: string): DasllamaError {
  const meant = role === 'developer' ? 'system' : role === 'function' ? 'tool' : undefined
  const hint = meant && `use the role ${meant} instead`
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `${where}: role must be one of ${ROLES.join(', ')}, not ${describeValue(role)}`,
    { hint },
  )
}

/** The index of the last message of a role, or -1. */
export function lastOf(messages: readonly ChatMessage[], role: Role): number {
  return messages.map((message) => message.role).lastIndexOf(role)
}

function checkToolCall(given: unknown, where: string): ToolCall {
  const call = isRecord(given) ? readOptions(where, given as unknown as ToolCall) : undefined
  if (call) checkKeys(where, call, CALL_KEYS)
  const isValid =
    call !== undefined &&
    typeof call.name === 'string' &&
    (call.id === undefined || typeof call.id === 'string') &&
    (typeof call.arguments === 'string' || isRecord(call.arguments))
  if (!isValid) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${where}: a tool call is { id?, name, arguments }, where id and name are strings and arguments is an object`,
    )
  }
  const { id, name, arguments: args } = call
  const copy = { name, arguments: typeof args === 'string' ? args : jsonCopy(args, where) }
  checkArguments(copy, where)
  return id === undefined ? copy : { id, ...copy }
}

/** Throws `INVALID_ARGUMENT` for arguments that cannot be passed to a template. */
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
      `${where}: the arguments of "${name}" are not a JSON object${problem}`,
      { hint: 'pass an object or its JSON text; use {} for no arguments' },
    )
  }
  toValue(object, FROM_TEMPLATE, `${where}.arguments`)
}
