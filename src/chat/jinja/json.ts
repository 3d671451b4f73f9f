import type { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { Dict, Float, List, Namespace, typeName, Undefined, type Value } from './values.js'

export interface JsonOptions {
  /** Spaces a level; none: all in one line. */
  readonly indent?: number
  readonly ensureAscii?: boolean
  readonly separators?: readonly [item: Text, key: Text]
  readonly sortKeys?: boolean
}

/** Lists and mappings within each other, in a text made of them. */
const MAX_NESTING = 100

/** What Python's `json.dumps` writes, with `ensure_ascii` off unless asked for, as chat templates are rendered. */
export function toJson(value: Value, options: JsonOptions, budget: Budget): Text {
  const pieces = new TextBuilder(budget)
  const [itemSeparator, keySeparator] = options.separators ?? [
    Text.of(options.indent === undefined ? ', ' : ','),
    Text.of(': '),
  ]
  const breakLine = (depth: number) => {
    if (options.indent === undefined) return
    budget.text(options.indent * depth)
    pieces.add(`\n${' '.repeat(options.indent * depth)}`)
  }
  const list = (open: string, close: string, items: readonly (() => void)[], depth: number) => {
    if (depth > MAX_NESTING) throw templateFailed(`tojson of a value nested more than ${MAX_NESTING} levels`)
    pieces.add(open)
    for (const [i, write] of items.entries()) {
      if (i > 0) pieces.add(itemSeparator)
      breakLine(depth)
      write()
    }
    if (items.length > 0) breakLine(depth - 1)
    pieces.add(close)
  }
  const write = (value: Value, depth: number): void => {
    if (value instanceof Text) pieces.add('"', quoted(value, options.ensureAscii === true), '"')
    else if (value instanceof List) {
      list(
        '[',
        ']',
        value.items.map((item) => () => write(item, depth + 1)),
        depth + 1,
      )
    } else if (value instanceof Dict) {
      const entries = value.entries()
      if (options.sortKeys) entries.sort(([a], [b]) => (a.text < b.text ? -1 : 1))
      const writers = entries.map(([key, item]) => () => {
        pieces.add('"', quoted(key, options.ensureAscii === true), '"', keySeparator)
        write(item, depth + 1)
      })
      list('{', '}', writers, depth + 1)
    } else pieces.add(scalar(value))
  }
  write(value, 0)
  return pieces.text()
}

function scalar(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' || value instanceof Float) return numberText(value)
  throw templateFailed(`tojson of ${typeName(value)}`)
}

function quoted(text: Text, ensureAscii: boolean): Text {
  return text.map((part) => {
    const escaped = JSON.stringify(part).slice(1, -1)
    return ensureAscii ? escaped.replace(/[\x7f-\uffff]/g, escapeUnit) : escaped
  })
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** A number as Python writes it. */
export function numberText(number: number | Float): string {
  if (typeof number === 'number') return Number.isInteger(number) ? BigInt(number).toString() : String(number)
  const { value } = number
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** Python's `str`. */
export function str(value: Value, budget: Budget): Text {
  if (value instanceof Text) return value
  if (value instanceof Undefined) return Text.EMPTY
  const pieces = new TextBuilder(budget)
  const write = (value: Value, depth: number): void => {
    if (depth > MAX_NESTING)
      throw templateFailed(`the text of a value nested more than ${MAX_NESTING} levels`)
    const comma = (i: number) => (i > 0 ? ', ' : '')
    if (value instanceof Text) pieces.add(represented(value))
    else if (value instanceof List) {
      pieces.add('[')
      for (const [i, item] of value.items.entries()) {
        pieces.add(comma(i))
        write(item, depth + 1)
      }
      pieces.add(']')
    } else if (value instanceof Dict) {
      pieces.add('{')
      for (const [i, [key, item]] of value.entries().entries()) {
        pieces.add(comma(i), represented(key), ': ')
        write(item, depth + 1)
      }
      pieces.add('}')
    } else if (value === null) pieces.add('None')
    else if (typeof value === 'boolean') pieces.add(value ? 'True' : 'False')
    else if (typeof value === 'number' || value instanceof Float) pieces.add(numberText(value))
    else if (value instanceof Undefined) pieces.add('Undefined')
    else pieces.add(value instanceof Namespace ? '<Namespace>' : '<function>')
  }
  write(value, 0)
  return pieces.text()
}

/** Python's `repr` of a string. */
function represented(text: Text): Text {
  const quote = text.text.includes("'") && !text.text.includes('"') ? '"' : "'"
  const inner = text.map((part) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped
    part.replace(/[\\'"\0-\x1f\x7f]/g, (character) => {
      const name = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
      if (name !== undefined) return name
      if (character === "'" || character === '"') return character === quote ? `\\${character}` : character
      return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
    }),
  )
  return Text.join([Text.of(quote), inner, Text.of(quote)])
}
