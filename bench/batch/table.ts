/** A record of sequences that were decoded together, as Markdown. */
import type { BenchRecord, ModelRecord, SoloRecord } from '../record.js'
import {
  conditions,
  contestants,
  find,
  medianRate,
  rate,
  ratioText,
  settings,
  skipped,
  speedRatio,
  table,
  testsOf,
} from '../tables.js'
import { batchTestName, sequencesOf } from './turns.js'

/** Several sequences are to give so many times the tokens per second of one, decoded by two threads. */
const AIMS: readonly { readonly sequences: number; readonly threads: number; readonly times: number }[] = [
  { sequences: 4, threads: 2, times: 2 },
  { sequences: 8, threads: 2, times: 3 },
]

export function renderBatches(record: BenchRecord): string {
  return renderWith(record, 'each step one token for every sequence')
}

/** The same of sequences that choose their ids themselves. */
export function renderStreams(record: BenchRecord): string {
  return renderWith(record, 'from the first token, which is given, to the end of the last text')
}

function renderWith(record: BenchRecord, what: string): string {
  const sections = [conditions(record), settings(record), speedTable(record, what), soloText(record)]
  return [...sections, contestants(record), skipped(record)].filter((section) => section !== '').join('\n\n')
}

/** Whether all sequences had, bit by bit, the logits that they have alone. */
export function isAsSolo({ models }: BenchRecord): boolean {
  return models.every(({ solo = [] }) => solo.every(({ differing }) => differing.length === 0))
}

/** A row for each model, number of threads and number of sequences. */
function speedTable({ models, contestants }: BenchRecord, what: string): string {
  const ours = contestants.filter(({ against }) => against.length === 0).map(({ name }) => name)
  const rivals = contestants.filter(({ against }) => against.length > 0).map(({ name }) => name)
  const names = [...ours, ...rivals]
  const pairs = ours.flatMap((own) => rivals.map((rival) => ({ own, rival })))
  const rows = models.flatMap((model) =>
    testsOf(model, names).map(({ test, threads }) => {
      const of = (contestant: string) => find(model, { test, threads, contestant })
      return [
        model.name,
        String(threads),
        String(sequencesOf(test)),
        ...names.flatMap((name) => [
          rate(of(name)),
          timesText(
            timesOfOne(model, { test, threads, contestant: name }),
            ours.includes(name) ? aimOf(test, threads) : 0,
          ),
        ]),
        ...pairs.map(({ own, rival }) => ratioText(speedRatio(of(own), of(rival)))),
      ]
    }),
  )
  const head = [
    ...['model', 'threads', 'sequences'],
    ...names.flatMap((name) => [name, '× one']),
    ...pairs.map(({ own, rival }) => `${own} ÷ ${rival}`),
  ]
  const aims = AIMS.map(({ sequences, times }) => `${sequences} sequences ${times.toFixed(1)} × one`).join(
    ', ',
  )
  const text = [
    `Tokens per second of all sequences together, median (slowest–fastest), ${what}.`,
    `Aims of dasllama with two threads: ${aims}; bold if missed.`,
  ].join('\n')
  return `${text}\n\n${table(head, rows, 1)}`
}

/** How many times the tokens per second of one sequence; undefined where one was not measured. */
function timesOfOne(
  model: ModelRecord,
  { test, threads, contestant }: { test: string; threads: number; contestant: string },
): number | undefined {
  const steps = Number(/\d+/.exec(test)?.[0])
  const several = find(model, { test, threads, contestant })
  const one = find(model, { test: batchTestName(steps, 1), threads, contestant })
  return several && one && medianRate(several) / medianRate(one)
}

function aimOf(test: string, threads: number): number {
  return AIMS.find((aim) => aim.sequences === sequencesOf(test) && aim.threads === threads)?.times ?? 0
}

function timesText(times: number | undefined, aim: number): string {
  if (times === undefined) return '–'
  return times < aim ? `**${ratioText(times)}**` : ratioText(times)
}

function soloText({ models }: BenchRecord): string {
  const solo = models.flatMap(({ name, solo = [] }) => solo.map((each) => ({ model: name, ...each })))
  if (solo.length === 0) return ''
  const wrong = solo.filter(({ differing }) => differing.length > 0)
  if (wrong.length === 0) {
    const whose = [...new Set(solo.map(({ contestant }) => contestant))].join(', ')
    const steps = Math.min(...solo.map(({ steps }) => steps))
    return `Checked: with every number of sequences each of them has the logits that it has alone, to the last bit (${whose}; ${steps} tokens each).`
  }
  return ['**Logits differ from those of the sequence alone:**', '', ...wrong.map(differingText)].join('\n')
}

function differingText({ model, contestant, threads, differing }: SoloRecord & { model: string }): string {
  return `- ${model}, ${contestant}, threads: ${threads}: with ${differing.join(', ')} sequences`
}
