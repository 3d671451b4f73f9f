import type { Budget } from './budget.js'
import { dictOf, iterable } from './collections.js'
import { undefinedUsed } from './compare.js'
import { templateFailed, templateLimit, templateNeeds, templateRefuses } from './failures.js'
import { any, bind, int, positional as positionalOnly, printed, text } from './parameters.js'
import type { Scope } from './scope.js'
import { strftime } from './strftime.js'
import { Text } from './text.js'
import {
  type Arguments,
  Callable,
  Dict,
  Namespace,
  NO_ARGUMENTS,
  Range,
  typeName,
  Undefined,
  type Value,
} from './values.js'

type Global = (args: Arguments, budget: Budget, now: Date) => Value

/** Limit on the items of a range, as in Jinja's sandbox. */
const MAX_RANGE = 100_000

/** The functions that every template may use, by name. */
const FUNCTIONS: Readonly<Record<string, Global>> = {
  range,
  namespace: (args, budget) => {
    const attributes = members('namespace', args, budget).entries()
    return new Namespace(
      attributes.map(([key, value]) => {
        if (key instanceof Text) return [key.text, value] as const
        throw templateFailed(`the names of a namespace must be strings, not ${typeName(key)}`)
      }),
    )
  },
  dict: (args, budget) => members('dict', args, budget),
  cycler: ({ positional, named }) => {
    if (named.size > 0 || positional.length === 0)
      throw templateFailed('cycler needs values and takes no named arguments')
    return new Cycler(positional)
  },
  joiner: (args, budget) => {
    const { sep } = bind('joiner', { sep: any.or(Text.of(', ')) }, args, budget)
    let isUsed = false
    return new Callable((args) => {
      bind('a joiner', {}, args, budget)
      if (isUsed) return sep
      isUsed = true
      return Text.EMPTY
    })
  },
  lipsum: () => {
    throw templateNeeds('function', 'lipsum', GLOBAL_FUNCTIONS)
  },
  raise_exception: (args, budget) => {
    const { message } = bind('raise_exception', { message: printed }, args, budget)
    throw templateRefuses(message.text.slice(0, 500))
  },
  strftime_now: (args, budget, now) => {
    const { format } = bind('strftime_now', { format: text }, args, budget)
    return strftime(format, now, budget)
  },
}

export const GLOBAL_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS)

/** Declares the functions. `now`: the time for `strftime_now`. */
export function declareGlobals(scope: Scope, now: Date, budget: Budget): void {
  for (const [name, call] of Object.entries(FUNCTIONS)) {
    scope.set(name, new Callable((args) => call(args, budget, now)))
  }
}

/** The members of the given mapping or pairs, followed by the named arguments. */
function members(of: string, { positional, named }: Arguments, budget: Budget): Dict {
  const { given } = bind(
    of,
    { given: positionalOnly(any.or(Dict.EMPTY)) },
    { ...NO_ARGUMENTS, positional },
    budget,
  )
  if (given instanceof Dict)
    return named.size === 0 ? given : dictOf([...given.entries(), ...named.entries()], budget)
  if (given instanceof Undefined) throw undefinedUsed(given)
  const items = iterable(given, budget)
  if (!items) throw templateFailed(`${of} needs a mapping or pairs, not ${typeName(given)}`)
  budget.members(items.length)
  const pairs = items.map((item): [Value, Value] => {
    const pair = iterable(item, budget)
    if (pair?.length !== 2) throw templateFailed(`${of} needs pairs, not ${typeName(item)}`)
    return [pair[0], pair[1]]
  })
  return dictOf([...pairs, ...named.entries()], budget)
}

function range(args: Arguments, budget: Budget): Range {
  const [one, two, three] = [int, int.optional, int.or(1)].map(positionalOnly)
  const given = bind('range', { start: one, stop: two, step: three }, args, budget)
  const [first, second, step] = [given.start, given.stop, given.step] as [number, number | undefined, number]
  const [start, stop] = second === undefined ? [0, first] : [first, second]
  if (step === 0) throw templateFailed('the step of a range is 0')
  const count = Math.max(0, Math.ceil((stop - start) / step))
  if (!(count <= MAX_RANGE)) {
    throw templateLimit(`makes a range of ${count} items; the limit is ${MAX_RANGE}, as in Jinja's sandbox`)
  }
  budget.items(count)
  return new Range({ start, stop, step })
}

/** The value of `cycler(…)`, which repeats its values. */
class Cycler extends Namespace {
  readonly #items: readonly Value[]
  #at = 0

  constructor(items: readonly Value[]) {
    super()
    this.#items = items
  }

  override get(name: string): Value | undefined {
    switch (name) {
      case 'current':
        return this.#items[this.#at]
      case 'next':
        return new Callable(() => {
          const current = this.#items[this.#at]
          this.#at = (this.#at + 1) % this.#items.length
          return current
        })
      case 'reset':
        return new Callable(() => {
          this.#at = 0
          return null
        })
      default:
        return undefined
    }
  }
}
