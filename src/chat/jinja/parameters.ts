import type { Budget } from './budget.js'
import { truthy, undefinedUsed } from './compare.js'
import { templateFailed } from './failures.js'
import { Float, type Integer, integral, numeric } from './numbers.js'
import { str } from './repr.js'
import { Text } from './text.js'
import { type Arguments, List, typeName, Undefined, type Value } from './values.js'

/**
 * A parameter of a function. Parameters are declared in a table of names in their order, by which `bind` reads the arguments
 * of a call: surplus, unknown, missing or duplicate arguments and those of the wrong type are errors, as in Python.
 */
export interface Parameter<T> {
  /** Converts the argument for the function; `undefined` if its type is wrong. */
  readonly read: (value: Value, budget: Budget) => T | undefined
  /** What `read` accepts, for error messages. */
  readonly expected: string
  /** The default; without one, the argument is required. */
  readonly fallback?: { readonly value: T }
  /** Positional-only, as in Python. */
  readonly isPositional?: boolean
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

export type Given<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never
}

/** A required parameter; `or` makes it optional. */
class Declared<T> implements Parameter<T> {
  readonly read: Parameter<T>['read']
  readonly expected: string

  constructor(expected: string, read: Parameter<T>['read']) {
    this.expected = expected
    this.read = read
  }

  or<const D>(value: D): Parameter<T | D> {
    return { read: this.read, expected: this.expected, fallback: { value } }
  }

  /** An optional parameter for which `None` means absent. */
  get optional(): Parameter<T | undefined> {
    return {
      read: this.read,
      expected: this.expected,
      fallback: { value: undefined },
    }
  }
}

/** Any value. */
export const any = new Declared<Value>('a value', (value) => value)
export const text = new Declared<Text>('a string', (value) => (value instanceof Text ? value : undefined))
/** Any value, converted to a string. */
export const printed = new Declared<Text>('a value', (value, budget) => str(value, budget))
/** Any value, by its truth. */
export const flag = new Declared<boolean>('a boolean', (value) => truthy(value))
/** An integer of any size. */
export const whole = new Declared<Integer>('an integer', (value) => integral(value))
/** An integer as a `number`; for larger ones only the magnitude matters. */
export const int = new Declared<number>('an integer', (value) => {
  const number = integral(value)
  return number === undefined ? undefined : Number(number)
})
export const number = new Declared<number>('a number', (value) => {
  const number = value instanceof Float ? value.value : numeric(value)
  return number === undefined ? undefined : Number(number)
})
export const list = new Declared<readonly Value[]>('a list', (value) =>
  value instanceof List ? value.items : undefined,
)

/** The same parameter as positional-only, as for the methods that Python implements in C. */
export function positional<T>(parameter: Parameter<T>): Parameter<T> {
  return { ...parameter, read: parameter.read, expected: parameter.expected, isPositional: true }
}

/** Reads the arguments of a call of `name`. Throws `TEMPLATE_FAILED` for arguments that do not match. */
export function bind<P extends Parameters>(
  name: string,
  parameters: P,
  { positional, named }: Arguments,
  budget: Budget,
): Given<P> {
  const names = Object.keys(parameters)
  if (positional.length > names.length) {
    throw templateFailed(`${name} takes at most ${names.length} arguments, not ${positional.length}`)
  }
  const given: Record<string, unknown> = {}
  let nNamed = 0
  for (const [i, key] of names.entries()) {
    const parameter = parameters[key]
    const byName = parameter.isPositional || named.size === 0 ? undefined : named.get(key)
    if (byName !== undefined) nNamed++
    const byPosition = positional[i]
    if (byName !== undefined && byPosition !== undefined) throw templateFailed(`${name} got ${key} twice`)
    const value = byPosition === undefined ? byName : byPosition
    given[key] = read(name, key, parameter, value, budget)
  }
  if (nNamed < named.size) {
    const unknown = named.entries().find(([key]) => {
      const known = key instanceof Text ? key.text : ''
      return !Object.hasOwn(parameters, known) || parameters[known].isPositional
    })
    const key = unknown?.[0] instanceof Text ? unknown[0].text.slice(0, 100) : ''
    throw templateFailed(`${name} takes no argument named ${JSON.stringify(key)}`)
  }
  return given as Given<P>
}

function read(
  name: string,
  key: string,
  { read, expected, fallback }: Parameter<unknown>,
  value: Value | undefined,
  budget: Budget,
): unknown {
  if (value === undefined) {
    if (fallback) return fallback.value
    throw templateFailed(`${name} needs ${key}`)
  }
  const result = read(value, budget)
  if (result !== undefined) return result
  if (value === null && fallback && fallback.value === undefined) return undefined
  if (value instanceof Undefined) throw undefinedUsed(value)
  throw templateFailed(`${name}: ${key} must be ${expected}, not ${typeName(value)}`)
}

/** A filter or a method. `name` is for error messages. */
export type Operation<S, R = Value> = (name: string, subject: S, args: Arguments, budget: Budget) => R

/** An operation with declared parameters. */
export function operation<S, P extends Parameters, R extends Value>(
  parameters: P,
  run: (subject: S, given: Given<P>, budget: Budget, name: string) => R,
): Operation<S, R> {
  return (name, subject, args, budget) => run(subject, bind(name, parameters, args, budget), budget, name)
}

/** A filter: an operation on any value. */
export function filter<P extends Parameters>(
  parameters: P,
  run: (value: Value, given: Given<P>, budget: Budget, name: string) => Value,
): Operation<Value> {
  return operation(parameters, run)
}
