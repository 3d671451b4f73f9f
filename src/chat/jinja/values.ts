import { Text } from './text.js'

/** What expressions of a template stand for: Python's types, as far as templates use them. */
export type Value =
  | null
  | boolean
  /** An `int`. */
  | number
  | bigint
  | Float
  | Text
  | List
  | Dict
  | Namespace
  | Callable
  | Undefined

export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A `list`, or a `tuple`. Never changed once it is made. */
export class List {
  readonly items: readonly Value[]

  constructor(items: readonly Value[]) {
    this.items = items
  }
}

/** A `tuple`. */
export class Tuple extends List {}

/** An `int` as a `number` while that is exact. */
export function integer(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  return Number.isSafeInteger(value) ? value : BigInt(value)
}

/** A `dict` with strings for keys. Never changed once it is made. */
export class Dict {
  static readonly EMPTY = new Dict([])
  readonly #entries = new Map<string, readonly [key: Text, value: Value]>()

  constructor(entries: Iterable<readonly [key: Text, value: Value]>) {
    for (const entry of entries) this.#entries.set(entry[0].text, entry)
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.[1]
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  /** In the order in which they were given. */
  entries(): (readonly [key: Text, value: Value])[] {
    return [...this.#entries.values()]
  }
}

/** What `namespace(…)` makes: attributes that `set` may change. */
export class Namespace {
  readonly attributes: Map<string, Value>

  constructor(attributes: Iterable<readonly [string, Value]> = []) {
    this.attributes = new Map(attributes)
  }

  get(name: string): Value | undefined {
    return this.attributes.get(name)
  }
}

/** The arguments of a call. */
export interface Arguments {
  readonly positional: readonly Value[]
  readonly named: Dict
}

/** A macro, a method or a global function. */
export class Callable {
  readonly call: (args: Arguments) => Value

  constructor(call: (args: Arguments) => Value) {
    this.call = call
  }
}

/** A variable or attribute that is not there. */
export class Undefined {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** The value where there is one, `null` among them. */
export function orUndefined(value: Value | undefined, name: string): Value {
  return value === undefined ? new Undefined(name) : value
}

/** The number that a value is; booleans count as in Python. */
export function numeric(value: Value): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  return value instanceof Float ? value.value : undefined
}

export function truthy(value: Value): boolean {
  if (value instanceof Text) return value.runs.length > 0
  if (value instanceof List) return value.items.length > 0
  if (value instanceof Dict) return value.size > 0
  if (value instanceof Namespace || value instanceof Callable) return true
  if (value instanceof Undefined || value === null) return false
  return numeric(value) !== 0
}

/** The name of the type in messages. */
export function typeName(value: Value): string {
  if (value === null) return 'none'
  if (typeof value === 'boolean') return 'a boolean'
  if (typeof value === 'number' || value instanceof Float) return 'a number'
  if (value instanceof Text) return 'a string'
  if (value instanceof List) return 'a list'
  if (value instanceof Dict) return 'a mapping'
  if (value instanceof Undefined) return `undefined (${value.name})`
  return value instanceof Callable ? 'a function' : 'a namespace'
}

/** Python's `==`. */
export function equal(a: Value, b: Value, spend: (steps: number) => void, depth = 0): boolean {
  spend(1)
  if (a === b) return true
  if (a instanceof Text && b instanceof Text) {
    if (a.length !== b.length) return false
    spend(a.length / 8)
    return a.text === b.text
  }
  const [x, y] = [numeric(a), numeric(b)]
  if (x !== undefined && y !== undefined) return x === y
  if (a instanceof Undefined && b instanceof Undefined) return true
  if (depth > 100) return false
  if (a instanceof List && b instanceof List) {
    return (
      a.items.length === b.items.length &&
      a.items.every((item, i) => equal(item, b.items[i], spend, depth + 1))
    )
  }
  if (a instanceof Dict && b instanceof Dict) {
    if (a.size !== b.size) return false
    spend(a.size / 8)
    return a.entries().every(([key, value]) => {
      const other = b.get(key.text)
      return other !== undefined && equal(value, other, spend, depth + 1)
    })
  }
  return false
}
