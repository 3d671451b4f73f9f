import type { Metadata } from '../gguf/metadata.js'
import { findStep, type StepName } from '../sampling/chain.js'
import type { Knob, NumberKind } from '../sampling/knob.js'
import { type KnobName, knobEntries, type SamplingParams } from '../sampling/params.js'

const KEY = 'general.sampling.'

/** llama.cpp's target where a file asks for mirostat and names none. */
const MIROSTAT_TAU = 5

/**
 * What the publisher of a file recommends for sampling: its keys `general.sampling.*`, as llama.cpp names them. A file is
 * untrusted, so a value of another type or out of range counts for nothing, and a sequence is taken only if all of its
 * steps are known.
 */
export function readRecommendedSampling(metadata: Metadata): SamplingParams {
  const values = knobEntries().map(([name, knob]) => [name, recommended(metadata, knob)] as const)
  const sampling: SamplingParams = Object.fromEntries(values.filter(([, value]) => value !== undefined))
  if (numberOf(metadata, 'mirostat', { min: 0, max: 2 }) === 2) sampling.mirostatTau ??= MIROSTAT_TAU
  else for (const name of MIROSTAT) delete sampling[name]
  const samplers = sequenceOf(metadata.get(`${KEY}sequence`))
  if (samplers) sampling.samplers = samplers
  return sampling
}

/** Of no use but with mirostat 2. */
const MIROSTAT = ['mirostatTau', 'mirostatEta'] as const satisfies readonly KnobName[]

/** The value that the file has for a knob, within the knob's own range and that which files are believed in. */
function recommended(metadata: Metadata, { kind, file }: Knob): number | undefined {
  if (!file || kind.type !== 'number') return undefined
  const { key, ...believed } = file
  return numberOf(metadata, key, { ...kind, ...believed })
}

type NumberRange = Omit<NumberKind, 'type'>

function numberOf(metadata: Metadata, key: string, { whole, min, max }: NumberRange): number | undefined {
  const value = metadata.get(KEY + key)
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  if (!(value >= (min ?? NEGATIVE_INFINITY) && value <= (max ?? POSITIVE_INFINITY))) return undefined
  if (Number.isInteger(value)) return value
  // An f32 comes as the double next to what was written: 0.6000000238418579 was 0.6.
  return whole ? undefined : Number(value.toPrecision(7))
}

function sequenceOf(value: unknown): readonly StepName[] | undefined {
  if (typeof value !== 'string' || value.length > 256) return undefined
  const steps = value.split(';').map(findStep)
  if (!steps.every((step) => step !== undefined)) return undefined
  return new Set(steps).size === steps.length ? steps : undefined
}
