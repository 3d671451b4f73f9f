import { isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import type { ResponseFormat } from '../index.js'
import { domException } from './errors.js'

/** How a reply is constrained, and how its text is read. */
export interface Constraint {
  readonly format: ResponseFormat | undefined
  /** The answer of a reply's text so far. */
  read(text: string): string
}

/** A constraint: a JSON schema, or a regular expression that the answer matches. Throws `TypeError`, `NotSupportedError`. */
export function readConstraint(constraint: unknown): Constraint {
  if (constraint === undefined || constraint === null) return { format: undefined, read: (text) => text }
  if (isRegExp(constraint)) {
    const { source, flags } = constraint
    // Those say how to search, or that the pattern is of characters, which it always is here.
    const unknown = flags.replace(/[dguvy]/g, '')
    if (unknown !== '') {
      throw domException(
        'NotSupportedError',
        `regular expressions with the flags ${unknown} are not supported`,
      )
    }
    // The model writes the text as JSON.
    const schema = { type: 'string', pattern: source }
    return { format: { type: 'json_schema', schema }, read: textOfJson }
  }
  if (!isRecord(constraint)) {
    throw new TypeError(
      `responseConstraint must be a JSON schema or a RegExp, not ${describeValue(constraint)}`,
    )
  }
  return { format: { type: 'json_schema', schema: constraint }, read: (text) => text }
}

/** Also one of another realm. */
function isRegExp(value: unknown): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]'
}

/** The text that the beginning of a JSON string stands for, as far as it is certain. */
function textOfJson(json: string): string {
  const begun = json.trimStart()
  if (begun.length < 2) return ''
  const body = /^"((?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*)/.exec(begun)?.[1] ?? ''
  // Half of a pair of surrogates waits for the other.
  const whole = body.replace(/\\u[dD][89abAB][0-9a-fA-F]{2}$/, '')
  return JSON.parse(`"${whole}"`) as string
}
