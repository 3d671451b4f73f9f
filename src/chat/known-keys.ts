import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { nearest } from '../nearest.js'

/** What an object that a caller passes may hold. */
export interface KnownKeys {
  readonly keys: readonly string[]
  /** Names that other APIs have for them, OpenAI's mostly: the key to write instead, or a remark. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Keys that only other objects of the kind have, and which ones: `role "assistant"`. */
  readonly elsewhere?: Readonly<Record<string, string>>
}

/** Characters of a key that are compared with those that are known. */
const MAX_COMPARED = 100
/** A hint that lists more keys than this helps nobody. */
const MAX_LISTED = 20

/**
 * Refuses an object with a key that nothing reads, since what it holds would vanish without a word. The message names the
 * key that was probably meant. A key whose value is `undefined` counts as absent. Throws `INVALID_ARGUMENT`.
 */
export function checkKeys(where: string, value: object, known: KnownKeys): void {
  for (const [key, held] of Object.entries(value)) {
    if (held === undefined || known.keys.includes(key)) continue
    throw new DasllamaError('INVALID_ARGUMENT', `${where}: ${problemOf(key, known)}`, {
      hint: known.keys.length > MAX_LISTED ? undefined : `the keys are ${known.keys.join(', ')}`,
    })
  }
}

function problemOf(key: string, { keys, aliases = {}, elsewhere = {} }: KnownKeys): string {
  if (Object.hasOwn(elsewhere, key)) return `the key ${describeValue(key)} is only for ${elsewhere[key]}`
  const known = [...keys, ...Object.keys(elsewhere)]
  const alias = Object.hasOwn(aliases, key) ? aliases[key] : undefined
  const meant = alias ?? nearestKey(key, known)
  const problem = `there is no key ${describeValue(key)}`
  if (meant === undefined) return problem
  if (!known.includes(meant)) return `${problem}: ${meant}`
  const place = Object.hasOwn(elsewhere, meant) ? `, which is only for ${elsewhere[meant]}` : ''
  return `${problem}; did you mean ${meant}${place}?`
}

/** By letters alone, so that `tool_calls` and `ToolCalls` are near to `toolCalls`. */
function nearestKey(key: string, keys: readonly string[]): string | undefined {
  const bare = (text: string) => text.slice(0, MAX_COMPARED).replace(/[-_ ]/g, '').toLowerCase()
  const named = bare(key)
  const found = keys.some((one) => bare(one) === named) ? named : nearest(named, keys.map(bare))
  return keys.find((one) => bare(one) === found)
}

export { describeValue as quote }
