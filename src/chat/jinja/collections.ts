import type { Budget } from './budget.js'
import { equal, undefinedUsed } from './compare.js'
import { templateFailed } from './failures.js'
import { includes } from './search.js'
import { Text } from './text.js'
import { unitsAt } from './unicode.js'
import { Dict, DictView, isHashable, List, Tuple, typeName, Undefined, type Value } from './values.js'

/** The items that a loop or filter iterates over: the keys of a mapping, nothing for an undefined value. */
export function iterate(value: Value, what: string, budget: Budget): readonly Value[] {
  const items = iterable(value, budget)
  if (items) return items
  throw templateFailed(`${what} cannot iterate over ${typeName(value)}`)
}

/** The same, but `undefined` for a value that is not iterable. */
export function iterable(value: Value, budget: Budget): readonly Value[] | undefined {
  if (value instanceof List) return value.items
  if (value instanceof Undefined) {
    if (value.problem !== undefined) throw undefinedUsed(value)
    return []
  }
  if (value instanceof Dict) {
    budget.items(value.size)
    return keysOf(value)
  }
  return value instanceof Text ? characters(value, budget) : undefined
}

/** A string's characters, each as a text. */
export function characters(text: Text, budget: Budget): Text[] {
  budget.items(text.length)
  const result: Text[] = []
  for (const { text: part, provenance } of text.runs) {
    // Most texts have few distinct characters, so their texts are shared.
    const made = new Map<string, Text>()
    for (const character of part) {
      let one = made.get(character)
      if (one === undefined) {
        budget.piece()
        one = Text.of(character, provenance)
        made.set(character, one)
      }
      result.push(one)
    }
  }
  return result
}

/** The number of characters of a text, whose length is in UTF-16 units. */
export function lengthOf(text: Text): number {
  return text.hasPairs ? positionOf(text, text.length) : text.length
}

/** The number of characters before an offset. */
export function positionOf(text: Text, offset: number): number {
  if (!text.hasPairs) return offset
  const all = text.text
  let position = 0
  for (let at = 0; at < offset; at += unitsAt(all, at)) position++
  return position
}

/** The offset of the character at a position, clamped to the end. */
export function offsetOf(text: Text, position: number): number {
  if (!text.hasPairs) return Math.min(position, text.length)
  const all = text.text
  let at = 0
  for (let i = 0; i < position && at < all.length; i++) at += unitsAt(all, at)
  return at
}

export function keysOf(dict: Dict): readonly Value[] {
  return dict.entries().map(([key]) => key)
}

/** The members as pairs. */
export function pairsOf(dict: Dict, budget: Budget): Tuple[] {
  budget.members(dict.size)
  return dict.entries().map(([key, value]) => new Tuple([key, value]))
}

export function itemsView(dict: Dict, budget: Budget): DictView {
  return new DictView('dict_items', pairsOf(dict, budget))
}

/** A mapping of pairs. Throws `TEMPLATE_FAILED` for keys that are not hashable. */
export function dictOf(entries: readonly (readonly [key: Value, value: Value])[], budget: Budget): Dict {
  budget.members(entries.length)
  for (const [key] of entries) budget.key(key)
  try {
    return new Dict(entries)
  } catch (cause) {
    throw templateFailed((cause as Error).message, cause)
  }
}

/** Python's slicing, of a list's items or a string's characters. */
export function slice<T>(items: readonly T[], start?: number, stop?: number, step = 1): T[] {
  if (step === 0) throw templateFailed('the step of a slice is 0')
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
  if (container instanceof Undefined) {
    if (container.problem !== undefined) throw undefinedUsed(container)
    return false
  }
  if (container instanceof List) return container.items.some((other) => equal(item, other, budget))
  if (container instanceof Dict) {
    budget.key(item)
    if (!isHashable(item)) throw templateFailed(`"in" cannot look for ${typeName(item)} among keys`)
    return container.has(item)
  }
  if (container instanceof Text && item instanceof Text) {
    budget.scan(container.length + container.runs.length + item.runs.length)
    return includes(container.text, item.text)
  }
  throw templateFailed(`"in" cannot look for ${typeName(item)} in ${typeName(container)}`)
}
