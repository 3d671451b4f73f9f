import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { BooleanList } from './boolean-list.js'
import type { Cursor } from './cursor.js'
import { LIMITS } from './limits.js'
import type { MetadataArray, StoredValue } from './metadata.js'
import { StringList } from './string-list.js'
import { decodeText, EncodedText } from './text.js'
import { type ScalarType, scalarBytes, type ValueType, valueTypeName } from './value-types.js'

type NumericArray = Exclude<MetadataArray, readonly unknown[] | StringList | BooleanList>

const NUMERIC_ARRAYS: Readonly<
  Record<Exclude<ScalarType, 'bool'>, new (buffer: ArrayBuffer) => NumericArray>
> = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
}

/** A key and its typed value. */
export interface MetadataEntry {
  readonly key: string
  readonly type: ValueType
  readonly value: StoredValue
}

/** Arrays up to this length are plain arrays; string arrays only if their bytes do not exceed it, either. */
const SMALL_LENGTH = 4096
const SMALL_BYTES = 64 * 1024

/** Minimum size of a key and its value: a length, a type, one byte. */
export const SMALLEST_ENTRY_BYTES = 8 + 4 + 1

/** Reads metadata entries. One reader per file, because some limits apply to all entries together. */
export class ValueReader {
  readonly #cursor: Cursor
  #nestedArrays = 0
  #elements = 0
  #keyBytes = 0

  constructor(cursor: Cursor) {
    this.#cursor = cursor
  }

  async entry(): Promise<MetadataEntry> {
    const key = await this.string('a metadata key', LIMITS.keyBytes)
    if (key === '') throw this.bad('BAD_FORMAT', 'a metadata key is empty')
    this.#keyBytes += key.length
    if (this.#keyBytes > LIMITS.allKeyBytes) {
      throw this.bad('LIMIT', `the metadata keys have more than ${LIMITS.allKeyBytes} bytes in total`)
    }
    const what = `metadata key ${describeValue(key)}`
    const type = await this.#type(what)
    return { key, type, value: await this.#value(type, what) }
  }

  /** u64 length, then bytes. */
  async string(what: string, limit: number): Promise<string> {
    const length = await this.count(what, limit, 1, 'bytes')
    await this.#cursor.need(length, what)
    return this.#cursor.text(length)
  }

  /** A u64 count of items, each of which takes at least `leastBytes` in the file. */
  async count(what: string, limit: number, leastBytes: number, unit: string): Promise<number> {
    await this.#cursor.need(8, what)
    const count = this.#cursor.u64()
    if (count > limit) {
      throw this.bad(
        'LIMIT',
        `${what} has ${count} ${unit}; the limit is ${limit}`,
        'the file may be damaged',
      )
    }
    this.#cursor.expect(Number(count) * leastBytes, what)
    return Number(count)
  }

  /** An error at the current position. */
  bad(code: 'BAD_FORMAT' | 'LIMIT' | 'UNSUPPORTED', problem: string, hint?: string): DasllamaError {
    return new DasllamaError(
      code,
      `${displayName(this.#cursor.name)}: ${problem} (before byte ${this.#cursor.offset})`,
      { hint },
    )
  }

  async #type(what: string): Promise<ValueType> {
    await this.#cursor.need(4, what)
    const id = this.#cursor.u32()
    const type = valueTypeName(id)
    if (type === undefined) throw this.bad('BAD_FORMAT', `${what} has an unknown type ${id}`)
    return type
  }

  async #value(type: ValueType, what: string): Promise<StoredValue> {
    if (type === 'string') return this.#text(what)
    if (type === 'array') return this.#array(what, 1)
    if (type === 'bool') return (await this.#booleanBytes(1, what))[0] === 1
    const value = (await this.#numbers(type, 1, what))[0]
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  async #text(what: string): Promise<string | EncodedText> {
    const length = await this.count(what, LIMITS.stringBytes, 1, 'bytes')
    await this.#cursor.need(length, what)
    const bytes = this.#cursor.bytes(length)
    return length <= SMALL_BYTES ? decodeText(bytes) : new EncodedText(bytes.slice())
  }

  async #array(what: string, depth: number): Promise<MetadataArray> {
    if (depth > LIMITS.arrayDepth)
      throw this.bad('LIMIT', `${what} nests arrays deeper than ${LIMITS.arrayDepth}`)
    const type = await this.#type(what)
    const leastBytes = type === 'string' ? 8 : type === 'array' ? 4 + 8 : scalarBytes(type)
    const length = await this.count(what, LIMITS.arrayLength, leastBytes, 'elements')
    this.#elements += length
    if (this.#elements > LIMITS.arrayElements) {
      throw this.bad(
        'LIMIT',
        `with ${what} all arrays have more than ${LIMITS.arrayElements} elements in total`,
      )
    }
    if (type === 'string') return this.#strings(length, what)
    if (type === 'array') return this.#arrays(length, what, depth + 1)
    if (type === 'bool') return this.#booleans(length, what)
    return this.#numbers(type, length, what)
  }

  async #strings(length: number, what: string): Promise<MetadataArray> {
    const cursor = this.#cursor
    const strings = new StringList(length)
    let total = 0
    for (let i = 0; i < length; i++) {
      // Awaits only at the end of the window: a vocabulary has hundreds of thousands of strings.
      if (!cursor.has(8)) await cursor.need(8, what)
      const bytes = cursor.count()
      if (bytes > LIMITS.stringBytes) {
        throw this.bad(
          'LIMIT',
          `${what}, element ${i}, has ${bytes} bytes; the limit is ${LIMITS.stringBytes}`,
        )
      }
      if (!cursor.has(bytes)) await cursor.need(bytes, `${what}, element ${i},`)
      strings.append(cursor.bytes(bytes))
      total += bytes
    }
    return length <= SMALL_LENGTH && total <= SMALL_BYTES ? Array.from(strings) : strings
  }

  async #arrays(length: number, what: string, depth: number): Promise<MetadataArray[]> {
    this.#nestedArrays += length
    if (this.#nestedArrays > LIMITS.nestedArrays) {
      throw this.bad('LIMIT', `with ${what} there are more than ${LIMITS.nestedArrays} nested arrays`)
    }
    const arrays: MetadataArray[] = []
    for (let i = 0; i < length; i++) arrays.push(await this.#array(what, depth))
    return arrays
  }

  async #booleans(length: number, what: string): Promise<MetadataArray> {
    const bytes = await this.#booleanBytes(length, what)
    return length <= SMALL_LENGTH ? Array.from(bytes, (byte) => byte === 1) : new BooleanList(bytes)
  }

  async #booleanBytes(length: number, what: string): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    await this.#cursor.readInto(bytes, what)
    const wrong = bytes.find((byte) => byte > 1)
    if (wrong !== undefined) throw this.bad('BAD_FORMAT', `${what} is a boolean with value ${wrong}`)
    return bytes
  }

  async #numbers(type: Exclude<ScalarType, 'bool'>, length: number, what: string): Promise<NumericArray> {
    const bytes = new Uint8Array(length * scalarBytes(type))
    await this.#cursor.readInto(bytes, what)
    // Assumes a little-endian machine, like all code with typed arrays here.
    return new NUMERIC_ARRAYS[type](bytes.buffer)
  }
}
