import { isRecord } from '../../checks.js'
import type { SamplingParams } from '../../index.js'
import { isArray } from '../../read-list.js'
import type { Fields, NumberRange } from './fields.js'

type NumberKnob = {
  [Name in keyof SamplingParams]-?: Required<SamplingParams>[Name] extends number ? Name : never
}[keyof SamplingParams]

/** A field that sets a knob. */
interface KnobField extends NumberRange {
  readonly knob: NumberKnob
}

/** Fields of OpenAI's API, of llama.cpp's server and of vLLM. A count of -1 means the whole context. */
export const KNOB_FIELDS: Readonly<Record<string, KnobField>> = {
  temperature: { knob: 'temp', min: 0 },
  top_p: { knob: 'topP', min: 0, max: 1 },
  presence_penalty: { knob: 'presencePenalty', min: -2, max: 2 },
  frequency_penalty: { knob: 'frequencyPenalty', min: -2, max: 2 },
  top_k: { knob: 'topK', whole: true, min: -1 },
  min_p: { knob: 'minP', min: 0, max: 1 },
  typical_p: { knob: 'typicalP', min: 0 },
  top_n_sigma: { knob: 'topNSigma' },
  repeat_penalty: { knob: 'penalty', min: 0 },
  repetition_penalty: { knob: 'penalty', min: 0 },
  repeat_last_n: { knob: 'penaltyLastN', whole: true, min: -1 },
  xtc_probability: { knob: 'xtcProbability', min: 0, max: 1 },
  xtc_threshold: { knob: 'xtcThreshold', min: 0, max: 1 },
  dry_multiplier: { knob: 'dryMultiplier', min: 0 },
  dry_base: { knob: 'dryBase', min: 1 },
  dry_allowed_length: { knob: 'dryAllowedLength', whole: true, min: 1 },
  dry_penalty_last_n: { knob: 'dryPenaltyLastN', whole: true, min: -1 },
  dynatemp_range: { knob: 'dynatempRange', min: 0 },
  dynatemp_exponent: { knob: 'dynatempExponent', min: 0 },
  mirostat_tau: { knob: 'mirostatTau', min: 0 },
  mirostat_eta: { knob: 'mirostatEta', min: 0, max: 1 },
  min_tokens: { knob: 'minTokens', whole: true, min: 0 },
}

/** llama.cpp's target surprise, for a `mirostat` without `mirostat_tau`. */
const MIROSTAT_TAU = 5
/** Stands for the whole context. */
const WHOLE_CONTEXT = 2 ** 24

/** The sampling parameters of a request; those that are not given are absent. Throws `ApiError`. */
export function readSampling(fields: Fields): SamplingParams {
  const sampling: SamplingParams = {}
  const setBy = new Map<string, string>()
  for (const [field, { knob, ...range }] of Object.entries(KNOB_FIELDS)) {
    const value = fields.number(field, range)
    if (value === undefined) continue
    const other = setBy.get(knob)
    if (other !== undefined && sampling[knob] !== value) {
      throw fields.invalid(field, `contradicts ${other}`, 'contradictory_parameters')
    }
    setBy.set(knob, field)
    sampling[knob] = value === -1 && knob.endsWith('LastN') ? WHOLE_CONTEXT : value
  }
  readMirostat(fields, sampling)
  const ignoreEos = fields.boolean('ignore_eos')
  if (ignoreEos) sampling.ignoreEos = true
  const logitBias = readLogitBias(fields)
  if (logitBias) sampling.logitBias = logitBias
  return sampling
}

/** `mirostat_tau` alone turns it on here; in llama.cpp's API it is `mirostat`. */
function readMirostat(fields: Fields, sampling: SamplingParams): void {
  const version = fields.number('mirostat', { whole: true, min: 0, max: 2 })
  if (version === 1)
    throw fields.invalid('mirostat', 'must be 0 or 2: version 1 is not supported', 'unsupported_value')
  if (version === 2) sampling.mirostatTau ??= MIROSTAT_TAU
  else {
    delete sampling.mirostatTau
    delete sampling.mirostatEta
  }
}

/** OpenAI's object from ids to numbers, or llama.cpp's list of pairs, in which `false` bans a token. */
function readLogitBias(fields: Fields): Record<number, number> | undefined {
  const given = fields.any('logit_bias')
  if (given === undefined) return undefined
  const isList = isArray(given)
  if (!isList && !isRecord(given)) throw fields.wrongType('logit_bias', 'an object from token ids to numbers')
  const biases: Record<number, number> = {}
  for (const entry of isList ? given : Object.entries(given)) {
    const [id, bias] = isArray(entry) ? entry : []
    const isId = Number.isInteger(Number(id)) && Number(id) >= 0 && `${Number(id)}` === `${id}`
    const value = isList && bias === false ? Number.NEGATIVE_INFINITY : bias
    if (!isId || typeof value !== 'number' || Number.isNaN(value)) {
      throw fields.invalid(
        'logit_bias',
        'must map token ids, which are whole numbers, to numbers',
        'invalid_type',
      )
    }
    biases[Number(id)] = value
  }
  return biases
}
