import type { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { Float, numberText } from './numbers.js'
import { sorted } from './order.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { Dict, DictView, List, Range, typeName, type Value } from './values.js'

export interface JsonOptions {
  /** Indentation per level; absent: all in one line. */
  readonly indent?: Text
  readonly ensureAscii?: boolean
  readonly separators?: readonly [item: Text, key: Text]
  readonly sortKeys?: boolean
}

/** Nesting depth of lists and mappings. */
const MAX_NESTING = 100

/** Python's `json.dumps`, with `ensure_ascii` off by default, as transformers renders chat templates. */
export function toJson(value: Value, options: JsonOptions, budget: Budget): Text {
  const { indent, ensureAscii = false, sortKeys = false } = options
  const out = new TextBuilder(budget)
  const [itemSeparator, keySeparator] = options.separators ?? [
    indent === undefined ? Text.of(', ') : Text.of(','),
    Text.of(': '),
  ]
  const breakLine = (depth: number) => {
    if (indent === undefined) return
    budget.text(indent.length * depth)
    out.add('\n', indent.repeated(depth))
  }
  const list = (
    open: '[' | '{',
    close: ']' | '}',
    count: number,
    write: (i: number) => void,
    depth: number,
  ) => {
    if (depth > MAX_NESTING)
      throw templateFailed(`tojson: the value is nested more than ${MAX_NESTING} levels deep`)
    out.add(open)
    for (let i = 0; i < count; i++) {
      if (i > 0) out.add(itemSeparator)
      breakLine(depth)
      write(i)
    }
    if (count > 0) breakLine(depth - 1)
    out.add(close)
  }
  const write = (value: Value, depth: number): void => {
    if (value instanceof Text) out.add('"', quoted(value, { ensureAscii }), '"')
    else if (value instanceof DictView || value instanceof Range) {
      throw templateFailed(
        `tojson cannot serialize a ${value instanceof Range ? 'range' : value.kind}; use a list`,
      )
    } else if (value instanceof List) {
      list('[', ']', value.items.length, (i) => write(value.items[i], depth + 1), depth + 1)
    } else if (value instanceof Dict) {
      budget.members(value.size)
      let entries: readonly (readonly [Value, Value])[] = value.entries()
      if (sortKeys) entries = sorted(entries, ([key]) => key, budget)
      const member = (i: number) => {
        const [key, item] = entries[i]
        out.add('"', key instanceof Text ? quoted(key, { ensureAscii }) : scalar(key), '"', keySeparator)
        write(item, depth + 1)
      }
      list('{', '}', entries.length, member, depth + 1)
    } else out.add(scalar(value))
  }
  write(value, 0)
  return out.text()
}

function scalar(value: Value): Text {
  if (value === null) return Text.of('null')
  if (typeof value === 'boolean') return value ? Text.of('true') : Text.of('false')
  if (typeof value === 'number' || typeof value === 'bigint') return numberText(value)
  if (value instanceof Float) {
    if (Number.isFinite(value.value)) return numberText(value)
    return Number.isNaN(value.value)
      ? Text.of('NaN')
      : value.value > 0
        ? Text.of('Infinity')
        : Text.of('-Infinity')
  }
  throw templateFailed(`tojson cannot serialize ${typeName(value)}`)
}

function quoted(text: Text, { ensureAscii }: { readonly ensureAscii: boolean }): Text {
  return text.map((part) => {
    const escaped = JSON.stringify(part).slice(1, -1)
    return ensureAscii ? escaped.replace(/[\x7f-\uffff]/g, escapeUnit) : escaped
  })
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
