import { ArgumentReader } from './arguments.js'
import type { Budget } from './budget.js'
import { templateFailed, templateRefuses } from './failures.js'
import { str } from './json.js'
import type { Scope } from './scope.js'
import { strftime } from './strftime.js'
import { Text } from './text.js'
import { type Arguments, Callable, Dict, List, Namespace, typeName, type Value } from './values.js'

type Global = (args: Arguments, budget: Budget, now: Date) => Value

/** The functions that every template may use, by name. */
const FUNCTIONS: Readonly<Record<string, Global>> = {
  range,
  namespace: (args, budget) => new Namespace(members('namespace', args, budget)),
  dict: (args, budget) =>
    new Dict(members('dict', args, budget).map(([key, value]) => [Text.of(key), value] as const)),
  raise_exception: ({ positional: [message = null] }, budget) => {
    throw templateRefuses(str(message, budget).text.slice(0, 500))
  },
  strftime_now: (args, budget, now) => {
    const format = new ArgumentReader('strftime_now', args).text('format').text
    // Two characters of a format become nine at most.
    budget.text(5 * format.length)
    return Text.of(strftime(format, now))
  },
}

export const GLOBAL_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS)

/** Declares constants and functions. `now` is the time that `strftime_now` tells. */
export function declareGlobals(scope: Scope, now: Date, budget: Budget): void {
  for (const name of ['true', 'True']) scope.set(name, true)
  for (const name of ['false', 'False']) scope.set(name, false)
  for (const name of ['none', 'None', 'null']) scope.set(name, null)
  for (const [name, call] of Object.entries(FUNCTIONS)) {
    scope.set(name, new Callable((args) => call(args, budget, now)))
  }
}

/** Those of the mapping that is given, and the named ones. */
function members(of: string, { positional: [given], named }: Arguments, budget: Budget): [string, Value][] {
  if (given === undefined) return named.entries().map(([key, value]): [string, Value] => [key.text, value])
  if (!(given instanceof Dict)) throw templateFailed(`a ${of} of ${typeName(given)}`)
  budget.through(given.size)
  return [
    ...given.entries().map(([key, value]): [string, Value] => [key.text, value]),
    ...named.entries().map(([key, value]): [string, Value] => [key.text, value]),
  ]
}

function range({ positional }: Arguments, budget: Budget): List {
  const [first = 0, second, step = 1] = positional.map((value) => {
    if (typeof value === 'number') return value
    throw templateFailed(`range of ${typeName(value)}`)
  })
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  if (step === 0) throw templateFailed('range with step 0')
  const count = Math.max(0, Math.ceil((stop - start) / step))
  budget.items(count)
  return new List(Array.from({ length: count }, (_, i) => start + i * step))
}
