import { ArgumentReader } from './arguments.js'
import type { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { str } from './json.js'
import { Text } from './text.js'
import {
  type Arguments,
  Dict,
  equal,
  List,
  numeric,
  orUndefined,
  typeName,
  Undefined,
  type Value,
} from './values.js'

/** The items that a loop or filter goes through; none of something undefined, the keys of a mapping. */
export function iterate(value: Value, what: string, budget: Budget): readonly Value[] {
  if (value instanceof List) return value.items
  if (value instanceof Undefined) return []
  if (value instanceof Dict) {
    budget.through(value.size)
    return keysOf(value)
  }
  if (value instanceof Text) return characters(value, budget)
  throw templateFailed(`${what} goes through ${typeName(value)}`)
}

/** A string's characters, each a text of its own. */
export function characters(text: Text, budget: Budget): Text[] {
  budget.items(text.length)
  return text.runs.flatMap(({ text, source }) => Array.from(text, (character) => Text.of(character, source)))
}

function keysOf(dict: Dict): readonly Text[] {
  return dict.entries().map(([key]) => key)
}

/** The members as pairs. Whoever asks accounts for them. */
export function entriesOf(dict: Dict): List {
  return new List(dict.entries().map(([key, value]) => new List([key, value])))
}

/** The methods of a mapping. */
export const DICT_METHODS: ReadonlyMap<string, (dict: Dict, args: Arguments) => Value> = new Map<
  string,
  (dict: Dict, args: Arguments) => Value
>([
  [
    'get',
    (dict, args) => {
      const reader = new ArgumentReader('get', args)
      const key = reader.next('key')
      const found = key instanceof Text ? dict.get(key.text) : undefined
      return found === undefined ? reader.nextOr('default', null) : found
    },
  ],
  ['items', entriesOf],
  ['keys', (dict) => new List(keysOf(dict))],
  ['values', (dict) => new List(dict.entries().map(([, value]) => value))],
])

/** Python's slicing, of a list's items or a string's characters. */
export function slice<T>(items: readonly T[], start?: number, stop?: number, step = 1): T[] {
  if (step === 0) throw templateFailed('a slice with step 0')
  const { length } = items
  const from = step > 0 ? 0 : -1
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, from), length + from)
  const first = start === undefined ? (step > 0 ? 0 : length - 1) : clamp(start)
  const end = stop === undefined ? (step > 0 ? length : -1) : clamp(stop)
  const result: T[] = []
  for (let at = first; step > 0 ? at < end : at > end; at += step) result.push(items[at])
  return result
}

/** Whether `item` is in a list, a mapping's keys or a string. */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  if (container instanceof Undefined) return false
  if (container instanceof List) return container.items.some((other) => equal(item, other, budget.spend))
  if (container instanceof Dict) return item instanceof Text && container.has(item.text)
  if (container instanceof Text && item instanceof Text) {
    budget.through(container.length)
    return container.text.includes(item.text)
  }
  throw templateFailed(`"in" looks for ${typeName(item)} in ${typeName(container)}`)
}

/** The order of two values: of strings or of numbers. */
export function compare(a: Value, b: Value, budget: Budget, caseSensitive = true): number {
  if (a instanceof Text && b instanceof Text) {
    budget.through(a.length + b.length)
    const [x, y] = caseSensitive ? [a.text, b.text] : [a.text.toLowerCase(), b.text.toLowerCase()]
    return x < y ? -1 : x > y ? 1 : 0
  }
  const [x, y] = [numeric(a), numeric(b)]
  if (x !== undefined && y !== undefined) return x - y
  throw templateFailed(`${typeName(a)} and ${typeName(b)} have no order`)
}

/** Gives `item.a.b` of an item by the path `a.b`, as the parameter `attribute` of filters has it. */
export function attribute(path: string, budget: Budget): (item: Value) => Value {
  budget.through(path.length)
  const names = path.split('.')
  return (item) => {
    let value = item
    for (const name of names) {
      if (value instanceof Dict) value = orUndefined(value.get(name), path)
      else if (value instanceof List && /^\d+$/.test(name))
        value = orUndefined(value.items[Number(name)], path)
      else return new Undefined(path)
    }
    return value
  }
}

/** Sorted by what `key` gives; equals stay in their order. */
export function sorted(
  items: readonly Value[],
  key: (item: Value) => Value,
  caseSensitive: boolean,
  reverse: boolean,
  budget: Budget,
): Value[] {
  budget.items(items.length * 20)
  const keyed = items.map((item) => ({ item, key: key(item) }))
  keyed.sort((a, b) => (reverse ? -1 : 1) * compare(a.key, b.key, budget, caseSensitive))
  return keyed.map(({ item }) => item)
}

/** A mapping of pairs. */
export function dictOf(entries: readonly (readonly [key: Value, value: Value])[], budget: Budget): Dict {
  return new Dict(entries.map(([key, value]) => [str(key, budget), value] as const))
}
