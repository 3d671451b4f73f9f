import type { Budget } from '../budget.js'
import { lengthOf, offsetOf } from '../collections.js'
import { templateFailed } from '../failures.js'
import { BackwardSearcher, Searcher } from '../search.js'
import { Text } from '../text.js'
import { Tuple, typeName, type Value } from '../values.js'

interface Bounds {
  readonly start: number | undefined
  readonly end: number | undefined
}

/** Converts bounds in characters to offsets; `undefined` if they are in the wrong order. */
function offsets(text: Text, { start = 0, end }: Bounds): [start: number, end: number] | undefined {
  const length = lengthOf(text)
  const clamp = (at: number) => Math.max(0, at < 0 ? at + length : at)
  const [from, to] = [clamp(start), Math.min(clamp(end ?? length), length)]
  return from > to ? undefined : [offsetOf(text, from), offsetOf(text, to)]
}

/** The offset of the first or last occurrence; -1 if there is none. */
export function found(
  text: Text,
  { sub, ...bounds }: Bounds & { readonly sub: Text },
  side: 'left' | 'right',
): number {
  const range = offsets(text, bounds)
  if (!range) return -1
  const [start, end] = range
  if (sub.length === 0) return side === 'left' ? start : end
  if (side === 'left') {
    const at = new Searcher(text.text.slice(0, end), sub.text).next(start)
    return at
  }
  const at = new BackwardSearcher(text.text, sub.text).next(end)
  return at < start ? -1 : at
}

/** The number of non-overlapping occurrences. */
export function counted(text: Text, { sub, ...bounds }: Bounds & { readonly sub: Text }): number {
  const range = offsets(text, bounds)
  if (!range) return 0
  const part = text.slice(...range)
  if (sub.length === 0) return lengthOf(part) + 1
  let count = 0
  for (const _ of new Searcher(part.text, sub.text).all()) count++
  return count
}

/** Whether the text between the bounds begins or ends with a string, or with one of a tuple of strings. */
export function affixed(
  text: Text,
  { sub, ...bounds }: Bounds & { readonly sub: Value },
  side: 'startsWith' | 'endsWith',
  budget: Budget,
): boolean {
  const candidates = sub instanceof Tuple ? sub.items : [sub]
  budget.scan(candidates.length)
  const range = offsets(text, bounds)
  const name = side.toLowerCase()
  const part = range && text.text.slice(...range)
  return candidates.some((candidate) => {
    if (!(candidate instanceof Text))
      throw templateFailed(`${name} needs strings, not ${typeName(candidate)}`)
    budget.scan(candidate.length + candidate.runs.length)
    return part?.[side](candidate.text) ?? false
  })
}
