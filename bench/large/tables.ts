import type { BenchRecord, Machine } from '../record.js'
import { quantile } from '../statistics.js'
import { conditions, number, skipped, table } from '../tables.js'
import type { Result as Pairs } from '../worker/program.js'
import type { Result } from './program.js'

/** A run of the bench of models past one memory. */
export interface LargeRecord {
  readonly schema: 1
  readonly date: string
  readonly command: string
  readonly commit: string
  readonly machine: Machine
  readonly model: string
  readonly fileBytes: number
  readonly runs: readonly LargeRun[]
  /** A model that fits into one memory, in one and in two. */
  readonly crossing: (Pairs & { readonly model: string; readonly tokens: number }) | undefined
  readonly skipped: BenchRecord['skipped']
}

export interface LargeRun extends Result {
  /** `Node`, `Chromium page`, `llama.cpp`. */
  readonly place: string
  /** Milliseconds of reading the file once into new memory, right before. */
  readonly readMs: number
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`

/** What loading may take, and crossing may cost. */
const MOST_READS = 1.5
const LEAST_RATIO = 0.97

export function renderLarge(record: LargeRecord): string {
  const { runs, model, fileBytes, crossing } = record
  const sections = [
    conditions(record),
    `${model}, a file of ${mib(fileBytes)}: loading is to take at most ${MOST_READS} × reading the file once into new memory; bold if missed.`,
    runTable(runs),
    idsText(runs),
    crossing ? crossingText(crossing) : '',
    skipped(record),
  ]
  return sections.filter((section) => section !== '').join('\n\n')
}

function runTable(runs: readonly LargeRun[]): string {
  const rows = runs.map((run) => {
    const { place, runtime, threads, loadMs, readMs, memories, tokenMs } = run
    const ratio = loadMs / readMs
    const times = `${ratio.toFixed(2)} ×`
    const parts = memories.map(
      ({ firstLayer, layers, modelBytes, sessionBytes }) =>
        `${firstLayer} to ${firstLayer + layers - 1}: ${mib(modelBytes + sessionBytes)}`,
    )
    return [
      ...[place, runtime, String(threads), seconds(readMs), seconds(loadMs)],
      ratio > MOST_READS && parts.length > 0 ? `**${times}**` : times,
      parts.length > 0 ? parts.join('; ') : '–',
      number(1000 / quantile(tokenMs, 0.5)),
    ]
  })
  const head = [
    'place',
    'runtime',
    'threads',
    'reading',
    'loading',
    'ratio',
    'memories, by layers',
    'tokens/s',
  ]
  return table(head, rows, 2)
}

function idsText(runs: readonly LargeRun[]): string {
  const native = runs.find(({ place }) => place === 'llama.cpp')
  if (!native) return ''
  return runs
    .filter((run) => run !== native)
    .map(({ place, ids }) => {
      const different = ids.findIndex((id, i) => id !== native.ids[i])
      return different < 0
        ? `${place}: the same ${ids.length} tokens as llama.cpp.`
        : `${place}: **token ${different} differs from llama.cpp's**.`
    })
    .join('\n')
}

function crossingText({
  model,
  threads,
  tokens,
  inThread,
  worker,
  isEqual,
}: Pairs & { model: string; tokens: number }) {
  const ratio = quantile(inThread, 0.5) / quantile(worker, 0.5)
  const text = ratio < LEAST_RATIO ? `**${ratio.toFixed(3)}**` : ratio.toFixed(3)
  const rate = (samples: readonly number[]) => number((1000 * tokens) / quantile(samples, 0.5))
  return [
    `${model} decoded in one memory and in two, threads: ${threads}, medians of turns in one process: ${rate(inThread)} and ${rate(worker)} tokens per second,`,
    `ratio ${text} (aim: ${LEAST_RATIO}); ${isEqual ? 'equal bits' : '**other bits**'}.`,
  ].join('\n')
}
