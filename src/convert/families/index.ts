import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import { nearest } from '../../nearest.js'
import type { ConvertedFamily } from '../family.js'
import type { JsonObject } from '../folder.js'
import { BERT } from './bert.js'
import { GEMMA3 } from './gemma3.js'
import { LLAMA } from './llama.js'
import { QWEN2, QWEN3 } from './qwen.js'

export const CONVERTED_FAMILIES: readonly ConvertedFamily[] = [LLAMA, QWEN2, QWEN3, GEMMA3, BERT]

/** The family of a config.json. Throws `UNSUPPORTED` for others, naming the nearest, and for variants that need more. */
export function familyOf(config: JsonObject): ConvertedFamily {
  const [name] = config.list('architectures')
  const found = CONVERTED_FAMILIES.find(({ classes }) => classes.includes(name as string))
  if (!found) {
    const known = CONVERTED_FAMILIES.flatMap(({ classes }) => classes)
    const meant = typeof name === 'string' ? nearest(name, known) : undefined
    throw new DasllamaError(
      'UNSUPPORTED',
      `${config.where}: the architecture ${describeValue(name)} cannot be converted`,
      {
        hint: `${meant === undefined ? '' : `the nearest that can is ${meant}; `}known: ${known.join(', ')}`,
      },
    )
  }
  for (const [key, what] of [
    ['quantization_config', 'weights that are quantized'],
    ['num_local_experts', 'experts'],
    ['num_experts', 'experts'],
  ]) {
    if (config.has(key))
      throw new DasllamaError('UNSUPPORTED', `${config.where}: ${what} ("${key}") cannot be converted`)
  }
  return found
}
