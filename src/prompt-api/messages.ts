import { isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import type { ChatMessage } from '../index.js'
import { isArray } from '../read-list.js'
import { domException } from './errors.js'

/** A part of a message. Only texts can be read. */
export interface LanguageModelMessageContent {
  /** `text`; others reject with `NotSupportedError`. */
  readonly type: 'text' | 'image' | 'audio'
  /** The text. */
  readonly value: unknown
}

/** A message of a prompt. */
export interface LanguageModelMessage {
  /** Only the first one of a session may be of the system. */
  readonly role: 'system' | 'user' | 'assistant'
  /** A text, or texts that follow each other without a space. */
  readonly content: string | readonly LanguageModelMessageContent[]
  /** Not supported: a reply cannot be begun. */
  readonly prefix?: boolean
}

/** A message of the user, or several messages. */
export type LanguageModelPrompt = string | readonly LanguageModelMessage[]

/**
 * The messages of a prompt, checked. `mayHaveSystem`: whether the first one may be of the system. Throws `TypeError`, and
 * `DOMException`s named `SyntaxError` and `NotSupportedError`.
 */
export function readPrompt(
  input: unknown,
  { mayHaveSystem }: { readonly mayHaveSystem: boolean },
): ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }]
  if (!isArray(input)) {
    throw new TypeError(`a prompt must be a string or an array of messages, not ${describeValue(input)}`)
  }
  return input.map((message, i) =>
    readMessage(message, { isLast: i === input.length - 1, mayHaveSystem: mayHaveSystem && i === 0 }),
  )
}

function readMessage(
  message: unknown,
  { isLast, mayHaveSystem }: { readonly isLast: boolean; readonly mayHaveSystem: boolean },
): ChatMessage {
  const { role, content, prefix = false } = isRecord(message) ? message : {}
  if (role !== 'system' && role !== 'user' && role !== 'assistant') {
    throw new TypeError(`the role of a message must be system, user or assistant, not ${describeValue(role)}`)
  }
  if (role === 'system' && !mayHaveSystem) {
    throw new TypeError('a system message must be the first of the initial prompts')
  }
  if (prefix) {
    if (role !== 'assistant' || !isLast) {
      throw domException('SyntaxError', 'prefix is for the last message, of the assistant')
    }
    throw domException('NotSupportedError', 'a reply cannot be begun with prefix')
  }
  return { role, content: readContent(content) }
}

function readContent(content: unknown): string {
  if (typeof content === 'string') return content
  if (!isArray(content)) {
    throw new TypeError(`the content of a message must be a string or parts, not ${describeValue(content)}`)
  }
  const texts = content.map((part) => {
    const { type, value } = isRecord(part) ? part : {}
    if (type !== 'text') {
      throw domException('NotSupportedError', `parts of type ${describeValue(type)} cannot be read`)
    }
    if (typeof value !== 'string') throw new TypeError(`a text must be a string, not ${describeValue(value)}`)
    return value
  })
  return texts.join('')
}
