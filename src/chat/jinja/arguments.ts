import { templateFailed } from './failures.js'
import { Text } from './text.js'
import { type Arguments, typeName, Undefined, type Value } from './values.js'

/** Reads a call's arguments, each by place or by name, and says what is wrong with them. */
export class ArgumentReader {
  readonly #of: string
  readonly #args: Arguments
  #place = 0

  /** `of`: what is called, for messages. */
  constructor(of: string, args: Arguments) {
    this.#of = of
    this.#args = args
  }

  /** The next argument, `undefined` where it is not given. */
  next(name: string): Value | undefined {
    const value = this.#args.positional[this.#place++]
    // Not `??`: an argument may be null.
    return value === undefined ? this.#args.named.get(name) : value
  }

  /** The same, `other` where it is not given. */
  nextOr(name: string, other: Value): Value {
    const value = this.next(name)
    return value === undefined ? other : value
  }

  /** Throws where further arguments are given, as Python knows them. */
  end(): void {
    if (this.#place < this.#args.positional.length) {
      throw templateFailed(`${this.#of} with more than ${this.#place} arguments is not supported`)
    }
  }

  /** Where `None` stands for one that is not given. */
  optional<T>(name: string, read: (value: Value) => T | undefined, expected: string): T | undefined {
    const value = this.next(name)
    if (value === undefined || value === null || value instanceof Undefined) return undefined
    const result = read(value)
    if (result !== undefined) return result
    throw templateFailed(`${this.#of}: ${name} must be ${expected}, not ${typeName(value)}`)
  }

  required<T>(name: string, read: (value: Value) => T | undefined, expected: string): T {
    const value = this.optional(name, read, expected)
    if (value === undefined) throw templateFailed(`${this.#of} needs ${name}`)
    return value
  }

  text(name: string): Text {
    return this.required(name, asText, 'a string')
  }

  optionalText(name: string): Text | undefined {
    return this.optional(name, asText, 'a string')
  }

  optionalInteger(name: string): number | undefined {
    return this.optional(name, (value) => (typeof value === 'number' ? value : undefined), 'a whole number')
  }

  flag(name: string): boolean {
    return (
      this.optional(name, (value) => (typeof value === 'boolean' ? value : undefined), 'a boolean') ?? false
    )
  }
}

function asText(value: Value): Text | undefined {
  return value instanceof Text ? value : undefined
}
