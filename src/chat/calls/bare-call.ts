import { parseStrict } from '../reply/json-scanner.js'

/** Characters before the name's end beyond which JSON without a marker is content. */
const MAX_HEAD = 200

/** JSON up to the value of the key `name`, which comes first. */
const NAMED = /^\s*\{\s*"name"\s*:\s*"((?:[^"\\]|\\.)*)"/
/** What may become that. */
const OPEN = /^\s*(\{\s*("[a-z]*("\s*(:\s*("([^"\\]|\\.)*)?)?)?)?)?$/

/**
 * Whether text at the beginning of a reply, without a marker, is the call of a tool: decided once its name is complete, because other
 * JSON is content.
 */
export function isBareCall(text: string, names: ReadonlySet<string>): boolean | undefined {
  const name = NAMED.exec(text)?.[1]
  if (name !== undefined) return names.has(String(parseStrict(`"${name}"`)))
  return text.length <= MAX_HEAD && OPEN.test(text) ? undefined : false
}
