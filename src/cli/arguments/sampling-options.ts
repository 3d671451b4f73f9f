import { CHAT_SAMPLING, DasllamaError } from '../../index.js'
import { createSampler, DEFAULT_SAMPLING, type SamplingParams, STEP_NAMES } from '../../sampling/index.js'
import {
  alias,
  choices,
  flag,
  group,
  integer,
  number,
  type Option,
  type OptionTable,
  orMinusOne,
  pick,
  tokenIds,
  tokenNumbers,
  type Values,
} from './options.js'
import { optionName } from './parse.js'
import { UsageError } from './usage-error.js'

const ending = {
  minTokens: integer('let the text not end before N tokens'),
  ignoreEos: flag('never let the model end the text'),
}

const choosing = {
  temp: alias(number('randomness; 0 always takes the likeliest token'), '--temperature'),
  topK: integer('choose among the N likeliest tokens only; 0 is off'),
  topP: number('choose among the likeliest tokens that hold this share of the probability; 1 is off'),
  minP: number('leave out tokens less than X times as probable as the likeliest; 0 is off'),
  typicalP: alias(
    number('choose among the most typical tokens that hold this share of the probability; 1 is off'),
    '--typical',
  ),
  topNSigma: alias(
    number('leave out scores more than X standard deviations below the best; 0 is off'),
    '--top-nsigma',
  ),
  xtcProbability: number('how often the likeliest tokens are left out, all but the last of them; 0 is off'),
  xtcThreshold: number('probability that makes a token one of the likeliest for --xtc-probability'),
  dynatempRange: number('let the temperature move by up to X, with the uncertainty; 0 is off'),
  dynatempExponent: alias(number('how the temperature follows the uncertainty'), '--dynatemp-exp'),
  mirostatTau: number('hold the surprise at X bits per token instead of leaving tokens out; 0 is off'),
  mirostatEta: alias(number('how fast --mirostat-tau adapts'), '--mirostat-lr'),
  samplers: choices(STEP_NAMES, 'the steps to take, in this order; a step that is not named is not taken'),
}

const repetition = {
  penalty: alias(
    number('divides the score of tokens that were just generated; 1 is off'),
    '--repeat-penalty',
    '--repetition-penalty',
  ),
  presencePenalty: number('subtracted from the score of tokens that were just generated'),
  frequencyPenalty: number('subtracted as often as the token was just generated'),
  penaltyLastN: alias(integer('how many generated tokens count as just generated'), '--repeat-last-n'),
  dryMultiplier: number('strength of the penalty on repeated sequences (DRY); 0 is off'),
  dryBase: number('how the DRY penalty grows with each repeated token'),
  dryAllowedLength: integer('sequences shorter than N may repeat'),
  dryPenaltyLastN: integer('how many generated tokens DRY looks at'),
  dryBreakers: tokenIds('tokens that no repeated sequence reaches across'),
}

const tokens = {
  logitBias: alias(
    tokenNumbers('added to the scores of tokens; -inf bans one; may be given several times'),
    '-l',
  ),
  bannedIds: tokenIds('tokens that are never chosen'),
  forcedIds: tokenIds('the only tokens that may be chosen'),
}

/** The headings of --help for what chooses a token. */
export const CHOOSING = 'Choosing a token'

/** Every parameter of the sampling, in the order of --help. */
export const samplingOptions = {
  ...ending,
  ...choosing,
  ...repetition,
  ...tokens,
} satisfies { [Name in keyof SamplingParams]-?: Option<SamplingParams[Name]> }

export type SamplingOptions = typeof samplingOptions

/** The sampling's options by the part of --help that they belong to, with the defaults that are given. */
export function samplingParts(defaults: SamplingParams) {
  return {
    ending: withDefaults(ending, defaults),
    choosing: withDefaults(group(CHOOSING, choosing), defaults),
    repetition: withDefaults(group('Against repetition', repetition), defaults),
    tokens: withDefaults(group('Certain tokens', tokens), defaults),
  }
}

/** As `generate` has it: greedy. */
export const sampling = samplingParts(DEFAULT_SAMPLING)
/** As a chat has it where the model's file recommends nothing. */
export const samplingOfChats = samplingParts({ ...DEFAULT_SAMPLING, ...CHAT_SAMPLING })

export function withDefaults<Table extends OptionTable>(table: Table, defaults: SamplingParams): Table {
  const entries = Object.entries(table).map(([key, option]) => {
    return [key, { ...option, fallback: defaults[key as keyof SamplingParams] }]
  })
  return Object.fromEntries(entries) as Table
}

/** The seed of the random numbers; llama.cpp's -1 draws one, too. */
export function seedOption(summary: string): Option<number | undefined> {
  return alias(orMinusOne(integer(summary, { min: 0, max: Number.MAX_SAFE_INTEGER })), '-s')
}

/**
 * The sampling parameters among a command's values. Throws `UsageError` for what the sampling does not take, before a
 * model is loaded for nothing.
 */
export function samplingParams(values: Values<SamplingOptions>): SamplingParams {
  return checkedParams(pick(samplingOptions, values), optionName)
}

/** Those that were written on the command line alone. Throws `UsageError`. */
export function givenParams(values: Values<SamplingOptions>, given: readonly string[]): SamplingParams {
  const params = Object.entries(pick(samplingOptions, values)).filter(([key]) => given.includes(key))
  return checkedParams(Object.fromEntries(params), optionName)
}

/** The same parameters. Throws `UsageError` where the sampling does not take them, with names as `nameOf` has them. */
export function checkedParams(params: SamplingParams, nameOf: (key: string) => string): SamplingParams {
  try {
    createSampler(params)
    return params
  } catch (error) {
    if (!(error instanceof DasllamaError)) throw error
    const named = (message: string) =>
      message.replace(/\b[a-zA-Z]+\b/g, (word) =>
        Object.hasOwn(samplingOptions, word) ? nameOf(word) : word,
      )
    throw new UsageError(named(error.message), error.hint && named(error.hint))
  }
}

/** A parameter's value as an option or `/params` takes it; empty for none. */
export function writtenValue(value: SamplingParams[keyof SamplingParams]): string {
  if (Array.isArray(value)) return value.map(String).join(',')
  if (typeof value !== 'object' || value === null) return value === undefined ? '' : String(value)
  return Object.entries(value)
    .map(([id, bias]) => `${id}=${bias === Number.NEGATIVE_INFINITY ? '-inf' : bias}`)
    .join(',')
}
