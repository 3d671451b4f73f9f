import type { Budget } from '../budget.js'
import { characters, positionOf } from '../collections.js'
import { Searcher } from '../search.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { isBlank, stripBounds } from '../unicode.js'
import type { Value } from '../values.js'

/** Strips white space, or the given characters, from the ends. */
export function strip(
  text: Text,
  given: Text | undefined,
  sides: { readonly left: boolean; readonly right: boolean },
  budget: Budget,
): Text {
  budget.piece(text.runs.length)
  if (given) budget.items(given.length)
  const set = given && new Set(given.text)
  const drops = set ? (character: string) => set.has(character) : isBlank
  const [start, end] = stripBounds(text.text, drops, sides)
  return text.slice(start, end)
}

/** Changes the case. If that changes the length, runs of different provenance are changed one by one. */
export function recase(text: Text, change: (text: string) => string, budget: Budget): Text {
  budget.text(text.length)
  const whole = change(text.text)
  if (whole.length !== text.length) return text.map(change)
  let at = 0
  return text.map((part) => {
    at += part.length
    return whole.slice(at - part.length, at)
  })
}

/** Python's `str.replace`; the replacement keeps its own provenance. A negative `count` means no limit. */
export function replace(text: Text, old: Text, replacement: Text, count: number, budget: Budget): Text {
  if (count === 0) return text
  const out = new TextBuilder(budget)
  if (old.length === 0) {
    // An empty text is found before each character and at the end.
    const all = characters(text, budget)
    const most = count < 0 ? all.length + 1 : count
    for (const [i, character] of all.entries()) {
      if (i < most) out.add(replacement)
      out.add(character)
    }
    if (all.length < most) out.add(replacement)
    return out.text()
  }
  budget.scan(old.length)
  let start = 0
  let done = 0
  for (const at of new Searcher(text.text, old.text).all()) {
    if (done++ === count) break
    budget.piece(text.runs.length)
    out.add(text.slice(start, at), replacement)
    start = at + old.length
  }
  budget.piece(text.runs.length)
  return out.add(text.slice(start)).text()
}

/** Joins items with `separator`; `print` converts those that are not texts. */
export function join(
  items: readonly Value[],
  separator: Text,
  budget: Budget,
  print: (item: Value) => Text,
): Text {
  const out = new TextBuilder(budget)
  for (const [i, item] of items.entries()) {
    if (i > 0) out.add(separator)
    out.add(item instanceof Text ? item : print(item))
  }
  return out.text()
}

/** Replaces the matches of `pattern`, a global one; a replacement has the provenance of its match. */
export function respell(
  text: Text,
  pattern: RegExp,
  change: (match: string) => string,
  budget: Budget,
): Text {
  const out = new TextBuilder(budget)
  let start = 0
  for (const match of text.text.matchAll(pattern)) {
    const end = match.index + match[0].length
    budget.piece(2 * text.runs.length)
    out.add(text.slice(start, match.index), text.slice(match.index, end).respelled(change(match[0])))
    start = end
  }
  return out.add(text.slice(start)).text()
}

/** The position of an offset, but -1 for -1. */
export function positionOrMinusOne(text: Text, offset: number): number {
  return offset < 0 ? offset : positionOf(text, offset)
}
