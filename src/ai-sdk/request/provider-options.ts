import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../index.js'
import { readOptions } from '../../read-list.js'
import type { ProviderOptions } from '../specification.js'

/** The name of this provider. */
export const PROVIDER = 'dasllama'

/** Options that calls have in another place. */
const ELSEWHERE = ['signal', 'seed', 'reuse', 'logprobs', 'toolChoice', 'tools']

/** What a call says under this provider's name; the functions that it is passed to check it. Throws `INVALID_ARGUMENT`. */
export function ownOptions<T extends object>(options: ProviderOptions | undefined): Partial<T> {
  const own = options?.[PROVIDER]
  if (own === undefined) return {}
  const given = readOptions(`providerOptions.${PROVIDER}`, own)
  const wrong = Object.keys(given).find((key) => ELSEWHERE.includes(key))
  if (wrong === undefined) return given as Partial<T>
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `providerOptions.${PROVIDER} cannot have the key ${describeValue(wrong)}`,
    { hint: "it is one of the call's general options, or none" },
  )
}
