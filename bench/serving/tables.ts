import { renderStreams } from '../batch/table.js'
import type { BenchRecord } from '../record.js'
import { summarise } from '../statistics.js'
import { find, number, ratioText, speedRatio, table, testsOf } from '../tables.js'
import type { PrefixTimes } from './prefix.js'
import { renderSpeculation, type SpeculationRow } from './speculation.js'

/** A run of the bench of serving. */
export interface ServingRecord extends BenchRecord {
  readonly prefixes: readonly PrefixRecord[]
  readonly speculation: readonly SpeculationRecord[]
}

/** Texts of a model without and with guessed tokens. */
export interface SpeculationRecord {
  readonly model: string
  readonly threads: number
  readonly rows: readonly SpeculationRow[]
}

/** Times to the first token of prompts with a common beginning, in milliseconds. */
export interface PrefixRecord extends PrefixTimes {
  readonly model: string
  readonly threads: number
  readonly common: number
  readonly own: number
}

/** What the second prompt may take of the first one's time. */
const MAX_SHARE = 0.1

export function renderServing(record: ServingRecord): string {
  return [
    renderStreams(record),
    httpTable(record),
    prefixTable(record),
    ...record.speculation.map(speculationTable),
  ]
    .filter((section) => section !== '')
    .join('\n\n')
}

/** Contestants that generate in sessions, alone and behind the server. */
const SESSIONS = 'dasllama'
export const HTTP_NAME = 'dasllama over HTTP'
/** What one stream over HTTP is to reach of the same without. */
const MIN_OVER_HTTP = 0.97

function httpTable({ models }: ServingRecord): string {
  const rows = models.flatMap((model) =>
    testsOf(model, [HTTP_NAME]).flatMap(({ test, threads }) => {
      const of = (contestant: string) => find(model, { test, threads, contestant })
      const ratio = speedRatio(of(HTTP_NAME), of(SESSIONS))
      if (ratio === undefined) return []
      const isMissed = test.endsWith('x1') && ratio < MIN_OVER_HTTP
      return [[model.name, test, String(threads), isMissed ? `**${ratioText(ratio)}**` : ratioText(ratio)]]
    }),
  )
  if (rows.length === 0) return ''
  const text = `Streams over HTTP, of the speed of session.generate. Aim for one stream: ${MIN_OVER_HTTP}; bold if missed.`
  return `${text}\n\n${table(['model', 'test', 'threads', 'over HTTP ÷ in the program'], rows, 3)}`
}

function prefixTable({ prefixes }: ServingRecord): string {
  if (prefixes.length === 0) return ''
  const text = [
    'Time to the first token over HTTP, milliseconds, median (fastest–slowest): of a prompt, of the next one with the same beginning, and of',
    `one with only the own tokens. Aim: the second at most ${MAX_SHARE} of the first; bold if missed.`,
  ].join('\n')
  const rows = prefixes.map(({ model, threads, common, own, first, second, alone }) => {
    const share = summarise(second).median / summarise(first).median
    return [
      model,
      String(threads),
      `${common} + ${own}`,
      ...[first, second, alone].map(span),
      share > MAX_SHARE ? `**${share.toFixed(3)}**` : share.toFixed(3),
    ]
  })
  const head = ['model', 'threads', 'common + own tokens', 'first', 'second', 'own alone', 'second ÷ first']
  return `${text}\n\n${table(head, rows, 1)}`
}

function speculationTable({ model, threads, rows }: SpeculationRecord): string {
  return `Guessed tokens, ${model}, threads: ${threads}; medians of turns, computing only.\n\n${renderSpeculation(rows)}`
}

function span(samples: readonly number[]): string {
  const { median, min, max } = summarise(samples)
  return `${number(median)} (${number(min)}–${number(max)})`
}
