import type { IncompleteFile } from '../storage/store/file-store.js'
import type { StoredRecord } from '../storage/store/record.js'

/** A file of a stored model. */
export interface StoredModelFile {
  /** The name that loads it. */
  readonly name: string
  /** Bytes; `undefined` if the server did not state it and the file is not complete. */
  readonly size: number | undefined
  /** Bytes that have arrived. */
  readonly loaded: number
  /** SHA-256 in lowercase hexadecimal, of a complete file. */
  readonly sha256: string | undefined
}

/** A model of a store, complete or not. */
export interface StoredModel {
  /** The name that loads it, in one spelling; that of its first part, if it is split. */
  readonly name: string
  /** Other names that lead to it, such as `hf:owner/repo:Q4_K_M@main`. */
  readonly aliases: readonly string[]
  /** Its files: one, or the parts of a split model. */
  readonly files: readonly StoredModelFile[]
  /** Bytes of all files; `undefined` where it is not known yet. */
  readonly size: number | undefined
  /** Bytes that have arrived. */
  readonly loaded: number
  /** Whether all files are complete. */
  readonly isComplete: boolean
  /** Whether the server stated checksums that all files have. */
  readonly isVerified: boolean
  /** Whether `pin` protects it from removal. */
  readonly isPinned: boolean
  /** When it was stored; `undefined` if it is not complete. */
  readonly storedAt: Date | undefined
  /** When it was last opened; `undefined` if it is not complete. */
  readonly usedAt: Date | undefined
}

const PART = /-(\d{5})-of-(\d{5})(\.gguf)(?=@|\?|$)/i

/** Brings the parts of split models together. */
export function listModels(
  records: ReadonlyMap<string, StoredRecord>,
  incomplete: readonly IncompleteFile[],
): StoredModel[] {
  const models = new Map<string, { files: StoredModelFile[]; records: StoredRecord[] }>()
  const add = (file: StoredModelFile, record?: StoredRecord) => {
    const first = file.name.replace(PART, '-00001-of-$2$3')
    const model = models.get(first) ?? { files: [], records: [] }
    // A new version may be arriving beside the complete file.
    if (!model.files.some(({ name }) => name === file.name)) model.files.push(file)
    if (record) model.records.push(record)
    models.set(first, model)
  }
  for (const record of records.values()) {
    const { name, size, sha256 } = record
    add({ name, size, loaded: size, sha256 }, record)
  }
  for (const { name, size, loaded } of incomplete) add({ name, size, loaded, sha256: undefined })
  return [...models].map(([name, model]) => describe(name, model)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function describe(
  name: string,
  {
    files,
    records,
  }: { readonly files: readonly StoredModelFile[]; readonly records: readonly StoredRecord[] },
): StoredModel {
  const parts = Number(PART.exec(name)?.[2] ?? 1)
  const isComplete = records.length === parts
  const sizes = files.map(({ size }) => size)
  const isSizeKnown = files.length === parts && !sizes.includes(undefined)
  const latest = (times: readonly number[]) => (isComplete ? new Date(Math.max(...times)) : undefined)
  return {
    name,
    aliases: [...new Set(records.flatMap(({ aliases }) => aliases))],
    files: [...files].sort((a, b) => (a.name < b.name ? -1 : 1)),
    size: isSizeKnown ? sum(sizes as number[]) : undefined,
    loaded: sum(files.map(({ loaded }) => loaded)),
    isComplete,
    isVerified: isComplete && records.every(({ isVerified }) => isVerified),
    isPinned: records.length > 0 && records.every(({ isPinned }) => isPinned),
    storedAt: latest(records.map(({ storedAt }) => storedAt)),
    usedAt: latest(records.map(({ usedAt }) => usedAt)),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
