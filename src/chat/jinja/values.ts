import { templateLimit } from './failures.js'
import type { Float } from './numbers.js'
import { Text } from './text.js'

/**
 * The value of an expression: Python's types, as far as templates use them. An `int` is a `number` if it is a safe integer,
 * otherwise a `bigint`: see `integer()`.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | Float
  | Text
  | List
  | Dict
  | Namespace
  | Callable
  | Undefined

/** A `list`, also used where Jinja has generators. Immutable. */
export class List {
  readonly items: readonly Value[]

  constructor(items: readonly Value[]) {
    this.items = items
  }
}

/** A `tuple`. */
export class Tuple extends List {}

/** A group of `groupby`. */
export class Group extends Tuple {
  readonly grouper: Value
  readonly list: List

  constructor(grouper: Value, list: List) {
    super([grouper, list])
    this.grouper = grouper
    this.list = list
  }
}

/** A `range`. */
export class Range extends List {
  readonly start: number
  readonly stop: number
  readonly step: number

  constructor({ start, stop, step }: { start: number; stop: number; step: number }) {
    const items: number[] = []
    for (let item = start; step > 0 ? item < stop : item > stop; item += step) items.push(item)
    super(items)
    this.start = start
    this.stop = stop
    this.step = step
  }
}

/** What `keys()`, `values()` and `items()` of a mapping return: iterates like a list, prints with its name. */
export class DictView extends List {
  readonly kind: 'dict_keys' | 'dict_values' | 'dict_items'

  constructor(kind: DictView['kind'], items: readonly Value[]) {
    super(items)
    this.kind = kind
  }
}

/** What a key of a mapping is looked up by; unique for keys that are not equal. */
export type Hash = string | number | bigint | boolean | null

/** A `dict`. Its keys are hashable values; texts among them keep their provenance. Immutable. */
export class Dict {
  static readonly EMPTY = new Dict([])
  readonly #entries = new Map<Hash, readonly [key: Value, value: Value]>()

  /** A later value of the same key replaces the earlier one, but not its key. */
  constructor(entries: Iterable<readonly [key: Value, value: Value]>) {
    for (const [key, value] of entries) {
      const hash = hashed(key)
      if (hash === undefined) throw new TypeError(`${typeName(key)} cannot be a key of a mapping`)
      this.#entries.set(hash, [this.#entries.get(hash)?.[0] ?? key, value])
    }
  }

  get size(): number {
    return this.#entries.size
  }

  /** `key` may be a string for a text with these characters. */
  get(key: Value | string): Value | undefined {
    const hash = hashed(key)
    return hash === undefined ? undefined : this.#entries.get(hash)?.[1]
  }

  has(key: Value | string): boolean {
    const hash = hashed(key)
    return hash !== undefined && this.#entries.has(hash)
  }

  /** In insertion order. */
  entries(): (readonly [key: Value, value: Value])[] {
    return [...this.#entries.values()]
  }
}

/** Limit on the parts of a tuple that is a key, including nested ones; a text counts one more per 1,000 characters. */
const MAX_KEY_PARTS = 1000

/** `undefined` for what Python cannot hash. Equal numbers are equal keys: `1`, `1.0` and `true`. */
export function hashed(key: Value | string): Hash | undefined {
  return key instanceof Tuple ? hashedTuple(key, { left: MAX_KEY_PARTS }) : hashedScalar(key)
}

function hashedTuple(key: Tuple, parts: { left: number }): string | undefined {
  const hashes: string[] = []
  for (const item of key.items) {
    parts.left -= 1 + (item instanceof Text ? item.length / 1000 : 0)
    if (parts.left < 0) throw templateLimit(`has a tuple of more than ${MAX_KEY_PARTS} parts as a key`)
    const hash = item instanceof Tuple ? hashedTuple(item, parts) : hashedScalar(item)
    if (hash === undefined) return undefined
    const text = String(hash)
    hashes.push(`${typeof hash}${text.length}:${text}`)
  }
  return `\0t${hashes.join()}`
}

function hashedScalar(key: Value | string): Hash | undefined {
  if (key instanceof Text || typeof key === 'string') {
    const text = typeof key === 'string' ? key : key.text
    // Escapes a leading null character, which marks the hashes of other types.
    return text.startsWith('\0') ? `\0${text}` : text
  }
  if (key === null || typeof key === 'number' || typeof key === 'bigint') return key
  if (typeof key === 'boolean') return Number(key)
  if (key instanceof Undefined) return '\0u'
  if (key instanceof List || key instanceof Dict || key instanceof Namespace || key instanceof Callable) {
    return undefined
  }
  const { value } = key
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value
}

/** Whether Python can hash the value, so that it may be a key. */
export function isHashable(value: Value): boolean {
  if (value instanceof Tuple) return hashed(value) !== undefined
  return !(value instanceof Dict || (value instanceof List && !(value instanceof Range)))
}

/** The value of `namespace(…)`: attributes that `set` may change. */
export class Namespace {
  readonly attributes: Map<string, Value>

  constructor(attributes: Iterable<readonly [string, Value]> = []) {
    this.attributes = new Map(attributes)
  }

  get(name: string): Value | undefined {
    return this.attributes.get(name)
  }
}

/** The arguments of a call. The keys of `named` are texts with provenance, because `**kwargs` can print them. */
export interface Arguments {
  readonly positional: readonly Value[]
  readonly named: Dict
}

export const NO_ARGUMENTS: Arguments = { positional: [], named: Dict.EMPTY }

/** A macro, a method or a global function. */
export class Callable {
  readonly call: (args: Arguments) => Value
  readonly #attributes: ReadonlyMap<string, Value> | undefined

  constructor(call: (args: Arguments) => Value, attributes?: ReadonlyMap<string, Value>) {
    this.call = call
    this.#attributes = attributes
  }

  get(name: string): Value | undefined {
    return this.#attributes?.get(name)
  }

  /** How it is printed. */
  get title(): Text {
    return Text.of('<function>')
  }
}

/** An undefined variable or attribute. */
export class Undefined {
  readonly name: string
  /** An error message, if it is not merely missing. */
  readonly problem: string | undefined

  constructor(name: string, problem?: string) {
    this.name = name
    this.problem = problem
  }
}

/** The value, which may be `null`, or an `Undefined` if there is none. */
export function orUndefined(value: Value | undefined, name: string): Value {
  return value === undefined ? new Undefined(name) : value
}

/** Whether two lists have the same type, so that they can be equal, added or ordered. */
export function haveSameType(a: List, b: List): boolean {
  return a instanceof Tuple ? b instanceof Tuple : a.constructor === b.constructor
}

/** A list or a tuple, but not a range or a view. */
export function isSequence(value: Value): value is List {
  return value instanceof Tuple || (value instanceof List && value.constructor === List)
}

/** The name of the type in error messages. */
export function typeName(value: Value): string {
  if (value === null) return 'none'
  if (typeof value === 'boolean') return 'a boolean'
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number'
  if (value instanceof Text) return 'a string'
  if (value instanceof Tuple) return 'a tuple'
  if (value instanceof List) return 'a list'
  if (value instanceof Dict) return 'a mapping'
  if (value instanceof Undefined) return `undefined (${value.name.slice(0, 100)})`
  if (value instanceof Callable) return 'a function'
  return value instanceof Namespace ? 'a namespace' : 'a number'
}
