import { DEFAULT_SAMPLING, type SamplingParams } from '../../sampling/index.js'
import type { Option, OptionTable } from '../arguments/options.js'
import {
  type SamplingOptions,
  sampling,
  samplingOptions,
  samplingParams,
} from '../arguments/sampling-options.js'
import { UsageError } from '../arguments/usage-error.js'
import type { Prompt } from './prompts.js'

/** Limit on combinations. */
const MAX_SETTINGS = 10_000

/** A table in which each number may be a list: one text per value. */
type Swept<Table extends OptionTable> = {
  [Name in keyof Table]: Table[Name] extends Option<number | undefined>
    ? Option<readonly number[]>
    : Table[Name]
}

/** Lets every number of a table be a comma-separated list. */
function swept<Table extends OptionTable>(table: Table): Swept<Table> {
  const entries = Object.entries(table).map(([key, option]) => [
    key,
    option.isNumber ? several(option) : option,
  ])
  return Object.fromEntries(entries) as Swept<Table>
}

function several(option: Option<number>): Option<readonly number[]> {
  const { bare: _, ...rest } = option
  return {
    ...rest,
    fallback: [option.fallback],
    show: (numbers) => numbers.join(','),
    read: (text) => [...new Set(text.split(',').map((part) => option.read(part.trim(), option.fallback)))],
  }
}

/** The sampling options, each number of which may be a list. */
export const sweptSampling = {
  ending: swept(sampling.ending),
  choosing: swept(sampling.choosing),
  repetition: swept(sampling.repetition),
  tokens: swept(sampling.tokens),
}

/** One combination of sampling parameters, and how it differs from the others of the sweep. */
export interface Setting {
  readonly params: SamplingParams
  /** The options that vary, with this setting's values. */
  readonly varied: Partial<Readonly<Record<keyof SamplingParams, number>>>
}

/** One text of a sweep. */
export interface Run {
  readonly prompt: Prompt
  readonly setting: Setting
  readonly seed: number
}

type SweptValues = {
  readonly [Name in keyof SamplingOptions]: readonly number[] | SamplingParams[Name]
}

/**
 * Every combination of the options' values, in the order of --help; the last option varies fastest. Throws `UsageError`
 * for invalid values and for too many combinations.
 */
export function settings(values: SweptValues): Setting[] {
  const numbers = Object.keys(samplingOptions).filter(
    (key) => samplingOptions[key as keyof SamplingOptions].isNumber,
  )
  const lists = numbers.map((key) => values[key as keyof SamplingOptions] as readonly number[])
  const count = lists.reduce((product, list) => product * list.length, 1)
  if (count > MAX_SETTINGS) {
    throw new UsageError(`${count} combinations of settings; the limit is ${MAX_SETTINGS}`)
  }
  let combinations: Record<string, number>[] = [{}]
  for (const [i, key] of numbers.entries()) {
    combinations = combinations.flatMap((so) => lists[i].map((value) => ({ ...so, [key]: value })))
  }
  const isVaried = numbers.filter((_, i) => lists[i].length > 1)
  return combinations.map((combination) => ({
    params: samplingParams({ ...values, ...combination } as Parameters<typeof samplingParams>[0]),
    varied: Object.fromEntries(isVaried.map((key) => [key, combination[key]])),
  }))
}

/** All texts of a sweep: by prompt, then by setting, then by seed. */
export function* sweep(
  prompts: readonly Prompt[],
  settings: readonly Setting[],
  seeds: readonly number[],
): Generator<Run> {
  for (const prompt of prompts) {
    for (const setting of settings) for (const seed of seeds) yield { prompt, setting, seed }
  }
}

/** The sampling parameters that get a column: all given ones, in the order of --help. */
export function settingKeys(given: readonly string[]): (keyof SamplingParams)[] {
  return (Object.keys(samplingOptions) as (keyof SamplingParams)[]).filter((key) => given.includes(key))
}

/** All parameters of a setting, defaults included, as JSON values. */
export function settingObject({ params }: Setting): Record<string, unknown> {
  const all = { ...DEFAULT_SAMPLING, ...params }
  const bias = Object.entries(all.logitBias).map(([id, value]) => [
    id,
    Number.isFinite(value) ? value : '-inf',
  ])
  return { ...all, logitBias: Object.fromEntries(bias) }
}
