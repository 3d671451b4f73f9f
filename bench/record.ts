import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import type { Memory } from './hosts/protocol.js'
import type { LimitRecord } from './limits/record.js'
import type { Work } from './models/work.js'
import type { PackageSizes } from './sizes.js'

/** One run of the benchmark: what was measured, on what, and every sample. Nothing derived: tables do that. */
export interface BenchRecord {
  /** The version of this layout. */
  readonly schema: 2
  /** ISO 8601, when the run began. */
  readonly date: string
  readonly command: string
  /** Short hash, with a `+` when files differed from it. */
  readonly commit: string
  readonly machine: Machine
  readonly settings: Settings
  readonly contestants: readonly ContestantRecord[]
  readonly models: readonly ModelRecord[]
  /** Tests that were requested but did not run. */
  readonly skipped: readonly { readonly what: string; readonly why: string }[]
  readonly limits?: readonly LimitRecord[]
  readonly sizes?: PackageSizes
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  /** `linux x64`. */
  readonly platform: string
  /** The runtime of the benchmark itself. */
  readonly node: string
  readonly v8: string
  /** Runnable processes, averaged over a minute: more than about 1 means that other processes were busy. */
  readonly load: { readonly before: number; readonly after: number }
}

export interface Settings {
  /** Samples of a test and contestant, unless they took too long. */
  readonly repetitions: number
  /** The maximum total time of a contestant's samples, except the first. */
  readonly budgetMs: number
}

export interface ContestantRecord {
  readonly name: string
  readonly how: string
  /** `Node 24.1.0 (V8 13.6)`. */
  readonly runtime: string
  readonly versions: Readonly<Record<string, string>>
  /** Our contestants that it is compared with; none for ours. */
  readonly against: readonly string[]
}

export interface ModelRecord {
  readonly name: string
  readonly what: string
  readonly parameters: number
  readonly tensorBytes: number
  /** Bytes of tensors by block format, the largest share first. */
  readonly formats: readonly { readonly format: string; readonly bytes: number }[]
  /** Unknown in records of schema 1. */
  readonly work?: Work
  /** The sequence's context length. */
  readonly contextLength: number
  readonly loads: readonly LoadRecord[]
  readonly tests: readonly TestRecord[]
  /** Of sequences that were decoded together. */
  readonly solo?: readonly SoloRecord[]
}

/** Whether sequences that are decoded together have the logits that each has alone. */
export interface SoloRecord {
  readonly contestant: string
  readonly threads: number
  /** How many were decoded together, each number of them apart. */
  readonly sequences: readonly number[]
  /** Tokens of each. */
  readonly steps: number
  /** The numbers of sequences with which some logits differed in a bit. */
  readonly differing: readonly number[]
}

export interface LoadRecord {
  readonly contestant: string
  readonly threads: number
  /** One sample, the file being in the page cache. */
  readonly ms: number
  readonly rssBefore?: number
  readonly rssLoaded?: number
  /** After all tests. */
  readonly end: Memory
}

export interface TestRecord {
  /** `pp512`, `tg128`, `tg32@d4096`; `tg4x8` of 4 tokens for each of 8 sequences. */
  readonly test: string
  /** Evaluated tokens: fewer than in `test` for a contestant that is too slow for all of them. */
  readonly tokens: number
  readonly contestant: string
  readonly threads: number
  /** Milliseconds of each repetition, in order. */
  readonly samples: readonly number[]
}

export const RECORDS = new URL('records/', import.meta.url)

/** `2026-11-23-0612-amd-epyc-2-cores.json`: sorts by time, names no host. */
export function recordName({ date, machine }: Pick<BenchRecord, 'date' | 'machine'>): string {
  const when = date.slice(0, 16).replace('T', '-').replace(':', '')
  const cpu = machine.cpu.replaceAll(/\((?:R|TM)\)|\bCPU\b|\b\d+-Core\b|Processor|@.*/gi, ' ')
  const where = `${cpu} ${machine.cores} cores`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return `${when}-${where.replaceAll(/^-|-$/g, '')}.json`
}

/** Writes a record into `folder` (default: bench/records) and returns its URL. */
export async function saveRecord(
  record: Pick<BenchRecord, 'date' | 'machine'>,
  folder: URL = RECORDS,
): Promise<URL> {
  const file = new URL(recordName(record), folder)
  await mkdir(folder, { recursive: true })
  // A tenth of a microsecond is finer than any clock here.
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value
  await writeFile(file, `${JSON.stringify(record, rounded, 1)}\n`)
  return file
}

/** The newest record in `folder` that `accepts` accepts (default: any) and its URL. Throws if there is none. */
export async function newestRecord({
  folder = RECORDS,
  accepts = () => true,
}: {
  folder?: URL
  accepts?: (record: BenchRecord) => boolean
} = {}): Promise<{ record: BenchRecord; file: URL }> {
  const names = await readdir(folder).catch(() => [])
  const newestFirst = names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .reverse()
  for (const name of newestFirst) {
    const file = new URL(name, folder)
    const record = upgraded(JSON.parse(await readFile(file, 'utf8')))
    if (accepts(record)) return { record, file }
  }
  throw new Error('there is no such record yet: npm run bench')
}

/** Whether a record is one of `npm run bench -- --rivals`: it has all contestants that goals name. */
export function comparesRivals({ command }: BenchRecord): boolean {
  return command.includes('--rivals')
}

/** Schema 1 had one number of threads for all, one runtime, and the first contestant was the one compared. */
function upgraded(record: BenchRecord | RecordOfSchema1): BenchRecord {
  if (record.schema === 2) return record
  const { threads, repetitions } = record.settings
  const [ours] = record.contestants
  return {
    ...record,
    schema: 2,
    settings: { repetitions, budgetMs: Number.POSITIVE_INFINITY },
    contestants: record.contestants.map((contestant) => ({
      ...contestant,
      runtime: `Node ${record.machine.node}`,
      against: contestant === ours ? [] : [ours.name],
    })),
    models: record.models.map((model) => ({
      ...model,
      loads: model.loads.map((load) => ({ ...load, threads })),
      tests: model.tests.map((test) => ({ ...test, threads })),
    })),
  }
}

interface RecordOfSchema1 extends Omit<BenchRecord, 'schema' | 'settings' | 'contestants' | 'models'> {
  readonly schema: 1
  readonly settings: { readonly threads: number; readonly repetitions: number }
  readonly contestants: readonly Omit<ContestantRecord, 'runtime' | 'against'>[]
  readonly models: readonly (Omit<ModelRecord, 'loads' | 'tests'> & {
    readonly loads: readonly Omit<LoadRecord, 'threads'>[]
    readonly tests: readonly Omit<TestRecord, 'threads'>[]
  })[]
}
