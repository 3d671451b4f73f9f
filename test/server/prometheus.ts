/** A metric of Prometheus' text format, with its samples. */
export interface MetricFamily {
  readonly type: string
  readonly help: string
  readonly samples: {
    readonly name: string
    readonly labels: Record<string, string>
    readonly value: number
  }[]
  /** Of a histogram. */
  count?: number
}

/** Reads Prometheus' text format, version 0.0.4. Throws for whatever Prometheus would reject. */
export function parsePrometheus(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line must end')
  const families = new Map<string, MetricFamily>()
  const help = new Map<string, string>()
  let current: [name: string, family: MetricFamily] | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line) ?? []
    if (kind === 'HELP') help.set(name, rest)
    else if (kind === 'TYPE') {
      if (families.has(name)) throw new Error(`${name} is declared twice`)
      if (!['counter', 'gauge', 'histogram'].includes(rest)) throw new Error(`unknown type: ${line}`)
      current = [name, { type: rest, help: help.get(name) ?? '', samples: [] }]
      families.set(...current)
    } else if (current) addSample(line, ...current)
    else throw new Error(`a sample before any TYPE: ${line}`)
  }
  for (const [name, family] of families) checkFamily(name, family)
  return families
}

function addSample(line: string, name: string, family: MetricFamily): void {
  const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
  if (!match) throw new Error(`not a sample: ${line}`)
  const suffix = match[1].slice(name.length)
  const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
  if (!match[1].startsWith(name) || !suffixes.includes(suffix))
    throw new Error(`${match[1]} is within ${name}`)
  const value = Number(match[3])
  if (Number.isNaN(value)) throw new Error(`not a number: ${line}`)
  const sample = { name: match[1], labels: labelsOf(match[2] ?? ''), value }
  const isSame = (other: typeof sample) =>
    other.name === sample.name && JSON.stringify(other.labels) === JSON.stringify(sample.labels)
  if (family.samples.some(isSame)) throw new Error(`twice: ${line}`)
  family.samples.push(sample)
  if (suffix === '_count') family.count = value
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  const pair = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text)
    if (!match) throw new Error(`not labels: ${text}`)
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

function checkFamily(name: string, { type, samples, count }: MetricFamily): void {
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`${name} should end with _total`)
  if (type === 'counter' && samples.some(({ value }) => value < 0)) throw new Error(`${name} is negative`)
  if (type !== 'histogram') return
  const buckets = samples.filter((sample) => sample.name.endsWith('_bucket'))
  const values = buckets.map(({ value }) => value)
  if (buckets.at(-1)?.labels.le !== '+Inf' || values.at(-1) !== count)
    throw new Error(`${name}: no last bucket`)
  if (values.some((value, i) => i > 0 && value < values[i - 1])) throw new Error(`${name}: buckets shrink`)
}
