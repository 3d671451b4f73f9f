import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { BooleanList } from '../gguf/boolean-list.js'
import type { Metadata, MetadataValue } from '../gguf/metadata.js'
import type { ModelDirectory } from '../gguf/model-file.js'

/** The default and the accepted range of a number. */
interface CountOptions {
  readonly fallback?: number | undefined
  /** Default 1. */
  readonly minimum?: number
  /** Default 2^24. */
  readonly maximum?: number
}

/**
 * Reads and checks the metadata `<architecture>.*` for a family and records what it reads: the record is part of the
 * model's identity. Keys are passed without the architecture. Getters throw `MISSING` for an absent key without a
 * default and `BAD_FORMAT` for an invalid value, naming the key.
 */
export class HyperparameterReader {
  /** `general.architecture`, which begins the keys. */
  readonly architecture: string
  /** The file that is read. */
  readonly file: ModelDirectory
  readonly #read = new Map<string, unknown>()

  constructor(file: ModelDirectory) {
    this.file = file
    this.architecture = file.metadata.string('general.architecture')
  }

  /** Everything that has been read, by key, defaults included. */
  get record(): ReadonlyMap<string, unknown> {
    return this.#read
  }

  /** All metadata, for keys without the architecture. */
  get metadata(): Metadata {
    return this.file.metadata
  }

  /** Whether the file has `<architecture>.<key>`. */
  has(key: string): boolean {
    return this.metadata.has(this.key(key))
  }

  /** The full key, with the architecture. */
  key(key: string): string {
    return `${this.architecture}.${key}`
  }

  /**
   * A whole number. A list with a value per layer, which some converters write, is accepted if all values are equal and there
   * is one for each layer of the file.
   */
  count(key: string, { fallback, minimum = 1, maximum = 2 ** 24 }: CountOptions = {}): number {
    const name = this.key(key)
    let value: number
    let perLayer: number | undefined
    if (ArrayBuffer.isView(this.metadata.get(name))) {
      const each = this.metadata.numbers(name)
      value = each[0]
      perLayer = each.length
      if (Array.prototype.some.call(each, (other) => other !== value)) {
        throw this.error('UNSUPPORTED', `"${name}" differs from layer to layer`)
      }
    } else {
      value = this.#require(key, fallback, () => this.metadata.number(name, fallback))
    }
    if (!(Number.isInteger(value) && value >= minimum && value <= maximum)) {
      throw this.error('BAD_FORMAT', `"${name}" is ${value}; ${minimum} to ${maximum} is accepted`)
    }
    if (perLayer !== undefined && key !== 'block_count') {
      const layers = this.metadata.number(this.key('block_count'))
      if (perLayer !== layers) {
        throw this.error('BAD_FORMAT', `"${name}" has ${perLayer} values for ${layers} layers`)
      }
    }
    return this.note(key, value)
  }

  /**
   * A whole number for each layer: a list, whose further values are ignored, or one number for all. `minimum` default 0.
   */
  layerCounts(
    key: string,
    layers: number,
    { fallback, minimum = 0, maximum = 2 ** 24 }: CountOptions = {},
  ): readonly number[] {
    const name = this.key(key)
    if (!ArrayBuffer.isView(this.metadata.get(name))) {
      return new Array(layers).fill(this.count(key, { fallback, minimum, maximum }))
    }
    const list = this.metadata.numbers(name)
    if (list.length < layers) {
      throw this.error('BAD_FORMAT', `"${name}" has ${list.length} values for ${layers} layers`)
    }
    const counts = Array.from({ length: layers }, (_, layer) => list[layer])
    const bad = counts.findIndex(
      (value) => !(Number.isInteger(value) && value >= minimum && value <= maximum),
    )
    if (bad < 0) return this.note(key, counts)
    throw this.error(
      'BAD_FORMAT',
      `"${name}" is ${counts[bad]} in layer ${bad}; ${minimum} to ${maximum} is accepted`,
    )
  }

  /** A finite number, 0 or more, that is representable as f32. */
  real(key: string, fallback?: number): number {
    const value = this.#require(key, fallback, () => this.metadata.number(this.key(key), fallback))
    const isF32 = Number.isFinite(Math.fround(value)) && (Math.fround(value) !== 0 || value === 0)
    if (isF32 && value >= 0) return this.note(key, value)
    throw this.error('BAD_FORMAT', `"${this.key(key)}" is ${value}; a number from 0 is needed`)
  }

  /** A boolean; `fallback` if the file has none, and `MISSING` without one. */
  flag(key: string, fallback?: boolean): boolean {
    return this.note(
      key,
      this.#require(key, fallback, () => this.metadata.boolean(this.key(key), fallback)),
    )
  }

  /** A string; `fallback` if the file has none, and `MISSING` without one. */
  text(key: string, fallback?: string): string {
    return this.note(
      key,
      this.#require(key, fallback, () => this.metadata.string(this.key(key), fallback)),
    )
  }

  /** One boolean (or 0 or 1) per layer; `undefined` if the file has no such list under the key. */
  layerFlags(key: string, layers: number): readonly boolean[] | undefined {
    const name = this.key(key)
    const value = this.metadata.get(name)
    const isNumbers = ArrayBuffer.isView(value)
    if (!isNumbers && !(value instanceof BooleanList) && !isBooleans(value)) return undefined
    const list = isNumbers ? Array.from(this.metadata.numbers(name)) : value
    if (list.length < layers) {
      throw this.error('BAD_FORMAT', `"${name}" has ${list.length} values for ${layers} layers`)
    }
    const flags = Array.from({ length: layers }, (_, layer) => {
      const flag = Number(list.at(layer))
      if (flag === 0 || flag === 1) return flag === 1
      throw this.error('BAD_FORMAT', `"${name}" is ${flag} in layer ${layer}; 0 and 1 are accepted`)
    })
    return this.note(key, flags)
  }

  /** Records a value that was derived from metadata in another way. Throws `TypeError` if it cannot be written as JSON. */
  note<T>(key: string, value: T): T {
    JSON.stringify(value)
    this.#read.set(String(key), value)
    return value
  }

  /** An error about this file; `what` names the key. */
  error(code: 'BAD_FORMAT' | 'UNSUPPORTED', what: string, hint?: string): DasllamaError {
    return new DasllamaError(code, `${displayName(this.file.name)}: ${what}`, { hint })
  }

  /** Reports a missing required key together with the family that reads it. */
  #require<T>(key: string, fallback: T | undefined, read: () => T): T {
    if (fallback !== undefined || this.has(key)) return read()
    throw new DasllamaError(
      'MISSING',
      `${displayName(this.file.name)}: metadata key ${describeValue(this.key(key))} is missing; family ${describeValue(this.architecture)} needs it`,
      { hint: 'the file may be incomplete, or a variant that this version does not support' },
    )
  }
}

function isBooleans(value: MetadataValue | undefined): value is readonly boolean[] {
  return Array.isArray(value) && typeof value[0] === 'boolean'
}
