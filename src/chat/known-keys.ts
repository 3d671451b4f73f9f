import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { nearest } from '../nearest.js'

/** The keys that an object passed by a caller may have. */
export interface KnownKeys {
  readonly keys: readonly string[]
  /** Names for them in other APIs, mostly OpenAI's: the key to use instead, or a remark. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Keys that only other objects of this kind have, and which objects those are: `messages of role assistant`. */
  readonly elsewhere?: Readonly<Record<string, string>>
}

/** How many characters of a key are compared with the known keys. */
const MAX_COMPARED = 100
/** A hint that lists more keys than this is not helpful. */
const MAX_LISTED = 20

/**
 * Rejects an object with an unknown key, whose value would be ignored silently. The message suggests the key that was
 * probably meant. A key whose value is `undefined` counts as absent. Throws `INVALID_ARGUMENT`.
 */
export function checkKeys(where: string, value: object, known: KnownKeys): void {
  for (const [key, held] of Object.entries(value)) {
    if (held === undefined || known.keys.includes(key)) continue
    throw new DasllamaError('INVALID_ARGUMENT', `${where}: ${problemOf(key, known)}`, {
      hint: known.keys.length > MAX_LISTED ? undefined : `valid keys are ${known.keys.join(', ')}`,
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
  const owner = Object.hasOwn(elsewhere, meant) ? `, which is only for ${elsewhere[meant]}` : ''
  return `${problem}; did you mean ${meant}${owner}?`
}

/** Ignores case, hyphens, underscores and spaces, so that `tool_calls` and `ToolCalls` match `toolCalls`. */
function nearestKey(key: string, keys: readonly string[]): string | undefined {
  const bare = (text: string) => text.slice(0, MAX_COMPARED).replace(/[-_ ]/g, '').toLowerCase()
  const named = bare(key)
  const found = keys.some((one) => bare(one) === named) ? named : nearest(named, keys.map(bare))
  return keys.find((one) => bare(one) === found)
}

export { describeValue as quote }
