import { f32, i32, str, type TypedValue } from '../gguf/typed-value.js'
import type { JsonObject } from './folder.js'

/** Keys of generation_config.json that recommend sampling, and their names in GGUF. */
const SAMPLING = [
  ['top_k', 'top_k', i32],
  ['top_p', 'top_p', f32],
  ['min_p', 'min_p', f32],
  ['temperature', 'temp', f32],
  ['penalty_last_n', 'penalty_last_n', i32],
  ['repetition_penalty', 'penalty_repeat', f32],
] as const

/** What a file says about itself. `elements`: of all tensors. Source: `set_gguf_meta_model` of gguf-py/gguf/metadata.py. */
export function generalMetadata(
  architecture: string,
  name: string,
  elements: number,
  generation: JsonObject | undefined,
): (readonly [string, TypedValue])[] {
  return [
    ['general.architecture', str(architecture)],
    ['general.type', str('model')],
    ...SAMPLING.flatMap(([key, written, type]) => {
      const value = generation?.optionalNumber(key)
      return value === undefined ? [] : [[`general.sampling.${written}`, type(value)] as const]
    }),
    ['general.name', str(name)],
    ['general.size_label', str(sizeLabel(elements))],
  ]
}

/** At least two digits and a unit: `1.1B`, `135M`. */
function sizeLabel(elements: number): string {
  const [unit, scale] =
    elements > 1e12 ? ['T', 1e12] : elements > 1e9 ? ['B', 1e9] : elements > 1e6 ? ['M', 1e6] : ['K', 1e3]
  const scaled = elements / (scale as number)
  const digits = Math.round(scaled) === 0 ? 2 : Math.max(0, 2 - String(Math.round(scaled)).length)
  return `${scaled.toFixed(digits)}${unit}`
}
