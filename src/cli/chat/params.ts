import type { SamplingParams } from '../../sampling/index.js'
import type { Option, Values } from '../arguments/options.js'
import { parse } from '../arguments/parse.js'
import {
  checkedParams,
  type SamplingOptions,
  samplingOptions,
  writtenValue,
} from '../arguments/sampling-options.js'
import { UsageError } from '../arguments/usage-error.js'
import { columns } from '../output/table.js'

/** The names that `/params` takes: those of the library. */
export const PARAM_NAMES: readonly string[] = Object.keys(samplingOptions)

/** A parameter as `/params` names it. */
const nameOf = (key: string) => key

/**
 * Parameters with some of them changed, as `temp=0.7`, `ignoreEos` or `ignoreEos=false` say; `temp=` stands for the
 * default. The command line's names are taken as well. Throws `UsageError`.
 */
export function changedParams(
  params: SamplingParams,
  defaults: SamplingParams,
  changes: readonly string[],
): SamplingParams {
  const table = Object.entries(samplingOptions).map(([key, option]) => {
    const name = key as keyof SamplingParams
    return [key, changeable(option, params[name], defaults[name])]
  })
  for (const change of changes) {
    const name = change.replace(/^-*|=.*/gs, '')
    if (Object.hasOwn(AT_START, name)) throw new UsageError(`there is no parameter ${name}`, AT_START[name])
  }
  const args = changes.map((change) => (change.startsWith('--') ? change : `--${change}`))
  const { values } = parse(args, Object.fromEntries(table), { nameOf, noun: 'parameter' })
  return checkedParams(values as Values<SamplingOptions>, nameOf)
}

const LENGTH = '--max-tokens is given when the program starts'

/** What is no parameter of choosing tokens, and where it is set. */
const AT_START: Readonly<Record<string, string>> = {
  maxTokens: LENGTH,
  max_tokens: LENGTH,
  seed: '--seed is given when the program starts',
  contextLength: '--context is given when the program starts',
  stop: '--stop is given when the program starts',
  system: '/system sets it',
}

/** An option whose value is `current`, and can be taken back. */
function changeable(option: Option<unknown>, current: unknown, byDefault: unknown): Option<unknown> {
  const isFlag = option.placeholder === undefined
  const { read, ...rest } = isFlag ? { ...option, ...SWITCH } : option
  return {
    ...rest,
    fallback: current ?? byDefault,
    read: (text, before) => (text === '' ? byDefault : read(text, before)),
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

/** The parameters that differ from the `usual` ones, as `changedParams` reads them: `temp 0.7, topK 40`. */
export function briefParams(params: SamplingParams, usual: SamplingParams): string {
  return PARAM_NAMES.filter((key) => differs(key as keyof SamplingParams, params, usual))
    .map((key) => `${key} ${writtenValue(params[key as keyof SamplingParams])}`)
    .join(', ')
}

/**
 * The parameters for people, by the names that `changedParams` knows; those that differ from the default are marked, and
 * so are other options that are `given`, by their names.
 */
export function shownParams(
  params: SamplingParams,
  defaults: SamplingParams,
  given: readonly (readonly [name: string, value: string])[] = [],
): string {
  const rows = PARAM_NAMES.map((key) => {
    const name = key as keyof SamplingParams
    return [differs(name, params, defaults) ? '*' : ' ', key, writtenValue(params[name])]
  })
  return columns([...rows, ...given.map(([name, value]) => ['*', name, value])])
}

function differs(name: keyof SamplingParams, params: SamplingParams, from: SamplingParams): boolean {
  return writtenValue(params[name]) !== writtenValue(from[name])
}
