import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import type { Memory } from './contestants/protocol.js'
import type { PackageSizes } from './sizes.js'

/** One run of the bench: what was measured, on what, and every sample. Nothing derived: tables do that. */
export interface BenchRecord {
  /** Of this layout. */
  readonly schema: 1
  /** ISO 8601, when the run began. */
  readonly date: string
  readonly command: string
  /** Short hash, with a `+` when files differed from it. */
  readonly commit: string
  readonly machine: Machine
  readonly settings: Settings
  readonly contestants: readonly ContestantRecord[]
  readonly models: readonly ModelRecord[]
  /** Tests that were asked for and did not take place. */
  readonly skipped: readonly { readonly what: string; readonly why: string }[]
  readonly sizes: PackageSizes
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  /** `linux x64`. */
  readonly platform: string
  readonly node: string
  readonly v8: string
  /** Runnable processes, averaged over a minute: more than about 1 means that others were at work. */
  readonly load: { readonly before: number; readonly after: number }
}

export interface Settings {
  readonly threads: number
  readonly repetitions: number
}

export interface ContestantRecord {
  readonly name: string
  readonly how: string
  readonly versions: Readonly<Record<string, string>>
}

export interface ModelRecord {
  readonly name: string
  readonly what: string
  readonly parameters: number
  readonly tensorBytes: number
  /** Bytes of tensors by block format, the largest share first. */
  readonly formats: readonly { readonly format: string; readonly bytes: number }[]
  /** Positions that the sequence had room for. */
  readonly contextLength: number
  readonly loads: readonly LoadRecord[]
  readonly tests: readonly TestRecord[]
}

export interface LoadRecord {
  readonly contestant: string
  /** One sample, the file being in the page cache. */
  readonly ms: number
  readonly rssBefore: number
  readonly rssLoaded: number
  /** After all tests. */
  readonly end: Memory
}

export interface TestRecord {
  /** `pp512`, `tg128`. */
  readonly test: string
  readonly tokens: number
  readonly contestant: string
  /** Milliseconds of each repetition, in order. */
  readonly samples: readonly number[]
}

const RECORDS = new URL('records/', import.meta.url)

/** `2026-11-23-0612-amd-epyc-2-cores.json`: sorts by time, names no host. */
export function recordName({ date, machine }: Pick<BenchRecord, 'date' | 'machine'>): string {
  const when = date.slice(0, 16).replace('T', '-').replace(':', '')
  const cpu = machine.cpu.replaceAll(/\((?:R|TM)\)|\bCPU\b|\b\d+-Core\b|Processor|@.*/gi, ' ')
  const where = `${cpu} ${machine.cores} cores`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return `${when}-${where.replaceAll(/^-|-$/g, '')}.json`
}

/** Writes a record into `folder` (default: bench/records) and gives its address. */
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

/** The newest record that is kept. Throws when there is none. */
export async function newestRecord(folder: URL = RECORDS): Promise<BenchRecord> {
  const names = await readdir(folder).catch(() => [])
  const newest = names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1)
  if (!newest) throw new Error('there is no record yet: npm run bench')
  return JSON.parse(await readFile(new URL(newest, folder), 'utf8'))
}
