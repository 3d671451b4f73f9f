import type { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { bitsOf, Float, numberText } from './numbers.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { UNPRINTABLE } from './unicode.js'
import { Callable, Dict, DictView, List, Namespace, Range, Tuple, Undefined, type Value } from './values.js'

/** Nesting depth of lists and mappings that are printed. */
const MAX_NESTING = 100

/** Python's `str`. */
export function str(value: Value, budget: Budget): Text {
  if (value instanceof Text) return value
  if (value instanceof Undefined) return Text.EMPTY
  return repr(value, budget)
}

/** Python's `repr`. */
export function repr(value: Value, budget: Budget): Text {
  const out = new TextBuilder(budget)
  writeRepr(value, out, 0, budget)
  return out.text()
}

function writeRepr(value: Value, out: TextBuilder, depth: number, budget: Budget): void {
  if (depth > MAX_NESTING)
    throw templateFailed(`the printed value is nested more than ${MAX_NESTING} levels deep`)
  const list = (items: readonly Value[]) => {
    for (const [i, item] of items.entries()) {
      if (i > 0) out.add(', ')
      writeRepr(item, out, depth + 1, budget)
    }
  }
  const members = (entries: Iterable<readonly [Value, Value]>) => {
    out.add('{')
    let isFirst = true
    for (const [key, item] of entries) {
      if (!isFirst) out.add(', ')
      isFirst = false
      writeRepr(key, out, depth + 1, budget)
      out.add(': ')
      writeRepr(item, out, depth + 1, budget)
    }
    out.add('}')
  }
  if (value instanceof Text) out.add(quoted(value))
  else if (value instanceof Range) {
    out.add('range(', numberText(value.start), ', ', numberText(value.stop))
    if (value.step !== 1) out.add(', ', numberText(value.step))
    out.add(')')
  } else if (value instanceof DictView) {
    out.add(value.kind, '([')
    list(value.items)
    out.add('])')
  } else if (value instanceof Tuple) {
    out.add('(')
    list(value.items)
    out.add(value.items.length === 1 ? ',)' : ')')
  } else if (value instanceof List) {
    out.add('[')
    list(value.items)
    out.add(']')
  } else if (value instanceof Dict) members(value.entries())
  else if (value === null) out.add('None')
  else if (typeof value === 'boolean') out.add(value ? 'True' : 'False')
  else if (value instanceof Undefined) out.add('Undefined')
  else if (value instanceof Callable) out.add(value.title)
  else if (value instanceof Float || typeof value === 'number' || typeof value === 'bigint') {
    // Printing a large integer takes time quadratic in its digits.
    if (typeof value === 'bigint') budget.spend((bitsOf(value) / 128) ** 2)
    out.add(numberText(value))
  } else if (value instanceof Namespace) {
    // The names of attributes have no provenance, so only their values are printed.
    out.add('<Namespace [')
    list([...value.attributes.values()])
    out.add(']>')
  }
}

const NAMED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const ESCAPED = new RegExp(`[\\\\'"]|${UNPRINTABLE.source}`, 'gu')

/** Python's `ascii`. */
export function ascii(value: Value, budget: Budget): Text {
  return repr(value, budget).map((part) => part.replace(/[\x80-\u{10ffff}]/gu, escapeOf))
}

/** Python's `repr` of a string. */
export function quoted(text: Text): Text {
  const all = text.text
  const quote = all.includes("'") && !all.includes('"') ? '"' : "'"
  const inner = text.map((part) => {
    return part.replace(ESCAPED, (character) => {
      if (character === "'" || character === '"') return character === quote ? `\\${character}` : character
      return NAMED[character] ?? escapeOf(character)
    })
  })
  return Text.join([Text.of(quote), inner, Text.of(quote)])
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0)!
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
