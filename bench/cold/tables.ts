import type { BenchRecord, Machine } from '../record.js'
import { summarise } from '../statistics.js'
import { conditions, number, skipped, table } from '../tables.js'
import { PHASES, type Phases, type Result } from './phases.js'

/** A run of the bench of cold starts: every sample; medians are computed when it is rendered. */
export interface ColdRecord {
  readonly schema: 1
  readonly date: string
  readonly command: string
  readonly commit: string
  readonly machine: Machine
  readonly starts: readonly ColdStarts[]
  readonly skipped: BenchRecord['skipped']
}

/** The cold starts of a contestant with a model, each in a fresh process or browser. */
export interface ColdStarts {
  readonly contestant: string
  readonly model: string
  /** Of the model's file. */
  readonly bytes: number
  readonly samples: readonly Result[]
}

const HEADS: Readonly<Record<keyof Phases, string>> = {
  ...{ start: 'start', import: 'import', compile: 'compile', open: 'open' },
  ...{ load: 'load', token: 'first token' },
}

export function renderCold(record: ColdRecord): string {
  return [conditions(record), startTable(record.starts), skipped(record)]
    .filter((section) => section !== '')
    .join('\n\n')
}

function startTable(starts: readonly ColdStarts[]): string {
  const text = [
    'Milliseconds, medians of fresh processes, browsers and Workers with one thread; the file is in the page cache. A phase that cannot be',
    'told from the next one is part of that (–). In all: without the start, with the fastest and the slowest in brackets.',
  ].join('\n')
  const rows = starts.map(({ contestant, model, bytes, samples }) => {
    const totals = samples.map(totalOf)
    const { median, min, max } = summarise(totals)
    return [
      ...[contestant, samples[0].runtime, `${model}, ${(bytes / 1e6).toFixed(0)} MB`],
      ...PHASES.map((phase) => medianOf(samples, phase)),
      `${number(median)} (${number(min)}–${number(max)})`,
    ]
  })
  const head = ['contestant', 'runtime', 'model', ...PHASES.map((phase) => HEADS[phase]), 'in all']
  return `${text}\n\n${table(head, rows, 3)}`
}

/** What the library takes, from its first import to the first token. */
function totalOf({ start: _, ...phases }: Result): number {
  return PHASES.reduce((sum, phase) => sum + (phase === 'start' ? 0 : (phases[phase] ?? 0)), 0)
}

function medianOf(samples: readonly Result[], phase: keyof Phases): string {
  const known = samples.map((sample) => sample[phase]).filter((ms) => ms !== undefined)
  return known.length > 0 ? number(summarise(known).median) : '–'
}
