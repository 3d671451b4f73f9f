/** The README's few figures: each rival beside the contestant of ours in the same place, over all models that both ran. */
import { threadsText } from './limits/table.js'
import { ratioPlot } from './plot.js'
import type { BenchRecord, ContestantRecord } from './record.js'
import { find, medianRate, number, table } from './tables.js'

/** Ours with the settings that everyone gets, in Node and on a page. */
const OURS = ['dasllama', 'dasllama in Chromium']

const KINDS = [
  { prefix: 'pp', name: 'prompt' },
  { prefix: 'tg', name: 'generation' },
] as const

/** Two contestants, and the models of which both have figures. */
interface Pair {
  readonly own: ContestantRecord
  readonly rival: ContestantRecord
  readonly models: readonly {
    readonly name: string
    /** Tokens per second for each of `KINDS`. */
    readonly rates: readonly { readonly own: number; readonly rival: number }[]
  }[]
}

/** The largest number of threads that a record has. */
function mostThreads({ models }: BenchRecord): number {
  return Math.max(...models.flatMap(({ tests }) => tests.map(({ threads }) => threads)))
}

/** Throws if there are none. */
function pairs(record: BenchRecord): Pair[] {
  const threads = mostThreads(record)
  const all = record.contestants.filter(({ name }) => OURS.includes(name))
  const compared = all
    .flatMap((own) =>
      record.contestants
        .filter(({ against }) => against.includes(own.name))
        .map((rival) => ({ own, rival, models: comparedModels(record, own.name, rival.name, threads) })),
    )
    .filter(({ models }) => models.length > 0)
  if (compared.length === 0) throw new Error('the record compares nothing')
  return compared
}

function comparedModels(
  { models }: BenchRecord,
  own: string,
  rival: string,
  threads: number,
): Pair['models'] {
  return models.flatMap((model) => {
    const rates = KINDS.flatMap(({ prefix }) => {
      const test = model.tests.find((one) => one.test.startsWith(prefix) && one.threads === threads)?.test
      const of = (contestant: string) => test && find(model, { test, threads, contestant })
      const [ours, theirs] = [of(own), of(rival)]
      return ours && theirs ? [{ own: medianRate(ours), rival: medianRate(theirs) }] : []
    })
    return rates.length === KINDS.length ? [{ name: model.name, rates }] : []
  })
}

const ratiosOf = ({ models }: Pair, kind: number): number[] =>
  models.map(({ rates }) => rates[kind].own / rates[kind].rival)

/** Markdown: a row for each rival, with the smallest and the largest ratio. `chart`: the path of `headlinePlot`'s drawing. */
export function renderHeadline(record: BenchRecord, chart: string): string {
  const { date, machine } = record
  const rows = pairs(record).map((pair) => {
    const { own, rival, models } = pair
    const [example] = models
    const rates = KINDS.map((_, kind) => {
      const { own: ours, rival: theirs } = example.rates[kind]
      return `${number(ours)} : ${number(theirs)}`
    })
    return [
      shortRuntime(own.runtime),
      rivalText(rival),
      String(models.length),
      ...KINDS.map((_, kind) => rangeText(ratiosOf(pair, kind))),
      `${example.name}: ${rates.join(', ')}`,
    ]
  })
  const head = [
    'dasllama in',
    'compared with',
    'models',
    ...KINDS.map(({ name }) => name),
    'tokens per second',
  ]
  return [
    table(head, rows, 2),
    '',
    "dasllama's speed divided by the rival's, smallest to largest of the models; below 1 the rival is faster. Medians with",
    `${threadsText(mostThreads(record))} on both sides, in the same run: ${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ${machine.platform}, load average`,
    `${machine.load.before} before and ${machine.load.after} after.`,
    'The last column has the speeds for one of the models, ours first: prompt, generation.',
    '',
    `![Speed compared with rivals, as bars](${chart})`,
  ].join('\n')
}

/** Bars for each rival: the geometric means of the models' ratios. */
export function headlinePlot(record: BenchRecord): string {
  const { date, machine } = record
  const groups = pairs(record).map((pair) => ({
    label: `${pair.rival.name}, ${shortRuntime(pair.own.runtime)}`,
    ratios: KINDS.map((_, kind) => geometricMean(ratiosOf(pair, kind))),
  }))
  return ratioPlot({
    title: `dasllama ÷ rival, geometric mean over models (${date.slice(0, 10)}, ${machine.cpu}, ${threadsText(mostThreads(record))})`,
    less: 'dasllama is slower',
    more: 'faster',
    series: KINDS.map(({ name }) => name),
    groups,
  })
}

function rangeText(ratios: readonly number[]): string {
  const [least, most] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)]
  return least === most ? `${least} ×` : `${least}–${most} ×`
}

function geometricMean(values: readonly number[]): number {
  return 2 ** (values.reduce((sum, value) => sum + Math.log2(value), 0) / values.length)
}

/** `Node 24` of `Node 24.21.0 (V8 13.6)`. */
function shortRuntime(runtime: string): string {
  return /^\w+ \d+/.exec(runtime)?.[0] ?? runtime
}

/** A rival's name with the version of its package: `wllama 2.3.1`, `llama.cpp (node-llama-cpp 3.22.1)`. */
function rivalText({ name, versions }: ContestantRecord): string {
  const packages = Object.entries(versions).filter(([, version]) => /^\d[\w.-]*$/.test(version))
  const [first, ...rest] = name.split(' ')
  const own = packages.find(([part]) => part === first)
  if (!own) return `${name} (${packages.map((each) => each.join(' ')).join(', ')})`
  return [...own, ...rest.filter((word) => !own[1].startsWith(word))].join(' ')
}
