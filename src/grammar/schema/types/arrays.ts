import { choice, EMPTY, isNever, NEVER, type Node, optional, repeat, sequence, text } from '../../grammar.js'
import { unsupported } from '../failures.js'
import type { Flat, Placed } from '../flat.js'
import { COMMA, SPACE } from '../json-text.js'
import type { Rules } from '../rules.js'
import { distinctItems, eachOnce } from './distinct.js'

/** Limit on positions × counts for `contains`; lists end there if they may. */
const MAX_COUNTED = 2000

/**
 * Arrays: the items of `prefixItems`, then those of `items`, as many as are allowed. After `prefixItems` without `items`,
 * only required items follow.
 */
export function arrayNode(flat: Flat, rules: Rules): Node {
  const { minItems: min, maxItems: max } = flat
  if (min > max) return NEVER
  const content =
    flat.unique !== undefined && max > 1
      ? distinctContent(flat, flat.unique, rules)
      : flat.contains.length > 0
        ? containingContent(flat, rules)
        : plainContent(flat, rules)
  return sequence([text('['), SPACE, content, text(']')])
}

/** The schema of items after `prefixItems`; `undefined` if none are generated. */
function furtherItems({ pointer, prefixItems, items, minItems }: Flat): Placed | undefined {
  const needed = minItems > prefixItems.length || prefixItems.length === 0
  return items ?? (needed ? { schema: true, pointer } : undefined)
}

function plainContent(flat: Flat, rules: Rules): Node {
  const { pointer, prefixItems, minItems: min, maxItems: max } = flat
  const other = furtherItems(flat)
  const prefix = prefixItems.slice(0, max)
  const count = prefix.length
  const rest = other && max > count ? rules.valueOf(other) : NEVER
  const more = (done: number) => repeat(sequence([COMMA, rest]), Math.max(0, min - done), max - done)
  let tail: Node = more(count)
  // One rule per item, built from the end, so that a list of a thousand items is not deeply nested.
  for (let i = count - 1; i > 0; i--) {
    const item = sequence([COMMA, rules.valueOf(prefix[i]), tail])
    tail = rules.define(pointer, i < min ? item : optional(item))
  }
  const first = count > 0 ? rules.valueOf(prefix[0]) : rest
  const listed = sequence([first, count > 0 ? tail : more(1), SPACE])
  return choice([min === 0 ? EMPTY : NEVER, max === 0 ? NEVER : listed])
}

/** Unique items. */
function distinctContent(flat: Flat, pointer: string, rules: Rules): Node {
  const { prefixItems, contains, minItems: min, maxItems: max } = flat
  if (prefixItems.length > 0 || contains.length > 0) {
    throw unsupported(
      pointer,
      'items that must differ, beside a list of items or contains, are not supported',
      'leave uniqueItems out and check the items afterwards',
    )
  }
  const further = furtherItems(flat)
  const choices = further ? distinctItems(further, pointer, rules) : []
  const listed = eachOnce(choices, { min: Math.max(1, min), max, separator: COMMA, pointer }, rules)
  if (isNever(listed) && min > choices.length) {
    throw unsupported(
      pointer,
      `at most ${choices.length} items can be told apart here, and minItems is ${min}`,
      'leave uniqueItems out and check the items afterwards',
    )
  }
  return choice([min === 0 ? EMPTY : NEVER, sequence([listed, SPACE])])
}

/**
 * Arrays with `contains`: every item counts as a match or is unrestricted. Once `maxContains` is reached, further items
 * must not match.
 */
function containingContent(flat: Flat, rules: Rules): Node {
  const { pointer, prefixItems, minItems: min, contains } = flat
  const [one, ...others] = contains
  const { resolver } = rules
  if (others.some(({ min: least, max }) => least > 0 || max < Number.POSITIVE_INFINITY)) {
    throw unsupported(
      pointer,
      'more than one contains is not supported',
      'demand the items by prefixItems, or join both into one schema',
    )
  }
  const further = furtherItems(flat)
  /** The number of matches beyond which counts are not distinguished. */
  const counted = one.max < Number.POSITIVE_INFINITY ? one.max : one.min
  const longest = Math.max(min, prefixItems.length, one.min, Math.floor(MAX_COUNTED / (counted + 1)))
  const max = Math.min(flat.maxItems, longest)
  const isOpen = flat.maxItems === Number.POSITIVE_INFINITY
  const positions = isOpen ? Math.max(1, min, prefixItems.length) : max
  const known = new Map<number, Node>()
  const item = (position: number, valid: (placed: Placed) => Placed): Node => {
    const placed = prefixItems[position] ?? further
    return placed ? rules.valueOf(valid(placed)) : NEVER
  }
  const thatCounts = (placed: Placed) => resolver.both(placed, one.placed)
  const thatNeedNot = (placed: Placed) => {
    const mayCount = one.max === Number.POSITIVE_INFINITY
    return mayCount ? placed : resolver.both(placed, resolver.not(one.placed))
  }
  /** The continuation after this many items, of which this many matched; one rule each, built from the end. */
  const rule = (position: number, count: number) => known.get(position * (counted + 1) + count)!
  for (let position = positions; position >= 0; position--) {
    for (let count = counted; count >= 0; count--) {
      const key = position * (counted + 1) + count
      const isLoop = position === positions && isOpen
      if (isLoop) known.set(key, rules.define(pointer, EMPTY))
      const next = Math.min(position + 1, positions)
      const separator = position > 0 ? COMMA : EMPTY
      const mayEnd = position > 0 && position >= min && count >= one.min
      const options: Node[] = mayEnd ? [EMPTY] : []
      if (position < positions || isOpen) {
        if (count < counted) {
          options.push(sequence([separator, item(position, thatCounts), rule(next, count + 1)]))
        }
        options.push(sequence([separator, item(position, thatNeedNot), rule(next, count)]))
      }
      if (isLoop) rules.redefine(known.get(key)!, choice(options))
      else known.set(key, rules.define(pointer, choice(options)))
    }
  }
  return choice([min === 0 && one.min === 0 ? EMPTY : NEVER, sequence([rule(0, 0), SPACE])])
}
