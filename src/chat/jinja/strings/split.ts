import type { Budget } from '../budget.js'
import { templateFailed } from '../failures.js'
import { BackwardSearcher, Searcher } from '../search.js'
import { Text } from '../text.js'
import { isBlank } from '../unicode.js'
import { List, Tuple } from '../values.js'

/** Cuts a text into pieces, each of which is charged to the budget. */
function cutter(text: Text, budget: Budget) {
  const parts: Text[] = []
  const add = (start: number, end: number) => {
    budget.items(1)
    budget.piece(text.runs.length)
    parts.push(text.slice(start, end))
  }
  return { parts, add }
}

function refuseEmpty(separator: Text): void {
  if (separator.length === 0) throw templateFailed('split: the separator is empty')
}

/** Python's `str.split`: at white space if there is no separator. A negative `most` means no limit. */
export function split(text: Text, separator: Text | undefined, most: number, budget: Budget): List {
  const all = text.text
  const { parts, add } = cutter(text, budget)
  const isDone = () => most >= 0 && parts.length >= most
  let start = 0
  if (separator) {
    refuseEmpty(separator)
    budget.scan(separator.length)
    if (!isDone()) {
      for (const at of new Searcher(all, separator.text).all()) {
        add(start, at)
        start = at + separator.length
        if (isDone()) break
      }
    }
    add(start, all.length)
    return new List(parts)
  }
  for (;;) {
    while (start < all.length && isBlank(all[start])) start++
    if (start >= all.length) return new List(parts)
    let end = start
    if (isDone()) end = all.length
    else while (end < all.length && !isBlank(all[end])) end++
    add(start, end)
    start = end
  }
}

/** The same from the right. */
export function splitFromRight(text: Text, separator: Text | undefined, most: number, budget: Budget): List {
  const all = text.text
  const { parts, add } = cutter(text, budget)
  const isDone = () => most >= 0 && parts.length >= most
  let end = all.length
  if (separator) {
    refuseEmpty(separator)
    const searcher = new BackwardSearcher(all, separator.text)
    budget.scan(separator.length)
    while (!isDone()) {
      const at = searcher.next(end)
      if (at < 0) break
      add(at + separator.length, end)
      end = at
    }
    add(0, end)
    return new List(parts.reverse())
  }
  for (;;) {
    while (end > 0 && isBlank(all[end - 1])) end--
    if (end === 0) return new List(parts.reverse())
    let start = end
    if (isDone()) start = 0
    else while (start > 0 && !isBlank(all[start - 1])) start--
    // The rest, left in one piece, keeps its leading white space.
    add(start, end)
    end = start
  }
}

/** Python's `partition` and `rpartition`. */
export function partition(text: Text, separator: Text, side: 'left' | 'right', budget: Budget): Tuple {
  refuseEmpty(separator)
  budget.scan(separator.length)
  budget.piece(3 * text.runs.length)
  const all = text.text
  const at =
    side === 'left'
      ? new Searcher(all, separator.text).next(0)
      : new BackwardSearcher(all, separator.text).next(all.length)
  if (at < 0)
    return new Tuple(side === 'left' ? [text, Text.EMPTY, Text.EMPTY] : [Text.EMPTY, Text.EMPTY, text])
  // The separator has the provenance of the text, not that of the argument.
  const end = at + separator.length
  return new Tuple([text.slice(0, at), text.slice(at, end), text.slice(end)])
}

/** The lines of a text, without line breaks unless `keepends` is set. */
export function lines(text: Text, budget: Budget, { keepends = false }: { keepends?: boolean } = {}): List {
  const all = text.text
  const { parts, add } = cutter(text, budget)
  let start = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts separators among them
  for (const match of all.matchAll(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g)) {
    const next = match.index + match[0].length
    add(start, keepends ? next : match.index)
    start = next
  }
  if (start < all.length) add(start, all.length)
  return new List(parts)
}
