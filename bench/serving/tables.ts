import { renderStreams } from '../batch/table.js'
import type { BenchRecord } from '../record.js'
import { summarise } from '../statistics.js'
import { number, table } from '../tables.js'
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
  return [renderStreams(record), prefixTable(record), ...record.speculation.map(speculationTable)]
    .filter((section) => section !== '')
    .join('\n\n')
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
