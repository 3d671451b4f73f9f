/** Sections of a record as Markdown. All ratios and medians are computed here, from the samples; see report.ts. */
import type { BenchRecord, ModelRecord, TestRecord } from './record.js'
import { summarise } from './statistics.js'

/** When, where and with what. */
export function conditions({
  date,
  commit,
  machine,
}: Pick<BenchRecord, 'date' | 'commit' | 'machine'>): string {
  const { cpu, cores, platform, node, v8, load } = machine
  return [
    `${date.slice(0, 10)}, commit ${commit}: ${cpu}, ${cores} cores, ${platform}, Node ${node} (V8 ${v8}).`,
    `Load average: ${load.before} before, ${load.after} after.`,
  ].join('\n')
}

export function settings({ settings: { repetitions, budgetMs } }: BenchRecord): string {
  const seconds = Number.isFinite(budgetMs)
    ? `, fewer or only a part of the test if they would take more than ${budgetMs / 1000} s`
    : ''
  return `Repetitions: ${repetitions}, alternating after a warm-up${seconds}.`
}

/** A table for each group of contestants that are compared with each other. */
export function speed(record: BenchRecord): string {
  const text = 'Tokens per second, median (slowest–fastest); a ratio below 1 means that dasllama is slower:'
  return [text, ...groups(record).map((group) => speedTable(record.models, group))].join('\n\n')
}

interface Group {
  readonly ours: readonly string[]
  readonly rivals: readonly string[]
}

/** Each rival with our contestants that it is compared with; our contestants without a rival form one group. */
export function groups({ contestants }: BenchRecord): Group[] {
  const ours = contestants.filter(({ against }) => against.length === 0).map(({ name }) => name)
  const byOurs = new Map<string, { ours: string[]; rivals: string[] }>()
  for (const { name, against } of contestants) {
    const present = ours.filter((name) => against.includes(name))
    if (against.length === 0) continue
    const group = byOurs.get(present.join()) ?? { ours: present, rivals: [] }
    group.rivals.push(name)
    byOurs.set(present.join(), group)
  }
  const alone = ours.filter((name) => ![...byOurs.values()].some((group) => group.ours.includes(name)))
  return [...byOurs.values(), ...(alone.length > 0 ? [{ ours: alone, rivals: [] }] : [])]
}

function speedTable(models: readonly ModelRecord[], { ours, rivals }: Group): string {
  const ratios = rivals.flatMap((rival) => ours.map((own) => ({ own, rival })))
  const head = ['model', 'test', 'threads', ...ours, ...rivals, ...ratios.map((r) => `${r.own} ÷ ${r.rival}`)]
  const rows = models.flatMap((model) =>
    testsOf(model, [...ours, ...rivals]).map(({ test, threads }) => {
      const of = (contestant: string) => find(model, { test, threads, contestant })
      return [
        model.name,
        test,
        String(threads),
        ...[...ours, ...rivals].map((name) => rate(of(name))),
        ...ratios.map(({ own, rival }) => ratioText(speedRatio(of(own), of(rival)))),
      ]
    }),
  )
  return table(head, rows, 2)
}

/** Which tests some of `contestants` have run, separately for each number of threads. */
export function testsOf(
  { tests }: ModelRecord,
  contestants: readonly string[],
): { test: string; threads: number }[] {
  const keys = tests
    .filter(({ contestant }) => contestants.includes(contestant))
    .map(({ test, threads }) => JSON.stringify({ test, threads }))
  return [...new Set(keys)].map((key) => JSON.parse(key))
}

type TestKey = Pick<TestRecord, 'test' | 'threads' | 'contestant'>

/** A contestant's measurement, if there is one. */
export function find({ tests }: ModelRecord, { test, threads, contestant }: TestKey): TestRecord | undefined {
  return tests.find(
    (one) =>
      one.test === test && one.threads === threads && one.contestant === contestant && one.samples.length > 0,
  )
}

/** `84.4 (80.1–85.0)`, in tokens per second; `2.1 (first 32)` for one sample that was cut short. */
export function rate(test: TestRecord | undefined): string {
  if (!test) return '–'
  const { median, min, max } = summarise(rates(test))
  const asked = Number(/\d+/.exec(test.test)?.[0])
  const notes = [
    ...(test.samples.length > 1 ? [`${number(min)}–${number(max)}`] : []),
    ...(test.tokens < asked ? [`first ${test.tokens}`] : []),
  ]
  return number(median) + (notes.length > 0 ? ` (${notes.join('; ')})` : '')
}

/** Tokens per second of each sample. */
export function rates({ tokens, samples }: TestRecord): number[] {
  return samples.map((ms) => (tokens * 1000) / ms)
}

/** Tokens per second. */
export function medianRate(test: TestRecord): number {
  return summarise(rates(test)).median
}

export function speedRatio(own: TestRecord | undefined, rival: TestRecord | undefined): number | undefined {
  if (!own || !rival) return undefined
  return medianRate(own) / medianRate(rival)
}

export function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '–' : ratio.toFixed(2)
}

export function memory({ models }: BenchRecord): string {
  const head = [
    'model',
    'tensors',
    'engine',
    'threads',
    'load',
    'memory in use',
    '÷ tensors',
    'process grew by',
    'after the tests',
  ]
  const rows = models.flatMap((model) =>
    model.loads.map(({ contestant, threads, ms, rssBefore, rssLoaded, end }) => [
      model.name,
      megabytes(model.tensorBytes),
      contestant,
      String(threads),
      `${number(ms)} ms`,
      end.engineBytes === undefined ? '–' : megabytes(end.engineBytes),
      end.engineBytes === undefined ? '–' : (end.engineBytes / model.tensorBytes).toFixed(2),
      growth(rssBefore, rssLoaded),
      growth(rssBefore, end.rss),
    ]),
  )
  const text =
    'Loading and memory. In use: weights, scratch and the pages of one f16 cache, as the engine reports. Process: resident bytes,' +
    '\nwhich include pages of a mapped file once they have been touched.'
  return [text, table(head, rows, 3), models.map(mix).join('\n')].join('\n\n')
}

function growth(before: number | undefined, after: number | undefined): string {
  return before === undefined || after === undefined ? '–' : megabytes(after - before)
}

/** A model's formats: the name of a format usually stands for a mix. */
function mix({ name, what, parameters, tensorBytes, formats, contextLength }: ModelRecord): string {
  const shares = formats.map(({ format, bytes }) => `${format} ${percent(bytes / tensorBytes)}`).join(', ')
  return `- ${name}: ${what}; ${(parameters / 1e6).toFixed(1)}M parameters (${shares}), ${contextLength} positions`
}

export function sizes({ sizes }: BenchRecord): string {
  if (!sizes) return ''
  const rows = sizes.files.map(({ file, bytes, gzipBytes }) => [file, kilobytes(bytes), kilobytes(gzipBytes)])
  rows.push(['the package: unpacked, tarball', kilobytes(sizes.unpackedBytes), kilobytes(sizes.tarballBytes)])
  return `Sizes:\n\n${table(['', 'bytes', 'gzip'], rows, 1)}`
}

export function contestants({ contestants }: BenchRecord): string {
  return contestants
    .map(({ name, how, runtime, versions }) => {
      const known = Object.entries(versions).map(([part, version]) => `${part} ${version}`)
      return `- ${name}: ${how} (${[runtime, ...known].join('; ')})`
    })
    .join('\n')
}

export function skipped({ skipped }: Pick<BenchRecord, 'skipped'>): string {
  if (skipped.length === 0) return ''
  return ['Left out:', '', ...skipped.map(({ what, why }) => `- ${what}: ${why}`)].join('\n')
}

/** `leading` columns are text, the others figures. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  leading: number,
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column < leading ? '---' : '---:'))
  return [head, rule, ...rows].map(line).join('\n')
}

/** Three figures, and all before the point. */
export function number(value: number): string {
  if (value >= 100) return value.toFixed(0)
  return value.toFixed(value >= 10 ? 1 : 2)
}

function percent(share: number): string {
  return share > 0 && share < 0.005 ? '<1%' : `${(share * 100).toFixed(0)}%`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1e3).toFixed(1)} kB`
}
