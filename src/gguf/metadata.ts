import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { BooleanList } from './boolean-list.js'
import { StringList, type Strings } from './string-list.js'
import { EncodedText } from './text.js'

/** A metadata value. 64-bit integers are numbers if a double holds them exactly, otherwise bigints. */
export type MetadataValue = string | number | bigint | boolean | MetadataArray
export type MetadataArray =
  | readonly string[]
  | StringList
  | readonly boolean[]
  | BooleanList
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array
  | readonly MetadataArray[]

/** Long strings are decoded on access. */
export type StoredValue = MetadataValue | EncodedText

/**
 * Typed access to a model file's metadata. A getter throws `MISSING` for an absent key without a default, and
 * `BAD_FORMAT` for a value of another type.
 */
export class Metadata {
  readonly #fileName: string
  readonly #values: ReadonlyMap<string, StoredValue>

  constructor(fileName: string, values: ReadonlyMap<string, StoredValue>) {
    this.#fileName = fileName
    this.#values = values
  }

  /** The values as they are stored, by key. */
  get stored(): ReadonlyMap<string, StoredValue> {
    return this.#values
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  *entries(): Generator<[string, MetadataValue]> {
    for (const [key, value] of this.#values) yield [key, decoded(value)]
  }

  get(key: string): MetadataValue | undefined {
    const value = this.#values.get(key)
    return value === undefined ? undefined : decoded(value)
  }

  string(key: string, fallback?: string): string {
    return this.#read(key, fallback, 'a string', (v): v is string => typeof v === 'string')
  }

  number(key: string, fallback?: number): number {
    return this.#read(key, fallback, 'a number', (v): v is number => typeof v === 'number')
  }

  boolean(key: string, fallback?: boolean): boolean {
    return this.#read(key, fallback, 'a boolean', (v): v is boolean => typeof v === 'boolean')
  }

  strings(key: string, fallback?: Strings): Strings {
    return this.#read(
      key,
      fallback,
      'an array of strings',
      (v) => v instanceof StringList || (Array.isArray(v) && (v.length === 0 || typeof v[0] === 'string')),
    )
  }

  /** Any numeric array of at most 32-bit integers or floats. */
  numbers(key: string, fallback?: ArrayLike<number>): ArrayLike<number> {
    return this.#read(
      key,
      fallback,
      'an array of numbers',
      (v): v is ArrayLike<number> & MetadataValue =>
        ArrayBuffer.isView(v) && !(v instanceof BigInt64Array) && !(v instanceof BigUint64Array),
    )
  }

  #read<T>(key: string, fallback: T | undefined, expected: string, is: (value: MetadataValue) => boolean): T {
    const value = this.get(key)
    if (value === undefined) {
      if (fallback !== undefined) return fallback
      throw new DasllamaError(
        'MISSING',
        `${displayName(this.#fileName)}: metadata key ${describeValue(key)} is missing`,
        {
          hint: 'the file may be incomplete, or a variant that this version does not support',
        },
      )
    }
    if (!is(value)) {
      throw new DasllamaError(
        'BAD_FORMAT',
        `${displayName(this.#fileName)}: metadata key ${describeValue(key)} is not ${expected}`,
      )
    }
    return value as T
  }
}

function decoded(value: StoredValue): MetadataValue {
  return value instanceof EncodedText ? value.decode() : value
}
