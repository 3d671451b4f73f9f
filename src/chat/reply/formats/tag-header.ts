/** `name`, or `"name"`, perhaps with attributes behind it and the slash of a tag that has no content. */
const HEADER =
  /^\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]*[^\s"'<>/]))((?:\s+[\w:-]+\s*=\s*"[^"]*")*)\s*(\/?)\s*$/
const IS_STRING = /\bstring\s*=\s*"(true|false)"/

/** What an opening tag says. */
export interface TagHeader {
  readonly name: string
  /** DeepSeek says of each parameter whether it is a text; absent elsewhere. */
  readonly isString?: boolean
  /** The tag is its own closing tag: `<name/>`. */
  readonly isClosed: boolean
}

/** Reads what stands between the beginning of an opening tag and its `>`; `undefined` where it has no name. */
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
