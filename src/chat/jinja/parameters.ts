import type { Budget } from './budget.js'
import { truthy, undefinedUsed } from './compare.js'
import { templateFailed } from './failures.js'
import { Float, type Integer, integral, numeric } from './numbers.js'
import { str } from './repr.js'
import { Text } from './text.js'
import { type Arguments, List, typeName, Undefined, type Value } from './values.js'

/**
 * Parameters are declared once, as a table of names in their order, and `bind` reads the arguments of a call by it: what is
 * surplus, unknown, missing, given twice or of the wrong type is an error, as in Python, and nothing is ignored.
 */
export interface Parameter<T> {
  /** What the argument is to the function; `undefined` where its type is wrong. */
  readonly read: (value: Value, budget: Budget) => T | undefined
  /** What `read` takes, for messages. */
  readonly expected: string
  /** What stands for an argument that is not given; none: it must be. */
  readonly fallback?: { readonly value: T }
  /** Python takes it by place alone. */
  readonly isPositional?: boolean
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

export type Given<P extends Parameters> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never
}

/** A parameter that must be given, and by `or` one that need not be. */
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

  /** `None` stands for one that is not given. */
  get optional(): Parameter<T | undefined> {
    return {
      read: this.read,
      expected: this.expected,
      fallback: { value: undefined },
    }
  }
}

/** The kinds of arguments. */
export const any = new Declared<Value>('a value', (value) => value)
export const text = new Declared<Text>('a string', (value) => (value instanceof Text ? value : undefined))
/** Any value, as the text that it prints. */
export const printed = new Declared<Text>('a value', (value, budget) => str(value, budget))
/** Any value, by whether it counts as true. */
export const flag = new Declared<boolean>('a boolean', (value) => truthy(value))
/** An integer of any size. */
export const whole = new Declared<Integer>('an integer', (value) => integral(value))
/** An integer as a `number`: of those that are larger only that they are matters. */
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

/** The same by place alone, as methods that Python writes in C take their arguments. */
export function positional<T>(parameter: Parameter<T>): Parameter<T> {
  return { ...parameter, read: parameter.read, expected: parameter.expected, isPositional: true }
}

/** Reads the arguments of a call of `name`. Throws `TEMPLATE_FAILED` for what does not fit. */
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
  for (const [place, key] of names.entries()) {
    const parameter = parameters[key]
    const byName = parameter.isPositional || named.size === 0 ? undefined : named.get(key)
    if (byName !== undefined) nNamed++
    const byPlace = positional[place]
    if (byName !== undefined && byPlace !== undefined) throw templateFailed(`${name} gets ${key} twice`)
    const value = byPlace === undefined ? byName : byPlace
    given[key] = read(name, key, parameter, value, budget)
  }
  if (nNamed < named.size) {
    const unknown = named.entries().find(([key]) => {
      const known = key instanceof Text ? key.text : ''
      return !Object.hasOwn(parameters, known) || parameters[known].isPositional
    })
    const key = unknown?.[0] instanceof Text ? unknown[0].text.slice(0, 100) : ''
    throw templateFailed(`${name} takes no argument by the name ${JSON.stringify(key)}`)
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

/** What can be called by name on a value: a filter or a method. `name` is that by which it is known, for messages. */
export type Operation<S, R = Value> = (name: string, subject: S, args: Arguments, budget: Budget) => R

/** An operation with declared parameters. */
export function operation<S, P extends Parameters, R extends Value>(
  parameters: P,
  run: (subject: S, given: Given<P>, budget: Budget, name: string) => R,
): Operation<S, R> {
  return (name, subject, args, budget) => run(subject, bind(name, parameters, args, budget), budget, name)
}

/** An operation on any value, as filters are. */
export function filter<P extends Parameters>(
  parameters: P,
  run: (value: Value, given: Given<P>, budget: Budget, name: string) => Value,
): Operation<Value> {
  return operation(parameters, run)
}
