/** Character classes for the lexer, as in Python. */

const OTHER_SPACE = /[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/
const IDENTIFIER_PART = /[\p{XID_Continue}\p{L}\p{N}]/u
const IDENTIFIER = /^[\p{XID_Start}_]\p{XID_Continue}*$/u

/** White space; Python includes the separators 0x1c to 0x1f. */
export function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f)
  return OTHER_SPACE.test(String.fromCharCode(code))
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Whether this code point may be part of a name; `isIdentifier` checks the name as a whole. */
export function isNamePart(code: number): boolean {
  if (code < 0x80) {
    return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || isDigit(code)
  }
  return IDENTIFIER_PART.test(String.fromCodePoint(code))
}

export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name)
}

/** The offset of the first character at or after `at` that is not white space. */
export function afterSpace(text: string, at: number): number {
  let end = at
  while (end < text.length && isSpace(text.charCodeAt(end))) end++
  return end
}
