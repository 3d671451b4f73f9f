/** A record as Markdown. All ratios and medians are worked out here, from the samples. */
import type { BenchRecord, ModelRecord, TestRecord } from './record.js'
import { summarise } from './statistics.js'

/** The whole record. The first contestant is the one that the others are compared with. */
export function renderRecord(record: BenchRecord): string {
  return joined(
    conditions(record),
    settings(record),
    speed(record),
    memory(record),
    sizes(record),
    contestants(record),
    skipped(record),
  )
}

/** What fits a page about something else: speed, sizes and who took part. */
export function renderSummary(record: BenchRecord): string {
  return joined(
    conditions(record),
    settings(record),
    speed(record),
    sizes(record),
    contestants(record),
    skipped(record),
  )
}

function joined(...sections: readonly string[]): string {
  return sections.filter((section) => section !== '').join('\n\n')
}

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

function settings({ settings: { threads, repetitions } }: BenchRecord): string {
  return `Threads: ${threads} each. Repetitions: ${repetitions}, taken in turns after one that does not count.`
}

function speed({ contestants, models }: BenchRecord): string {
  const [ours, ...rivals] = contestants.map(({ name }) => name)
  const head = ['model', 'test', ours, ...rivals.flatMap((rival) => [rival, `${ours} ÷ ${rival}`])]
  const rows = models.flatMap(({ name, tests }) =>
    [...new Set(tests.map(({ test }) => test))].map((test) => {
      const of = (contestant: string) =>
        tests.find((candidate) => candidate.test === test && candidate.contestant === contestant)
      const own = of(ours)
      return [
        name,
        test,
        rate(own),
        ...rivals.flatMap((rival) => [rate(of(rival)), speedRatio(own, of(rival))]),
      ]
    }),
  )
  return `Tokens a second, median (slowest–fastest); a ratio below 1 means that ${ours} is slower:\n\n${table(head, rows, 2)}`
}

function rate(test: TestRecord | undefined): string {
  if (!test) return '–'
  const { median, min, max } = summarise(test.samples.map((ms) => (test.tokens * 1000) / ms))
  return `${number(median)} (${number(min)}–${number(max)})`
}

/** Of speeds, so the other way round than of times. */
function speedRatio(own: TestRecord | undefined, rival: TestRecord | undefined): string {
  if (!own || !rival) return '–'
  return (summarise(rival.samples).median / summarise(own.samples).median).toFixed(2)
}

function memory({ models }: BenchRecord): string {
  const head = [
    'model',
    'tensors',
    'engine',
    'load',
    'memory in use',
    '÷ tensors',
    'process grew by',
    'after the tests',
  ]
  const rows = models.flatMap((model) =>
    model.loads.map(({ contestant, ms, rssBefore, rssLoaded, end }) => [
      model.name,
      megabytes(model.tensorBytes),
      contestant,
      `${number(ms)} ms`,
      end.engineBytes === undefined ? '–' : megabytes(end.engineBytes),
      end.engineBytes === undefined ? '–' : (end.engineBytes / model.tensorBytes).toFixed(2),
      megabytes(rssLoaded - rssBefore),
      megabytes(end.rss - rssBefore),
    ]),
  )
  const text =
    'Loading and memory. In use: weights, scratch and one f16 cache, as the engine counts. Process: resident bytes,' +
    '\nwhere pages of a mapped file count once they have been touched.'
  return [text, table(head, rows, 3), models.map(mix).join('\n')].join('\n\n')
}

/** What a model consists of: the name of a format mostly stands for a mix. */
function mix({ name, what, parameters, tensorBytes, formats, contextLength }: ModelRecord): string {
  const shares = formats.map(({ format, bytes }) => `${format} ${percent(bytes / tensorBytes)}`).join(', ')
  return `- ${name}: ${what}; ${(parameters / 1e6).toFixed(1)}M parameters (${shares}), ${contextLength} positions`
}

function sizes({ sizes }: BenchRecord): string {
  const rows = sizes.files.map(({ file, bytes, gzipBytes }) => [file, kilobytes(bytes), kilobytes(gzipBytes)])
  rows.push(['the package: unpacked, tarball', kilobytes(sizes.unpackedBytes), kilobytes(sizes.tarballBytes)])
  return `Sizes:\n\n${table(['', 'bytes', 'gzip'], rows, 1)}`
}

function contestants({ contestants }: BenchRecord): string {
  return contestants
    .map(({ name, how, versions }) => {
      const known = Object.entries(versions).map(([part, version]) => `${part} ${version}`)
      return `- ${name}: ${how} (${known.join('; ')})`
    })
    .join('\n')
}

function skipped({ skipped }: BenchRecord): string {
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
function number(value: number): string {
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
