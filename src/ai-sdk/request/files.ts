import { DasllamaError } from '../../index.js'
import { isBytes } from '../../read-list.js'
import { unsupported } from '../errors.js'
import type { PromptPart } from '../specification.js'

/** Media types of texts that do not begin with `text/`. */
const TEXTS = /^(?:text\/.*|application\/(?:json|xml|yaml|javascript|[\w.-]+\+(?:json|xml)))$/

/** The text of a file. Throws `UNSUPPORTED` for a file that is not a text, and `BAD_FORMAT` for one that is not UTF-8. */
export function textOfFile({ data, mediaType = '' }: PromptPart): string {
  const [type] = mediaType.split(';')
  if (!TEXTS.test(type.trim().toLowerCase())) {
    throw unsupported(
      `files of type ${mediaType}`,
      `the model reads text only, not ${mediaType || 'files without a media type'}`,
      'leave the file out, or give its text',
    )
  }
  return decode(contentOf(data), mediaType)
}

/** Since version 4, data are in an object that says what they are. */
function contentOf(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || isBytes(data)) return data
  const { type, text, data: inner } = data as { type?: unknown; text?: unknown; data?: unknown }
  if (type === 'text' && typeof text === 'string') return new TextEncoder().encode(text)
  return type === 'data' ? inner : undefined
}

function decode(content: unknown, mediaType: string): string {
  try {
    const bytes =
      typeof content === 'string' ? Uint8Array.from(atob(content), (char) => char.charCodeAt(0)) : content
    if (isBytes(bytes)) return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new DasllamaError('BAD_FORMAT', `a file of type ${mediaType} is not base64 of UTF-8`, { cause })
  }
  throw unsupported('file URLs', `a file of type ${mediaType} must have its bytes, not a URL or a reference`)
}
