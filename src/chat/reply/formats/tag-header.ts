/** `name` or `"name"`, optionally followed by attributes and the slash of a self-closing tag. */
const HEADER =
  /^\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]*[^\s"'<>/]))((?:\s+[\w:-]+\s*=\s*"[^"]*")*)\s*(\/?)\s*$/
const IS_STRING = /\bstring\s*=\s*"(true|false)"/

/** The content of an opening tag. */
export interface TagHeader {
  readonly name: string
  /** DeepSeek specifies for each parameter whether it is a string; absent elsewhere. */
  readonly isString?: boolean
  /** Whether the tag is self-closing: `<name/>`. */
  readonly isClosed: boolean
}

/** Parses the text between the beginning of an opening tag and its `>`; `undefined` if it has no name. */
export function parseTagHeader(header: string): TagHeader | undefined {
  const found = HEADER.exec(header)
  if (!found) return undefined
  const isString = IS_STRING.exec(found[4])?.[1]
  return {
    name: found[1] ?? found[2] ?? found[3],
    isClosed: found[5] === '/',
    ...(isString !== undefined && { isString: isString === 'true' }),
  }
}
