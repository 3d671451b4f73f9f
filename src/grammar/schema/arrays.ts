import { choice, EMPTY, NEVER, type Node, optional, repeat, sequence, text } from '../grammar.js'
import type { Rules } from './convert.js'
import type { Flat, Placed } from './flat.js'
import { COMMA, SPACE } from './json-text.js'

/**
 * Arrays: the items of `prefixItems`, then those of `items`, as many as are allowed. After `prefixItems` without `items`
 * nothing follows that need not.
 */
export function arrayNode(
  { pointer, prefixItems, items, minItems: min, maxItems: max }: Flat,
  rules: Rules,
): Node {
  if (min > max) return NEVER
  const needed = min > prefixItems.length || prefixItems.length === 0
  const other: Placed | undefined = items ?? (needed ? { schema: true, pointer } : undefined)
  const prefix = prefixItems.slice(0, max)
  const count = prefix.length
  const rest = other && max > count ? rules.valueOf(other) : NEVER
  const more = (done: number) => repeat(sequence([COMMA, rest]), Math.max(0, min - done), max - done)
  let tail: Node = more(count)
  // From the last item on, a rule each: a list of a thousand is no deep nest.
  for (let i = count - 1; i > 0; i--) {
    const item = sequence([COMMA, rules.valueOf(prefix[i]), tail])
    tail = rules.define(pointer, i < min ? item : optional(item))
  }
  const first = count > 0 ? rules.valueOf(prefix[0]) : rest
  const listed = sequence([first, count > 0 ? tail : more(1), SPACE])
  const content = choice([min === 0 ? EMPTY : NEVER, max === 0 ? NEVER : listed])
  return sequence([text('['), SPACE, content, text(']')])
}
