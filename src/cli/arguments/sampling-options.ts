import { DasllamaError } from '../../index.js'
import { createSampler, DEFAULT_SAMPLING, type SamplingParams, STEP_NAMES } from '../../sampling/index.js'
import { columns } from '../output/table.js'
import {
  choices,
  flag,
  group,
  integer,
  kebabCase,
  number,
  type Option,
  type OptionTable,
  pick,
  tokenIds,
  tokenNumbers,
  type Values,
} from './options.js'
import { optionName, parse } from './parse.js'
import { UsageError } from './usage-error.js'

const ending = {
  minTokens: integer('let the text not end before N tokens'),
  ignoreEos: flag('never let the text end by itself'),
}

const choosing = {
  temp: number('randomness; 0 always takes the likeliest token'),
  topK: integer('choose among the N likeliest tokens only; 0 is off'),
  topP: number('choose among the likeliest tokens that hold this share of the probability; 1 is off'),
  minP: number('leave out tokens less than X times as probable as the likeliest; 0 is off'),
  typicalP: number('choose among the most typical tokens that hold this share of the probability; 1 is off'),
  topNSigma: number('leave out scores more than X standard deviations below the best; 0 is off'),
  xtcProbability: number('how often the likeliest tokens are left out, all but the last of them; 0 is off'),
  xtcThreshold: number('probability that makes a token one of the likeliest for --xtc-probability'),
  dynatempRange: number('let the temperature move by up to X, with the uncertainty; 0 is off'),
  dynatempExponent: number('how the temperature follows the uncertainty'),
  mirostatTau: number('hold the surprise at X bits a token instead of leaving tokens out; 0 is off'),
  mirostatEta: number('how fast --mirostat-tau adapts'),
  samplers: choices(STEP_NAMES, 'the steps to take, in this order; a step that is not named is not taken'),
}

const repetition = {
  penalty: number('divides the score of tokens that were just generated; 1 is off'),
  presencePenalty: number('subtracted from the score of tokens that were just generated'),
  frequencyPenalty: number('subtracted as often as the token was just generated'),
  penaltyLastN: integer('how many generated tokens count as just generated'),
  dryMultiplier: number('strength of the penalty on repeated sequences (DRY); 0 is off'),
  dryBase: number('how the DRY penalty grows with each repeated token'),
  dryAllowedLength: integer('sequences shorter than N may repeat'),
  dryPenaltyLastN: integer('how many generated tokens DRY looks at'),
  dryBreakers: tokenIds('tokens that no repeated sequence reaches across'),
}

const tokens = {
  logitBias: tokenNumbers('added to the scores of tokens; -inf bans one; may be given several times'),
  bannedIds: tokenIds('tokens that are never chosen'),
  forcedIds: tokenIds('the only tokens that may be chosen'),
}

/** The knobs of the sampling, by the part of --help that they belong to. */
export const sampling = {
  ending: withDefaults(ending),
  choosing: withDefaults(group('Choosing a token', choosing)),
  repetition: withDefaults(group('Against repetition', repetition)),
  tokens: withDefaults(group('Certain tokens', tokens)),
}

const all = {
  ...sampling.ending,
  ...sampling.choosing,
  ...sampling.repetition,
  ...sampling.tokens,
} satisfies { [Name in keyof SamplingParams]-?: Option<SamplingParams[Name]> }

/** Gives each knob the default that the sampling has. */
function withDefaults<Table extends OptionTable>(table: Table): Table {
  const entries = Object.entries(table).map(([key, option]) => {
    return [key, { ...option, fallback: DEFAULT_SAMPLING[key as keyof SamplingParams] }]
  })
  return Object.fromEntries(entries) as Table
}

/**
 * The sampling parameters among a command's values. Throws `UsageError` for what the sampling does not take, before a
 * model is loaded for nothing.
 */
export function samplingParams(values: Values<typeof all>): SamplingParams {
  const params = pick(all, values)
  try {
    createSampler(params)
  } catch (error) {
    if (!(error instanceof DasllamaError)) throw error
    throw new UsageError(asWritten(error.message), error.hint && asWritten(error.hint))
  }
  return params
}

/**
 * Parameters with some of them changed, as `temp=0.7`, `ignore-eos` or `ignore-eos=false` say; `temp=` stands for the
 * default. Throws `UsageError`.
 */
export function changedParams(params: SamplingParams, changes: readonly string[]): SamplingParams {
  const table = Object.entries(all).map(([key, option]) => {
    return [key, changeable(option, params[key as keyof SamplingParams])]
  })
  const args = changes.map((change) => (change.startsWith('--') ? change : `--${change}`))
  return samplingParams(parse(args, Object.fromEntries(table)).values as Values<typeof all>)
}

/** An option whose value is `current`, and can be taken back. */
function changeable(option: Option<unknown>, current: unknown): Option<unknown> {
  const isFlag = option.placeholder === undefined
  const { read, ...rest } = isFlag ? { ...option, ...SWITCH } : option
  return {
    ...rest,
    fallback: current ?? option.fallback,
    read: (text, before) => (text === '' ? option.fallback : read(text, before)),
  }
}

/** What makes a flag an option that can be switched off again. */
const SWITCH = {
  placeholder: 'true|false',
  bare: true,
  read(text: string) {
    if (text !== 'true' && text !== 'false') throw new Error('must be true or false')
    return text === 'true'
  },
}

/**
 * The parameters for people, by the names that `changedParams` knows; those that differ from the default are marked, and
 * so are other options that are `given`, by their keys.
 */
export function shownParams(
  params: SamplingParams,
  given: readonly (readonly [key: string, value: string])[] = [],
): string {
  const rows = Object.keys(all).map((key) => {
    const value = params[key as keyof SamplingParams]
    const shown = Array.isArray(value)
      ? value.map((item) => kebabCase(String(item))).join(',')
      : value === undefined
        ? ''
        : JSON.stringify(value)
    const isDefault = JSON.stringify(value) === JSON.stringify(DEFAULT_SAMPLING[key as keyof SamplingParams])
    return [isDefault ? ' ' : '*', kebabCase(key), shown]
  })
  return columns([...rows, ...given.map(([key, value]) => ['*', kebabCase(key), value])])
}

/** A message about parameters in the words of the command line: `topP` is `--top-p` there. */
function asWritten(message: string): string {
  return message.replace(/\b[a-zA-Z]+\b/g, (word) => (Object.hasOwn(all, word) ? optionName(word) : word))
}
