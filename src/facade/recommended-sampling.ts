import type { Metadata } from '../gguf/metadata.js'
import type { SamplingParams, StepName } from '../sampling/params.js'

const KEY = 'general.sampling.'

/** Numbers that a file may recommend: the key in `general.sampling.*`, our name, and the range that is believed. */
const NUMBERS = [
  ['temp', 'temp', 0, 10],
  ['top_k', 'topK', 0, 2 ** 31 - 1],
  ['top_p', 'topP', 0, 1],
  ['min_p', 'minP', 0, 1],
  ['xtc_probability', 'xtcProbability', 0, 1],
  ['xtc_threshold', 'xtcThreshold', 0, 1],
  ['penalty_repeat', 'penalty', 0, 10],
  ['penalty_last_n', 'penaltyLastN', 0, 2 ** 20],
] as const

const WHOLE: readonly string[] = ['topK', 'penaltyLastN'] satisfies (keyof SamplingParams)[]

/** llama.cpp's target where a file asks for mirostat and names none. */
const MIROSTAT_TAU = 5

/** Steps of `general.sampling.sequence`, which are separated by `;`, without the signs in their names. */
const STEPS: Readonly<Record<string, StepName>> = {
  penalties: 'penalties',
  dry: 'dry',
  topnsigma: 'topNSigma',
  temperature: 'temperature',
  temp: 'temperature',
  topk: 'topK',
  typp: 'typicalP',
  typicalp: 'typicalP',
  typ: 'typicalP',
  topp: 'topP',
  nucleus: 'topP',
  minp: 'minP',
  xtc: 'xtc',
}

/**
 * What the publisher of a file recommends for sampling: its keys `general.sampling.*`, as llama.cpp names them. A file is
 * untrusted, so a value of another type or out of range counts for nothing, and a sequence is taken only if all of its
 * steps are known.
 */
export function readRecommendedSampling(metadata: Metadata): SamplingParams {
  const sampling: SamplingParams = {}
  for (const [key, name, min, max] of NUMBERS) {
    const value = numberOf(metadata, key, min, max)
    if (value !== undefined && (!WHOLE.includes(name) || Number.isInteger(value))) sampling[name] = value
  }
  if (numberOf(metadata, 'mirostat', 0, 2) === 2) {
    sampling.mirostatTau = numberOf(metadata, 'mirostat_tau', 0, 100) ?? MIROSTAT_TAU
    const eta = numberOf(metadata, 'mirostat_eta', 0, 1)
    if (eta !== undefined) sampling.mirostatEta = eta
  }
  const samplers = sequenceOf(metadata.get(`${KEY}sequence`))
  if (samplers) sampling.samplers = samplers
  return sampling
}

function numberOf(metadata: Metadata, key: string, min: number, max: number): number | undefined {
  const value = metadata.get(KEY + key)
  if (typeof value !== 'number' || !(value >= min && value <= max)) return undefined
  // An f32 comes as the double next to what was written: 0.6000000238418579 was 0.6.
  return Number.isInteger(value) ? value : Number(value.toPrecision(7))
}

function sequenceOf(value: unknown): readonly StepName[] | undefined {
  if (typeof value !== 'string' || value.length > 256) return undefined
  const names = value.split(';').map((name) => name.trim().toLowerCase().replace(/[-_]/g, ''))
  if (!names.every((name) => Object.hasOwn(STEPS, name))) return undefined
  const steps = names.map((name) => STEPS[name])
  return new Set(steps).size === steps.length ? steps : undefined
}
