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

/** The names accepted by `/params`: those of the library. */
export const PARAM_NAMES: readonly string[] = Object.keys(samplingOptions)

/** A parameter's name in `/params`. */
const nameOf = (key: string) => key

/**
 * Applies changes such as `temp=0.7`, `ignoreEos` or `ignoreEos=false` to parameters; `temp=` restores the default. The
 * command line's names are accepted, too. Throws `UsageError`.
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

const LENGTH = 'use --max-tokens when starting the program'

/** Settings that are not sampling parameters, and where they are set. */
const AT_START: Readonly<Record<string, string>> = {
  maxTokens: LENGTH,
  max_tokens: LENGTH,
  seed: 'use --seed when starting the program',
  contextLength: 'use --context when starting the program',
  stop: 'use --stop when starting the program',
  system: '/system sets it',
}

/** An option with a current value that can be reset. */
function changeable(option: Option<unknown>, current: unknown, byDefault: unknown): Option<unknown> {
  const isFlag = option.placeholder === undefined
  const { read, ...rest } = isFlag ? { ...option, ...SWITCH } : option
  return {
    ...rest,
    fallback: current ?? byDefault,
    read: (text, before) => (text === '' ? byDefault : read(text, before)),
  }
}

/** Turns a flag into an option that can be switched off again. */
const SWITCH = {
  placeholder: 'true|false',
  bare: true,
  read(text: string) {
    if (text !== 'true' && text !== 'false') throw new Error('must be true or false')
    return text === 'true'
  },
}

/** The parameters that differ from the `usual` ones: `temp 0.7, topK 40`. */
export function briefParams(params: SamplingParams, usual: SamplingParams): string {
  return PARAM_NAMES.filter((key) => differs(key as keyof SamplingParams, params, usual))
    .map((key) => `${key} ${writtenValue(params[key as keyof SamplingParams])}`)
    .join(', ')
}

/**
 * The parameters as a table, with the names of `changedParams`. Marks those that differ from the default, and the other
 * options that were `given`.
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
