import type { Budget } from './budget.js'
import { lengthOf } from './collections.js'
import { order } from './compare.js'
import { templateFailed } from './failures.js'
import { quoted, repr } from './repr.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { Dict, isSequence, List, Tuple, type Value } from './values.js'

const WIDTH = 80
/** Nesting depth of lists and mappings. */
const MAX_NESTING = 100

/** Python's `pprint.pformat`: sorted keys, and one line per item if one line for all would be too long. */
export function pretty(value: Value, budget: Budget): Text {
  const out = new TextBuilder(budget)
  new PrettyPrinter(out, budget).write(withSortedKeys(value, budget, 0), 0, 0, 1)
  return out.text()
}

/** Sorts the keys of mappings: keys of one type by value, others by type. */
function withSortedKeys(value: Value, budget: Budget, depth: number): Value {
  if (depth > MAX_NESTING)
    throw templateFailed(`pprint: the value is nested more than ${MAX_NESTING} levels deep`)
  const inner = (item: Value) => withSortedKeys(item, budget, depth + 1)
  if (isSequence(value)) {
    budget.items(value.items.length)
    const items = value.items.map(inner)
    return value instanceof Tuple ? new Tuple(items) : new List(items)
  }
  if (!(value instanceof Dict)) return value
  budget.members(value.size)
  const entries = value.entries().map(([key, item]) => [key, inner(item)] as const)
  return new Dict(entries.sort(([a], [b]) => keyOrder(a, b, budget)))
}

function keyOrder(a: Value, b: Value, budget: Budget): number {
  const kind = (key: Value) =>
    key instanceof Text ? 'str' : key === null ? 'NoneType' : key instanceof Tuple ? 'tuple' : 'number'
  const [x, y] = [kind(a), kind(b)]
  if (x === y) return x === 'NoneType' ? 0 : order(a, b, budget)
  return x < y ? -1 : 1
}

class PrettyPrinter {
  readonly #out: TextBuilder
  readonly #budget: Budget

  constructor(out: TextBuilder, budget: Budget) {
    this.#out = out
    this.#budget = budget
  }

  /** `allowance`: number of characters that follow on the last line. */
  write(value: Value, indent: number, allowance: number, level: number): void {
    this.#budget.spend(1)
    const whole = repr(value, this.#budget)
    if (lengthOf(whole) <= WIDTH - indent - allowance) {
      this.#out.add(whole)
    } else if (value instanceof Dict && value.size > 0) {
      this.#dict(value, indent, allowance, level)
    } else if (isSequence(value) && value.items.length > 0) {
      this.#list(value, indent, allowance, level)
    } else if (value instanceof Text && value.length > 0) {
      this.#text(value, indent, allowance, level)
    } else this.#out.add(whole)
  }

  #break(indent: number): void {
    this.#out.add('\n', Text.of(' ').repeated(indent))
  }

  #dict(dict: Dict, indent: number, allowance: number, level: number): void {
    const entries = dict.entries()
    this.#out.add('{')
    for (const [i, [key, item]] of entries.entries()) {
      if (i > 0) {
        this.#out.add(',')
        this.#break(indent + 1)
      }
      const name = repr(key, this.#budget)
      this.#out.add(name, ': ')
      const rest = i === entries.length - 1 ? allowance + 1 : 1
      this.write(item, indent + 1 + lengthOf(name) + 2, rest, level + 1)
    }
    this.#out.add('}')
  }

  #list(list: List, indent: number, allowance: number, level: number): void {
    const { items } = list
    const isTuple = list instanceof Tuple
    const end = isTuple && items.length === 1 ? 2 : 1
    this.#out.add(isTuple ? '(' : '[')
    for (const [i, item] of items.entries()) {
      if (i > 0) {
        this.#out.add(',')
        this.#break(indent + 1)
      }
      this.write(item, indent + 1, i === items.length - 1 ? allowance + end : 1, level + 1)
    }
    this.#out.add(!isTuple ? ']' : items.length === 1 ? ',)' : ')')
  }

  /** A string as adjacent literals, split at line breaks and spaces. */
  #text(text: Text, indent: number, allowance: number, level: number): void {
    const isOutermost = level === 1
    const [column, rest] = isOutermost ? [indent + 1, allowance + 1] : [indent, allowance]
    const pieces = this.#pieces(text, WIDTH - column, rest)
    if (pieces.length === 1) {
      this.#out.add(pieces[0])
      return
    }
    if (isOutermost) this.#out.add('(')
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) this.#break(column)
      this.#out.add(piece)
    }
    if (isOutermost) this.#out.add(')')
  }

  #pieces(text: Text, width: number, allowance: number): Text[] {
    const pieces: Text[] = []
    const cut = (start: number, end: number) => {
      this.#budget.piece(2 * text.runs.length)
      return quoted(text.slice(start, end))
    }
    const lines = linesOf(text.text)
    for (const [i, [start, end]] of lines.entries()) {
      const isLast = i === lines.length - 1
      const whole = cut(start, end)
      if (lengthOf(whole) <= width - (isLast ? allowance : 0)) {
        pieces.push(whole)
        continue
      }
      let from = start
      let to = start
      const words = [...text.text.slice(start, end).matchAll(/\S*\s*/g)].filter(({ 0: word }) => word !== '')
      for (const [k, { index, 0: word }] of words.entries()) {
        const next = start + index + word.length
        const available = isLast && k === words.length - 1 ? width - allowance : width
        if (lengthOf(cut(from, next)) > available && to > from) {
          pieces.push(cut(from, to))
          from = to
        }
        to = next
      }
      if (to > from) pieces.push(cut(from, to))
    }
    return pieces
  }
}

function linesOf(text: string): [start: number, end: number][] {
  const lines: [number, number][] = []
  let start = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts separators among them
  for (const match of text.matchAll(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g)) {
    const end = match.index + match[0].length
    lines.push([start, end])
    start = end
  }
  if (start < text.length) lines.push([start, text.length])
  return lines
}
