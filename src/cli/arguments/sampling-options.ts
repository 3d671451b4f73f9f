import { CHAT_SAMPLING, DasllamaError } from '../../index.js'
import { findStep } from '../../sampling/chain.js'
import { createSampler, DEFAULT_SAMPLING, type SamplingParams } from '../../sampling/index.js'
import { KNOB_GROUPS, type Knob, type KnobGroup } from '../../sampling/knob.js'
import { type KNOBS, type KnobName, knobEntries } from '../../sampling/params.js'
import {
  alias,
  choices,
  flag,
  group,
  integer,
  number,
  type Option,
  orMinusOne,
  pick,
  tokenIds,
  tokenNumbers,
  type Values,
} from './options.js'
import { optionName } from './parse.js'
import { UsageError } from './usage-error.js'

/** The headings of --help for sampling. */
export const CHOOSING = 'Choosing a token'

const HEADINGS: Readonly<Record<KnobGroup, string | undefined>> = {
  ending: undefined,
  choosing: CHOOSING,
  repetition: 'Against repetition',
  tokens: 'Certain tokens',
}

export type SamplingOptions = { readonly [Name in KnobName]-?: Option<SamplingParams[Name]> }

/** Every sampling parameter, in the order of --help. */
export const samplingOptions = Object.fromEntries(
  KNOB_GROUPS.flatMap((name) => Object.entries(optionsOf(name, DEFAULT_SAMPLING))),
) as SamplingOptions

/** The names of the knobs of a group. */
type NamesOf<Group extends KnobGroup> = {
  [Name in KnobName]-?: (typeof KNOBS)[Name]['group'] extends Group ? Name : never
}[KnobName]

/** The options of a group of knobs, with these defaults. */
function optionsOf<Group extends KnobGroup>(
  name: Group,
  defaults: SamplingParams,
): Pick<SamplingOptions, NamesOf<Group>> {
  const entries = knobEntries()
    .filter(([, knob]) => knob.group === name)
    .map(([key, knob]) => [key, { ...optionOf(knob), fallback: defaults[key] }])
  const heading = HEADINGS[name]
  const table = Object.fromEntries(entries)
  return heading === undefined ? table : group(heading, table)
}

function optionOf({ kind, summary, aliases = [], letter }: Knob): Option<unknown> {
  const written = summary.replace(/`(\w+)`/g, (_, name: string) => optionName(name))
  return alias(
    optionOfKind(kind, written),
    ...(letter === undefined ? [] : [`-${letter}`]),
    ...aliases.map(optionName),
  )
}

function optionOfKind(kind: Knob['kind'], summary: string): Option<unknown> {
  switch (kind.type) {
    case 'number':
      return kind.whole ? integer(summary) : number(summary)
    case 'boolean':
      return flag(summary)
    case 'ids':
      return tokenIds(summary)
    case 'biases':
      return tokenNumbers(`${summary}; may be given several times`)
    case 'steps':
      return choices(kind.names, summary, findStep)
  }
}

/** The sampling options by section of --help, with these defaults. */
function samplingParts(defaults: SamplingParams) {
  return {
    ending: optionsOf('ending', defaults),
    choosing: optionsOf('choosing', defaults),
    repetition: optionsOf('repetition', defaults),
    tokens: optionsOf('tokens', defaults),
  }
}

/** As in `generate`: greedy. */
export const sampling = samplingParts(DEFAULT_SAMPLING)
/** As in a chat if the model's file recommends nothing. */
export const samplingOfChats = samplingParts({ ...DEFAULT_SAMPLING, ...CHAT_SAMPLING })

/** The random seed; -1 draws one, as in llama.cpp. */
export function seedOption(summary: string): Option<number | undefined> {
  return alias(orMinusOne(integer(summary, { min: 0, max: Number.MAX_SAFE_INTEGER })), '-s')
}

/**
 * The sampling parameters among a command's values. Throws `UsageError` for invalid ones, before a model is loaded in
 * vain.
 */
export function samplingParams(values: Values<SamplingOptions>): SamplingParams {
  return checkedParams(pick(samplingOptions, values), optionName)
}

/** Only those given on the command line. Throws `UsageError`. */
export function givenParams(values: Values<SamplingOptions>, given: readonly string[]): SamplingParams {
  const params = Object.entries(pick(samplingOptions, values)).filter(([key]) => given.includes(key))
  return checkedParams(Object.fromEntries(params), optionName)
}

/** Returns the parameters. Throws `UsageError` if they are invalid, with names from `nameOf`. */
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

/** A parameter's value as written in an option or `/params`; empty for `undefined`. */
export function writtenValue(value: SamplingParams[keyof SamplingParams]): string {
  if (Array.isArray(value)) return value.map(String).join(',')
  if (typeof value !== 'object' || value === null) return value === undefined ? '' : String(value)
  return Object.entries(value)
    .map(([id, bias]) => `${id}=${bias === Number.NEGATIVE_INFINITY ? '-inf' : bias}`)
    .join(',')
}
