import { describeFailure, describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from '../storage/source.js'

/** Opens a file by its path. Rejects with `NOT_FOUND` and `IO`. */
export type OpenFile = (path: string) => Promise<ByteSource>

/** Largest file of text that is read: tokenizers have tens of MiB. */
const MOST_BYTES = 256 * 1024 * 1024

/** A folder as Hugging Face publishes models, with files by name. */
export class Folder {
  readonly path: string
  readonly #open: OpenFile

  constructor(path: string, open: OpenFile) {
    this.path = path.replace(/(?<=[^/\\])[/\\]+$/, '')
    this.#open = open
  }

  /** The folder's own name. */
  get name(): string {
    return this.path.slice(Math.max(this.path.lastIndexOf('/'), this.path.lastIndexOf('\\')) + 1)
  }

  open(file: string): Promise<ByteSource> {
    return this.#open(`${this.path}/${file}`)
  }

  /** A file's bytes; `undefined` if there is none. Rejects with `LIMIT` for more than 256 MiB. */
  async bytes(file: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const source = await this.open(file).catch((error) => {
      if (error instanceof DasllamaError && error.code === 'NOT_FOUND') return undefined
      throw error
    })
    if (!source) return undefined
    try {
      if (source.size > MOST_BYTES) {
        const name = displayName(source.name)
        throw new DasllamaError('LIMIT', `${name} has ${source.size} bytes; the limit is ${MOST_BYTES}`)
      }
      const bytes = new Uint8Array(source.size)
      await source.read(0, bytes, signal)
      return bytes
    } finally {
      await source.close()
    }
  }

  /** A text file; `undefined` if there is none. Rejects with `BAD_FORMAT` for one that is not UTF-8. */
  async text(file: string, signal?: AbortSignal): Promise<string | undefined> {
    const bytes = await this.bytes(file, signal)
    if (!bytes) return undefined
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch (cause) {
      throw new DasllamaError('BAD_FORMAT', `${this.shown(file)} is not UTF-8 text`, { cause })
    }
  }

  /** Reads a JSON object; `undefined` if the file is missing. Rejects with `BAD_FORMAT` if it holds anything else. */
  async json(file: string, signal?: AbortSignal): Promise<JsonObject | undefined> {
    const value = await this.#parsed(file, signal)
    if (value === undefined) return undefined
    if (isObject(value)) return new JsonObject(this.shown(file), value)
    throw new DasllamaError('BAD_FORMAT', `${this.shown(file)} is not a JSON object: ${describeValue(value)}`)
  }

  /** Reads a JSON array; `undefined` if the file is missing. Rejects with `BAD_FORMAT` if it holds anything else. */
  async jsonList(file: string, signal?: AbortSignal): Promise<readonly unknown[] | undefined> {
    const value = await this.#parsed(file, signal)
    if (value === undefined || Array.isArray(value)) return value
    throw new DasllamaError('BAD_FORMAT', `${this.shown(file)} is not a JSON list: ${describeValue(value)}`)
  }

  /** Like `json`, but rejects with `NOT_FOUND` if the file is missing. */
  async neededJson(file: string, signal?: AbortSignal): Promise<JsonObject> {
    const found = await this.json(file, signal)
    if (found) return found
    throw new DasllamaError('NOT_FOUND', `${displayName(this.path)}: there is no ${file}`, {
      hint: 'give the folder of a model as Hugging Face publishes it',
    })
  }

  /** A file's path in messages. */
  shown(file: string): string {
    return displayName(`${this.path}/${file}`)
  }

  async #parsed(file: string, signal: AbortSignal | undefined): Promise<unknown> {
    const text = await this.text(file, signal)
    if (text === undefined) return undefined
    try {
      return JSON.parse(text)
    } catch (cause) {
      const problem = `${this.shown(file)} is not JSON: ${describeFailure(cause)}`
      throw new DasllamaError('BAD_FORMAT', problem, { cause })
    }
  }
}

/**
 * Typed access to a JSON object of a file. A getter throws `MISSING` for an absent key, and `BAD_FORMAT` for a value of another
 * type, both naming the key; those named `optional` return `undefined` for an absent key or null.
 */
export class JsonObject {
  /** The file, and the path of the object in it. */
  readonly where: string
  readonly values: Readonly<Record<string, unknown>>

  constructor(where: string, values: Readonly<Record<string, unknown>>) {
    this.where = where
    this.values = values
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** Whatever it is; `undefined` for an absent key and for null. */
  get(key: string): unknown {
    return Object.hasOwn(this.values, key) ? (this.values[key] ?? undefined) : undefined
  }

  optionalNumber(key: string): number | undefined {
    return this.#read(
      key,
      'a number',
      (value): value is number => typeof value === 'number' && Number.isFinite(value),
    )
  }

  number(key: string): number {
    return this.optionalNumber(key) ?? this.#missing(key)
  }

  optionalCount(key: string): number | undefined {
    return this.#read(
      key,
      'a positive whole number',
      (value): value is number => Number.isSafeInteger(value) && (value as number) > 0,
    )
  }

  count(key: string): number {
    return this.optionalCount(key) ?? this.#missing(key)
  }

  optionalString(key: string): string | undefined {
    return this.#read(key, 'a string', (value): value is string => typeof value === 'string')
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#missing(key)
  }

  optionalBoolean(key: string): boolean | undefined {
    return this.#read(key, 'true or false', (value): value is boolean => typeof value === 'boolean')
  }

  optionalList(key: string): readonly unknown[] | undefined {
    return this.#read(key, 'a list', (value): value is readonly unknown[] => Array.isArray(value))
  }

  list(key: string): readonly unknown[] {
    return this.optionalList(key) ?? this.#missing(key)
  }

  optionalObject(key: string): JsonObject | undefined {
    const value = this.#read(key, 'an object', isObject)
    return value && new JsonObject(`${this.where}, ${key}`, value)
  }

  object(key: string): JsonObject {
    return this.optionalObject(key) ?? this.#missing(key)
  }

  /** `BAD_FORMAT` for a value that has the right type. */
  bad(problem: string): DasllamaError {
    return new DasllamaError('BAD_FORMAT', `${this.where}: ${problem}`)
  }

  #read<T>(key: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.get(key)
    if (value === undefined || is(value)) return value
    throw this.bad(`${describeValue(key)} is not ${expected}: ${describeValue(value)}`)
  }

  #missing(key: string): never {
    throw new DasllamaError('MISSING', `${this.where}: ${describeValue(key)} is missing`)
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
