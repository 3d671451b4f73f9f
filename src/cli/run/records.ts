import type { GeneratedToken, Generation, Model, SessionStats } from '../../index.js'
import type { SamplingParams } from '../../sampling/index.js'
import { writtenValue } from '../arguments/sampling-options.js'
import { logprobsObjects } from './report.js'
import { type Run, settingObject } from './sweep.js'

/** A finished text with its statistics. */
export interface Result {
  readonly run: Run
  readonly generation: Generation
  readonly tokens: readonly GeneratedToken[]
  readonly stats: SessionStats
}

export interface RecordOptions {
  readonly withLogprobs: boolean
  /** Whether there is a response format, for which a text may be incomplete. */
  readonly withFormat: boolean
  /** Whether to include prompt and settings. */
  readonly withSettings: boolean
}

/** A result as an object for JSON. */
export function record(
  { run, generation, tokens, stats }: Result,
  model: Model,
  { withLogprobs, withFormat, withSettings }: RecordOptions,
): object {
  const { promptIds, ids, text, stopReason, stoppedBy, isComplete } = generation
  const { content, input } = run.prompt
  return {
    ...(withSettings && typeof content === 'string' && { prompt: content }),
    ...(withSettings && input && { input }),
    ...(withSettings && { settings: settingObject(run.setting) }),
    promptIds,
    ids,
    text,
    stats,
    stopReason,
    stoppedBy,
    seed: run.seed,
    ...(withFormat && { isComplete }),
    ...(withLogprobs && { logprobs: logprobsObjects(tokens, model) }),
  }
}

const NUMBERS = [
  'nPrompt',
  'nCached',
  'nGen',
  'ttftMs',
  'prefillTps',
  'genTps',
] as const satisfies readonly (keyof SessionStats)[]

/** The header of a table of results. `settings`: the parameters that have a column. */
export function csvHeader(settings: readonly (keyof SamplingParams)[]): string {
  return csvLine(['prompt', ...settings, 'seed', 'text', 'stopReason', ...NUMBERS])
}

/** A result as a line of a table. */
export function csvRow(
  { run, generation, stats }: Result,
  settings: readonly (keyof SamplingParams)[],
): string {
  const { prompt, setting, seed } = run
  const { text, stopReason } = generation
  return csvLine([
    String(prompt.content),
    ...settings.map((key) => writtenValue(setting.params[key])),
    String(seed),
    text,
    String(stopReason),
    ...NUMBERS.map((key) => String(Number(stats[key].toFixed(3)))),
  ])
}

function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
  return `${quoted.join(',')}\n`
}
