import { checkCount, checkString } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { readOptions } from '../read-list.js'

/** Default of `LoadOptions.prefixCache.maxBytes`. */
const DEFAULT_MAX_BYTES = 512 * 2 ** 20

/** The limit of a model's prefix cache; `undefined`: it has none. Throws `INVALID_ARGUMENT`. */
export function resolvePrefixCacheBytes(
  option: boolean | { maxBytes: number } | undefined,
): number | undefined {
  if (option === undefined || option === false) return undefined
  if (option === true) return DEFAULT_MAX_BYTES
  const { maxBytes } = readOption(option, '{ maxBytes }')
  return checkCount('prefixCache.maxBytes', maxBytes, 0, 2 ** 32)
}

/** The scope in which a session's prompts are shared; `undefined`: they are not. Throws `INVALID_ARGUMENT`. */
export function resolvePrefixScope(option: boolean | { scope: string } | undefined): string | undefined {
  if (option === false) return undefined
  if (option === undefined || option === true) return ''
  const { scope } = readOption(option, '{ scope }')
  return checkString('prefixCache.scope', scope)
}

function readOption<T extends object>(option: T, shape: string): T {
  if (typeof option === 'object' && option !== null) return readOptions('prefixCache', option)
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `prefixCache must be true, false or ${shape}, not ${describeValue(option)}`,
  )
}
