/** What a store knows of a file, as a text next to it. */

/** A file of the store. */
export interface StoredRecord {
  /** The name that it was pulled by: `hf:owner/repo/file.gguf@main` or a URL. */
  readonly name: string
  /** Other names that led to it, such as `hf:owner/repo:Q4_K_M@main`. */
  readonly aliases: readonly string[]
  /** Bytes. */
  readonly size: number
  /** Lowercase hexadecimal, of the bytes that were stored. */
  readonly sha256: string
  /** Whether the server had stated that checksum, so that the bytes are those of the original. */
  readonly isVerified: boolean
  /** The server's version of the file: a checksum, an entity tag or a date. */
  readonly remoteVersion: string | undefined
  /** `FileStat.version` when the checksum was last correct; `undefined`: to be checked when the file is opened. */
  readonly localVersion: string | undefined
  readonly isPinned: boolean
  /** Milliseconds since 1970. */
  readonly storedAt: number
  readonly usedAt: number
}

/** What a partial file will be when it is whole. */
export interface PartialRecord {
  readonly name: string
  readonly size: number | undefined
  readonly remoteVersion: string
}

const FORMAT = 1

export function encodeRecord(record: StoredRecord | PartialRecord): string {
  return `${JSON.stringify({ format: FORMAT, ...record }, undefined, 1)}\n`
}

/** `undefined` for a text that is damaged, or that a later version has written. */
export function decodeRecord(text: string | undefined): StoredRecord | undefined {
  const value = parsed(text)
  if (!value) return undefined
  const { name, aliases, size, sha256, isVerified, isPinned, storedAt, usedAt, remoteVersion, localVersion } =
    value
  const isRight =
    typeof name === 'string' &&
    Array.isArray(aliases) &&
    aliases.every((alias) => typeof alias === 'string') &&
    isSize(size) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    [isVerified, isPinned].every((flag) => typeof flag === 'boolean') &&
    [storedAt, usedAt].every((time) => typeof time === 'number') &&
    [remoteVersion, localVersion].every((version) => version === undefined || typeof version === 'string')
  return isRight ? (value as unknown as StoredRecord) : undefined
}

export function decodePartialRecord(text: string | undefined): PartialRecord | undefined {
  const value = parsed(text)
  if (!value) return undefined
  const { name, size, remoteVersion } = value
  const isRight =
    typeof name === 'string' && (size === undefined || isSize(size)) && typeof remoteVersion === 'string'
  return isRight ? (value as unknown as PartialRecord) : undefined
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const { format, ...value } = JSON.parse(text ?? 'null') ?? {}
    return format === FORMAT ? value : undefined
  } catch {
    return undefined
  }
}
