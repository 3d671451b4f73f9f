import type { RopeScaling, RopeSpec } from '../backend/rope.js'
import { describeValue } from '../describe.js'

/** The mistake in a family's rotary embedding for heads of `headDim` values; `undefined` if there is none. */
export function ropeMistake(spec: RopeSpec, headDim: number): string | undefined {
  const { type, dims, theta, factors, longFactors } = spec
  if (!TYPES.includes(type)) return `type ${describeValue(type)} is unknown; ${TYPES.join(' and ')} are known`
  if (!(Number.isInteger(dims) && dims >= 2 && dims <= headDim && dims % 2 === 0)) {
    return `${describeValue(dims)} rotary dimensions in heads of ${headDim}; an even number up to ${headDim} is needed`
  }
  if (!(Number.isFinite(theta) && theta > 1)) {
    return `the base is ${describeValue(theta)}; more than 1 is needed`
  }
  for (const [what, name] of Object.entries({ factors, longFactors })) {
    if (name === undefined || typeof name === 'string') continue
    return `${what} must be the name of a tensor, not ${describeValue(name)}`
  }
  return scalingMistake(spec.scaling)
}

const TYPES: readonly unknown[] = ['norm', 'neox']

/** The numeric fields of each scaling type. */
const NUMBERS: { readonly [T in RopeScaling['type']]: readonly Exclude<keyof Of<T>, 'type'>[] } = {
  none: [],
  linear: ['factor'],
  llama3: ['factor', 'lowFrequencyFactor', 'highFrequencyFactor', 'originalContext'],
  yarn: ['factor', 'originalContext', 'betaFast', 'betaSlow', 'attentionFactor'],
  longrope: ['factor', 'originalContext', 'attentionFactor'],
}
type Of<T> = Extract<RopeScaling, { readonly type: T }>

function scalingMistake(scaling: RopeScaling | null | undefined): string | undefined {
  const type = scaling?.type
  if (type === undefined || !Object.hasOwn(NUMBERS, type)) {
    return `scaling ${describeValue(scaling)} is unknown; its types are ${Object.keys(NUMBERS).join(', ')}`
  }
  for (const name of NUMBERS[type]) {
    const value = (scaling as unknown as Record<string, unknown>)[name]
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) continue
    return `scaling ${type}: ${name} is ${describeValue(value)}; more than 0 is needed`
  }
  return undefined
}
