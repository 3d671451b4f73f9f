import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { llama } from './families/llama.js'
import type { Family } from './family.js'

/** Every family that runs. A new one is a file in families/ and its name here. */
const FAMILIES: readonly Family[] = [llama]

/** Throws `UNSUPPORTED` for an architecture that is not in the registry. */
export function familyOf(architecture: string, fileName: string): Family {
  const family = FAMILIES.find((candidate) => candidate.architecture === architecture)
  if (family) return family
  const known = FAMILIES.map((candidate) => candidate.architecture).join(', ')
  throw new DasllamaError(
    'UNSUPPORTED',
    `${displayName(fileName)}: architecture ${describeValue(architecture)} is not supported`,
    {
      hint: `supported: ${known}`,
    },
  )
}
