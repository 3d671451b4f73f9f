import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isArray, readList, readOptions } from '../read-list.js'

/** A step of one's own: changes `logits` (f32[vocabulary], −Infinity for what was left out before it) in place. */
export type CustomStep = (logits: Float32Array, recent: readonly number[]) => void

/** The steps of the chain that `samplers` may name. */
export const STEP_NAMES = [
  'penalties',
  'dry',
  'topNSigma',
  'temperature',
  'topK',
  'typicalP',
  'topP',
  'minP',
  'xtc',
] as const

export type StepName = (typeof STEP_NAMES)[number]

/**
 * How the next token is chosen from the logits. The defaults are greedy. Every number must be finite, and within the
 * range that its line names.
 */
export interface SamplingParams {
  /** Temperature: logits are divided by it. 0 or less takes the most likely token. Default 0. */
  temp?: number
  /** Only the `topK` most likely tokens are drawn from; 0 or less, or the vocabulary and more: all. Default 0. */
  topK?: number
  /** Only the likeliest tokens that together hold this share of the probability. 1 and more: off. Default 1. */
  topP?: number
  /** Only tokens at least this many times as probable as the likeliest. 0 and less: off. Default 0. */
  minP?: number
  /**
   * Repetition penalty on each distinct token among the last generated ones: a positive logit is divided by it, a
   * negative one multiplied. 1, or 0 and less: off. Default 1.
   */
  penalty?: number
  /** Subtracted from the logit of each token among the last generated ones. Default 0. */
  presencePenalty?: number
  /** Subtracted once for each time that a token is among the last generated ones. Default 0. */
  frequencyPenalty?: number
  /** How many of the last generated tokens the three penalties look at (the prompt never counts); 0: none. Default 64. */
  penaltyLastN?: number
  /** Only the most typical tokens (surprise closest to the expected) that hold this share. 1 and more: off. Default 1. */
  typicalP?: number
  /** Only logits within this many standard deviations of the largest. 0 and less: off. Default 0. */
  topNSigma?: number
  /** Chance that the likeliest tokens are left out, all but the last that reach `xtcThreshold`. 0: off. Default 0. */
  xtcProbability?: number
  /** Probability from which a token is a "top choice"; above 0.5: off. Default 0.1. */
  xtcThreshold?: number
  /** Strength of the penalty on repeated sequences (DRY). 0 and less: off. Default 0. */
  dryMultiplier?: number
  /** How the penalty grows with each repeated token; 1 or more. Default 1.75. */
  dryBase?: number
  /** Repetitions shorter than this are free; 1 or more. Default 2. */
  dryAllowedLength?: number
  /** How many of the last generated tokens DRY looks at; 0: none. Default 1024. */
  dryPenaltyLastN?: number
  /** Tokens that repetitions do not reach across, such as line breaks. Default none. */
  dryBreakers?: readonly number[]
  /** The temperature moves within `temp` ± this by the entropy. 0: off. Default 0. */
  dynatempRange?: number
  /** Exponent on the normalised entropy. Default 1. */
  dynatempExponent?: number
  /** Target surprise of mirostat 2, in bits; it takes the place of every truncating step. 0: off. Default 0. */
  mirostatTau?: number
  /** How fast mirostat 2 adapts. Default 0.1. */
  mirostatEta?: number
  /** Added to the logits of these ids; −Infinity bans one. Default none. */
  logitBias?: Readonly<Record<number, number>>
  /** Ids that are never chosen. Default none. */
  bannedIds?: readonly number[]
  /** If given, only these ids are chosen. */
  forcedIds?: readonly number[]
  /** No end-of-generation token before this many tokens. Default 0. */
  minTokens?: number
  /** Never choose an end-of-generation token. Default false. */
  ignoreEos?: boolean
  /**
   * The chain: which steps run, in which order, with steps of one's own among them. Default: all, in the order of
   * `STEP_NAMES`. A step that is not named does not run, whatever its parameters say.
   */
  samplers?: readonly (StepName | CustomStep)[]
}

/** `SamplingParams` with every default filled in. */
export type ResolvedSampling = Required<Omit<SamplingParams, 'forcedIds'>> & Pick<SamplingParams, 'forcedIds'>

/** The defaults, as documented above: greedy. */
export const DEFAULT_SAMPLING: Readonly<ResolvedSampling> = {
  temp: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  penalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  penaltyLastN: 64,
  typicalP: 1,
  topNSigma: 0,
  xtcProbability: 0,
  xtcThreshold: 0.1,
  dryMultiplier: 0,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryPenaltyLastN: 1024,
  dryBreakers: [],
  dynatempRange: 0,
  dynatempExponent: 1,
  mirostatTau: 0,
  mirostatEta: 0.1,
  logitBias: {},
  bannedIds: [],
  forcedIds: undefined,
  minTokens: 0,
  ignoreEos: false,
  samplers: STEP_NAMES,
}

/** What a number may be beyond finite. */
interface Range {
  readonly whole?: boolean
  readonly min?: number
  readonly max?: number
}

const NUMBERS: { readonly [name in keyof SamplingParams]?: Range } = {
  temp: {},
  topK: { whole: true },
  topP: { min: 0 },
  minP: { max: 1 },
  penalty: {},
  presencePenalty: {},
  frequencyPenalty: {},
  penaltyLastN: { whole: true, min: 0 },
  typicalP: { min: 0 },
  topNSigma: {},
  xtcProbability: { min: 0, max: 1 },
  xtcThreshold: { min: 0, max: 1 },
  dryMultiplier: {},
  dryBase: { min: 1 },
  dryAllowedLength: { whole: true, min: 1 },
  dryPenaltyLastN: { whole: true, min: 0 },
  dynatempRange: { min: 0 },
  dynatempExponent: { min: 0 },
  mirostatTau: { min: 0 },
  mirostatEta: { min: 0, max: 1 },
  minTokens: { whole: true, min: 0 },
}

/**
 * Fills in the defaults. Throws `INVALID_ARGUMENT` for a knob that does not exist, NaN, an infinite number, a wrong
 * type, a fraction where a count is meant, a value out of range, an id that is none, or knobs that contradict each other.
 */
export function resolveSampling(params: SamplingParams = {}): ResolvedSampling {
  const given = Object.entries(readOptions('sampling parameters', params))
  for (const entry of given) {
    const [name, value] = entry
    if (!Object.hasOwn(DEFAULT_SAMPLING, name)) {
      throw invalid(
        `there is no sampling parameter ${describeValue(name)}`,
        `there are ${Object.keys(DEFAULT_SAMPLING).join(', ')}`,
      )
    }
    if (value !== undefined) entry[1] = checked(name as keyof SamplingParams, value)
  }
  const known = given.filter(([, value]) => value !== undefined)
  const resolved: ResolvedSampling = { ...DEFAULT_SAMPLING, ...Object.fromEntries(known) }
  refuseContradictions(resolved)
  return resolved
}

/** The value, lists as copies. */
function checked(name: keyof SamplingParams, value: unknown): unknown {
  const range = NUMBERS[name]
  if (range) return checkNumber(name, value, range)
  if (name === 'logitBias') return checkBias(value)
  if (name === 'samplers') return checkSamplers(value)
  return name === 'ignoreEos' ? checkBoolean(name, value) : checkIds(name, value)
}

function checkNumber(name: string, value: unknown, { whole, min, max }: Range): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw invalid(`${name} must be a finite number, not ${describeValue(value)}`)
  }
  if (whole && !Number.isInteger(value)) throw invalid(`${name} must be a whole number, not ${value}`)
  if (min !== undefined && value < min) throw invalid(`${name} must be ${min} or more, not ${value}`)
  if (max !== undefined && value > max) throw invalid(`${name} must be ${max} or less, not ${value}`)
  return value
}

function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(`${name} must be true or false, not ${describeValue(value)}`)
}

/** A copy. Throws `INVALID_ARGUMENT` for what is no array of token ids. */
export function checkIds(name: string, ids: unknown): number[] {
  if (!isArray(ids)) throw invalid(`${name} must be an array of token ids, not ${describeValue(ids)}`)
  return readList(name, ids, (id) => checkId(name, id))
}

function checkId(name: string, id: unknown): number {
  if (Number.isInteger(id) && (id as number) >= 0) return id as number
  throw invalid(`${name} names ${describeValue(id)}, which is no token id`)
}

function checkBias(bias: unknown): Readonly<Record<number, number>> {
  if (typeof bias !== 'object' || bias === null || isArray(bias)) {
    throw invalid(`logitBias must be an object from token ids to numbers, not ${describeValue(bias)}`)
  }
  const copy = readOptions('logitBias', bias)
  for (const [id, value] of Object.entries(copy)) {
    checkId('logitBias', String(Number(id)) === id ? Number(id) : id)
    if (typeof value === 'number' && (Number.isFinite(value) || value === Number.NEGATIVE_INFINITY)) continue
    throw invalid(`logitBias of ${id} must be a finite number or -Infinity, not ${describeValue(value)}`)
  }
  return copy as Readonly<Record<number, number>>
}

function checkSamplers(samplers: unknown): readonly (StepName | CustomStep)[] {
  if (!isArray(samplers)) throw invalid(`samplers must be an array, not ${describeValue(samplers)}`)
  const seen = new Set<unknown>()
  return readList('samplers', samplers, (step) => {
    if (typeof step !== 'function' && !(STEP_NAMES as readonly unknown[]).includes(step)) {
      throw invalid(
        `samplers names ${describeValue(step)}`,
        `there are ${STEP_NAMES.join(', ')} and functions`,
      )
    }
    if (typeof step === 'string' && seen.has(step)) throw invalid(`samplers names "${step}" twice`)
    seen.add(step)
    return step as StepName | CustomStep
  })
}

function refuseContradictions({ ignoreEos, minTokens, bannedIds, forcedIds }: ResolvedSampling): void {
  if (ignoreEos && minTokens > 0) {
    throw invalid(
      'ignoreEos and minTokens contradict each other: without an end there is nothing to hold back',
    )
  }
  if (forcedIds?.every((id) => bannedIds.includes(id))) {
    throw invalid('forcedIds leaves nothing to choose from')
  }
}

function invalid(message: string, hint?: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', message, { hint })
}
