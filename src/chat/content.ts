import { checkString } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isArray, readList, readOptions } from '../read-list.js'
import { checkKeys } from './known-keys.js'

/** A part of a message's content, as in OpenAI's API. Only text is supported. */
export interface TextPart {
  /** The only type of part that is accepted. */
  readonly type: 'text'
  /** The text. */
  readonly text: string
}

/** The content of a message: a string, or a list of text parts. */
export type Content = string | readonly TextPart[]

const PART_KEYS = { keys: ['type', 'text'] }

/**
 * Content as one string. Parts are joined by line feeds, as llama.cpp and vLLM do for templates that take a string;
 * templates that take only parts get it as one part (see `renderConversation`). Throws `INVALID_ARGUMENT` for anything
 * else, including images and audio.
 */
export function contentText(content: unknown, where: string): string {
  if (typeof content === 'string') return content
  if (isArray(content))
    return readList(where, content, (part, i) => partText(part, `${where}[${i}]`)).join('\n')
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `${where} must be a string or an array of parts, not ${describeValue(content)}`,
    { hint: "use '' for no content; parts are { type: 'text', text }" },
  )
}

function partText(part: unknown, where: string): string {
  if (typeof part !== 'object' || part === null) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${where} must be { type: 'text', text }, not ${describeValue(part)}`,
    )
  }
  const { type, text } = readOptions<{ type?: unknown; text?: unknown }>(where, part)
  if (type !== 'text') {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${where}: parts of type ${describeValue(type)} are not supported`,
      {
        hint: "only text is supported: { type: 'text', text }",
      },
    )
  }
  checkKeys(where, part, PART_KEYS)
  return checkString(`${where}.text`, text)
}
