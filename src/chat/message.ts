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
import { copied } from './plain-data.js'

/** Who says a message; a tool says what a call of it has given. */
export type Role = 'system' | 'user' | 'assistant' | 'tool'

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

/** A message as a caller may give it: its content may come in parts, which become one text. */
export type MessageInput = Omit<ChatMessage, 'content'> & { readonly content: Content }

const ROLES: readonly string[] = ['system', 'user', 'assistant', 'tool'] satisfies Role[]
const CUTS: readonly string[] = ['length', 'context', 'abort', 'callback', 'error'] satisfies CutReason[]

/** Keys that only one role has. */
const KEYS_OF_ROLES: Readonly<Partial<Record<Role, readonly (keyof ChatMessage)[]>>> = {
  assistant: ['reasoning', 'toolCalls', 'ids', 'cut'],
  tool: ['toolCallId', 'name'],
}
/** Names that other APIs have for them. */
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
  // A call that a reply was read from has `raw`, which says nothing new.
  keys: ['id', 'name', 'arguments', 'raw'],
  aliases: {
    function: 'its name and arguments stand beside the id: { id, name, arguments }',
    type: 'a call is { id, name, arguments }',
    args: 'arguments',
    input: 'arguments',
    parameters: 'arguments',
    toolName: 'name',
    toolCallId: 'id',
  },
}
/** Messages of a conversation. */
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

/** Copies of messages that are sure to be a conversation. Throws `INVALID_ARGUMENT`, `LIMIT`. */
export function checkHistory(history: readonly MessageInput[]): ChatMessage[] {
  if (!isArray(history)) throw new DasllamaError('INVALID_ARGUMENT', 'history must be an array of messages')
  return readList('history', history, (message, i) => {
    if (i >= MAX_MESSAGES) throw tooManyMessages(history.length, MAX_MESSAGES)
    const checked = checkMessage(message as MessageInput, `history[${i}]`)
    if (checked.role === 'system' && i > 0) throw systemNotFirst(`history[${i}]: `)
    return checked
  })
}

/** The messages that a chat begins with. Throws what `checkHistory` throws, and for two system messages. */
export function openingMessages(
  system: MessageInput['content'] | undefined,
  history: readonly MessageInput[],
): ChatMessage[] {
  const messages = checkHistory(history)
  if (system === undefined) return messages
  if (messages[0]?.role === 'system') {
    throw new DasllamaError('INVALID_ARGUMENT', 'system is given, and history begins with a system message')
  }
  return [checkMessage({ role: 'system', content: system }, 'system'), ...messages]
}

/** A copy of a message that is sure to be one. `where` is for messages. Throws `INVALID_ARGUMENT`. */
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
    throw new DasllamaError('INVALID_ARGUMENT', `${where}: what the user says must not be empty`, {
      hint: 'say something, or leave the message out',
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
  const hint = meant && `such messages have the role ${meant} here`
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `${where}: role must be one of ${ROLES.join(', ')}, not ${describeValue(role)}`,
    { hint },
  )
}

/** Where the last message of a role is, -1 where there is none. */
export function lastOf(messages: readonly ChatMessage[], role: Role): number {
  return messages.map((message) => message.role).lastIndexOf(role)
}

function checkToolCall(given: unknown, where: string): ToolCall {
  const call = isRecord(given) ? readOptions(where, given as unknown as ToolCall) : undefined
  if (call) checkKeys(where, call, CALL_KEYS)
  const sound =
    call !== undefined &&
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
