import type { Row } from '../../examples/responsive/browsers.mjs'
import type { BenchRecord, Machine } from '../record.js'
import { quantile } from '../statistics.js'
import { conditions, number, skipped, table } from '../tables.js'
import type { Result } from './program.js'

/** A run of the bench of engines in Workers; medians and ratios are worked out when it is rendered. */
export interface WorkerRecord {
  readonly schema: 1
  readonly date: string
  readonly command: string
  readonly commit: string
  readonly machine: Machine
  readonly speeds: readonly SpeedRecord[]
  readonly pages: readonly PageRecord[]
  readonly skipped: BenchRecord['skipped']
}

export interface SpeedRecord extends Result {
  /** `Node`, `Chromium page`. */
  readonly place: string
  readonly model: string
  /** Of a turn. */
  readonly tokens: number
}

export interface PageRecord {
  readonly browser: string
  readonly model: string
  readonly threads: number
  /** Whether the engine is in a Worker. */
  readonly worker: boolean
  readonly rows: readonly Row[]
}

/** How much of the speed in the thread the engine in a Worker is to reach, by how the names of models begin. */
const AIMS: Readonly<Record<string, number>> = { '135M': 0.95, '1.1B': 0.99 }

/** The longest task and the longest answer that a page may have, in milliseconds. */
const PAGE_MS = 50

export function renderWorker(record: WorkerRecord): string {
  const { speeds, pages } = record
  return [
    conditions(record),
    speeds.length > 0 ? speedTable(speeds) : '',
    pages.length > 0 ? pageTable(pages) : '',
    skipped(record),
  ]
    .filter((section) => section !== '')
    .join('\n\n')
}

function speedTable(speeds: readonly SpeedRecord[]): string {
  const rows = speeds.map((speed) => {
    const { place, runtime, model, threads, tokens, inThread, worker, isEqual } = speed
    const rate = (samples: readonly number[]) => number((1000 * tokens) / quantile(samples, 0.5))
    const cells = [
      String(threads),
      rate(inThread),
      rate(worker),
      ratioText(speed),
      isEqual ? 'yes' : '**no**',
    ]
    return [place, runtime, model, ...cells]
  })
  const aims = Object.entries(AIMS).map(([model, aim]) => `${aim} for ${model}`)
  const text = [
    'Decoding, tokens per second, medians of turns of both in one process or on one page; the ratio of the medians, with the',
    `quartiles of the ratios of each pair of turns. Aims: ${aims.join(', ')}; bold where one is missed.`,
  ].join('\n')
  const head = ['place', 'runtime', 'model', 'threads', 'in the thread', 'in a Worker', 'ratio', 'equal bits']
  return `${text}\n\n${table(head, rows, 3)}`
}

/** `0.97 (0.95–0.99)`. */
function ratioText({ model, inThread, worker }: SpeedRecord): string {
  const ratio = quantile(inThread, 0.5) / quantile(worker, 0.5)
  const pairs = inThread.map((ms, turn) => ms / worker[turn])
  const [low, high] = [0.25, 0.75].map((share) => quantile(pairs, share).toFixed(3))
  const text = `${ratio.toFixed(3)} (${low}–${high})`
  const [, aim = 0] = Object.entries(AIMS).find(([name]) => model.startsWith(name)) ?? []
  return ratio < aim ? `**${text}**` : text
}

function pageTable(pages: readonly PageRecord[]): string {
  const rows = pages.flatMap(({ browser, model, threads, worker, rows }) =>
    rows.map(({ work, ms, tokens, frames, ...longest }) => {
      const { longestTaskMs, longestAnswerMs, longestGapMs } = longest
      const bold = (text: string, value: number) => (worker && value >= PAGE_MS ? `**${text}**` : text)
      const rounded = (value: number) => bold(`${value.toFixed(0)} ms`, value)
      // Browsers report no shorter ones.
      const task =
        longestTaskMs === 0 ? '< 50 ms' : longestTaskMs === undefined ? '–' : rounded(longestTaskMs)
      return [
        ...[browser, model, String(threads), String(worker), work],
        ...[tokens > 0 ? `${tokens}` : '–', `${(ms / 1000).toFixed(1)} s`, ((1000 * frames) / ms).toFixed(0)],
        ...[task, rounded(longestAnswerMs), rounded(longestGapMs)],
      ]
    }),
  )
  const text = [
    'A page meanwhile: its longest task, as far as the browser reports tasks, the longest time until it answered a message of',
    `another thread, and the longest time between two ticks of a timer of 10 ms; bold where one is not below ${PAGE_MS} ms with the`,
    'engine in a Worker.',
  ].join('\n')
  const head = [
    ...['browser', 'model', 'threads', 'worker', 'while', 'tokens', 'time', 'frames/s'],
    ...['longest task', 'longest answer', 'longest gap'],
  ]
  return `${text}\n\n${table(head, rows, 5)}`
}
