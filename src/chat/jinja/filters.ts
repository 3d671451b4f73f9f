import { ArgumentReader } from './arguments.js'
import type { Budget } from './budget.js'
import { attribute, characters, compare, entriesOf, iterate, sorted } from './collections.js'
import { templateFailed, templateNeeds } from './failures.js'
import { type JsonOptions, str, toJson } from './json.js'
import { CASES, charactersOf, join, lines, recase, replace, strip } from './strings.js'
import { testNamed } from './tests.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import {
  type Arguments,
  Dict,
  equal,
  Float,
  List,
  numeric,
  orUndefined,
  truthy,
  typeName,
  Undefined,
  type Value,
} from './values.js'

type Filter = (value: Value, args: Arguments, budget: Budget) => Value

/** Applies a filter by its name. Throws `UNSUPPORTED` for one that is not known, `TEMPLATE_FAILED` for misuse. */
export function applyFilter(name: string, value: Value, args: Arguments, budget: Budget): Value {
  const filter = FILTERS.get(name)
  if (!filter) throw templateNeeds('filter', name, FILTERS.keys())
  if (value instanceof Text) budget.through(value.length)
  return filter(value, args, budget)
}

/** A filter of strings; other values are taken as the text that they print. */
function ofText(change: (text: Text, args: Arguments, budget: Budget) => Value): Filter {
  return (value, args, budget) => change(str(value, budget), args, budget)
}

function length(value: Value, _args: Arguments, budget: Budget): number {
  if (value instanceof Text) return characters(value, budget).length
  if (value instanceof List) return value.items.length
  if (value instanceof Dict) return value.size
  if (value instanceof Undefined) return 0
  throw templateFailed(`length of ${typeName(value)}`)
}

function fallback(value: Value, args: Arguments): Value {
  const reader = new ArgumentReader('default', args)
  const other = reader.nextOr('default_value', Text.EMPTY)
  const falsyToo = truthy(reader.nextOr('boolean', false))
  return value instanceof Undefined || (falsyToo && !truthy(value)) ? other : value
}

function json(value: Value, args: Arguments, budget: Budget): Text {
  const reader = new ArgumentReader('tojson', args)
  // Chat templates are rendered with (ensure_ascii, indent, separators, sort_keys), plain Jinja with (indent): by name mostly.
  const [first] = args.positional
  const named = { positional: typeof first === 'number' ? [] : args.positional, named: args.named }
  const options = typeof first === 'number' ? new ArgumentReader('tojson', named) : reader
  const ensureAscii = options.flag('ensure_ascii')
  const indent = typeof first === 'number' ? first : options.optionalInteger('indent')
  const separators = options.optional<JsonOptions['separators']>(
    'separators',
    (value) => {
      if (!(value instanceof List) || value.items.length !== 2) return undefined
      const [item, key] = value.items
      return item instanceof Text && key instanceof Text ? [item, key] : undefined
    },
    'a pair of strings',
  )
  const sortKeys = options.flag('sort_keys')
  return toJson(value, { ensureAscii, indent: indent && Math.max(0, indent), separators, sortKeys }, budget)
}

function indent(value: Text, args: Arguments, budget: Budget): Text {
  const reader = new ArgumentReader('indent', args)
  const width = reader.nextOr('width', 4)
  const first = reader.flag('first')
  const blank = reader.flag('blank')
  if (typeof width === 'number') budget.text(Math.max(0, width))
  const pad = typeof width === 'number' ? Text.of(' '.repeat(Math.max(0, width))) : str(width, budget)
  const out = new TextBuilder(budget)
  // A line break more, as in Jinja: so a text that ends with one has an empty line behind it.
  for (const [i, line] of (
    lines(Text.join([value, Text.of('\n')]), budget).items as readonly Text[]
  ).entries()) {
    if (i > 0) out.add('\n')
    if (i === 0 ? first : blank || line.length > 0) out.add(pad)
    out.add(line)
  }
  return out.text()
}

function toNumber(value: Value, args: Arguments, name: 'int' | 'float'): Value {
  const zero = name === 'int' ? 0 : new Float(0)
  const other = new ArgumentReader(name, args).nextOr('default', zero)
  const text = value instanceof Text ? value.text.trim() : undefined
  const isNumber = text !== undefined && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
  const parsed = text === undefined ? numeric(value) : isNumber ? Number(text) : undefined
  if (parsed === undefined || !Number.isFinite(parsed)) return other
  return name === 'int' ? Math.trunc(parsed) : new Float(parsed)
}

function round(value: Value, args: Arguments): Value {
  const number = numeric(value)
  if (number === undefined) throw templateFailed(`round of ${typeName(value)}`)
  const reader = new ArgumentReader('round', args)
  const scale = 10 ** (reader.optionalInteger('precision') ?? 0)
  const method = reader.optionalText('method')?.text ?? 'common'
  const change = method === 'ceil' ? Math.ceil : method === 'floor' ? Math.floor : halfToEven
  const rounded = change(number * scale) / scale
  return method === 'common' && typeof value === 'number' ? rounded : new Float(rounded)
}

function halfToEven(number: number): number {
  const below = Math.floor(number)
  return number - below === 0.5 ? below + (below & 1) : Math.round(number)
}

const itself = (item: Value): Value => item

/** What the argument `attribute` takes of each item: all of it where it is not given. */
function attributeGiven(reader: ArgumentReader, budget: Budget): (item: Value) => Value {
  const path = reader.next('attribute')
  return path === undefined || path === null ? itself : attribute(str(path, budget).text, budget)
}

/** `select`, `reject` and the same by an attribute. */
function selecting(name: string, wanted: boolean, byAttribute: boolean): Filter {
  return (value, { positional }, budget) => {
    const args = [...positional]
    const subject = byAttribute ? attribute(str(args.shift() ?? Text.EMPTY, budget).text, budget) : itself
    const [testName, argument = null] = args
    const test = testNamed(testName instanceof Text ? testName.text : 'truthy')
    const items = iterate(value, name, budget)
    budget.items(items.length)
    return new List(
      items.filter(
        (item) => test(subject(item), { positional: [argument], named: Dict.EMPTY }, budget) === wanted,
      ),
    )
  }
}

function map(value: Value, { positional, named }: Arguments, budget: Budget): List {
  const items = iterate(value, 'map', budget)
  budget.items(items.length)
  const path = named.get('attribute')
  if (path !== undefined) {
    const of = attribute(str(path, budget).text, budget)
    const other = named.get('default')
    return new List(
      items.map((item) => {
        const found = of(item)
        return found instanceof Undefined ? (other ?? found) : found
      }),
    )
  }
  const [filter, ...rest] = positional
  if (!(filter instanceof Text)) throw templateFailed('map needs the name of a filter, or attribute')
  return new List(items.map((item) => applyFilter(filter.text, item, { positional: rest, named }, budget)))
}

function dictSort(value: Value, args: Arguments, budget: Budget): List {
  if (value instanceof Undefined) return new List([])
  if (!(value instanceof Dict)) throw templateFailed(`dictsort of ${typeName(value)}`)
  const reader = new ArgumentReader('dictsort', args)
  const caseSensitive = reader.flag('case_sensitive')
  const place = reader.optionalText('by')?.text === 'value' ? 1 : 0
  const reverse = reader.flag('reverse')
  const key = (item: Value) => (item as List).items[place]
  return new List(sorted(entriesOf(value).items, key, caseSensitive, reverse, budget))
}

function sort(value: Value, args: Arguments, budget: Budget): List {
  const reader = new ArgumentReader('sort', args)
  const reverse = reader.flag('reverse')
  const caseSensitive = reader.flag('case_sensitive')
  const key = attributeGiven(reader, budget)
  return new List(sorted(iterate(value, 'sort', budget), key, caseSensitive, reverse, budget))
}

function unique(value: Value, args: Arguments, budget: Budget): List {
  const caseSensitive = new ArgumentReader('unique', args).flag('case_sensitive')
  const keys: Value[] = []
  const kept = iterate(value, 'unique', budget).filter((item) => {
    const key = item instanceof Text && !caseSensitive ? recase(item, CASES.lower) : item
    if (keys.some((other) => equal(key, other, budget.spend))) return false
    keys.push(key)
    return true
  })
  return new List(kept)
}

/** The largest or smallest item: the first of equals. */
function extreme(name: string, sign: number): Filter {
  return (value, _args, budget) => {
    let best: Value | undefined
    for (const item of iterate(value, name, budget)) {
      if (best === undefined || sign * compare(item, best, budget) > 0) best = item
    }
    return orUndefined(best, name)
  }
}

function itemAt(name: string, place: number): Filter {
  return (value, _args, budget) => orUndefined(iterate(value, name, budget).at(place), `${name} of nothing`)
}

/** Jinja's own idea of a word, which Python's method does not share. */
function titled(text: string): string {
  return text.replace(/[^-\s({[<]+/g, (word) => CASES.capitalize(word))
}

function escaped(text: Text): Text {
  return text.map((part) => part.replace(/[&<>"']/g, (unit) => MARKUP[unit]))
}

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...Object.entries({ ...CASES, title: titled }).map(([name, change]): [string, Filter] => [
    name,
    ofText((text) => recase(text, change)),
  ]),
  ['trim', ofText((text, args, budget) => strip(text, charactersOf('trim', args, budget), true, true))],
  ['string', ofText((text) => text)],
  ['safe', (value) => value],
  ['replace', ofText(replace)],
  ['indent', ofText(indent)],
  ['escape', ofText(escaped)],
  ['e', ofText(escaped)],
  ['wordcount', ofText((text) => text.text.match(/\S+/g)?.length ?? 0)],
  ['tojson', json],
  ['length', length],
  ['count', length],
  ['default', fallback],
  ['d', fallback],
  ['int', (value, args) => toNumber(value, args, 'int')],
  ['float', (value, args) => toNumber(value, args, 'float')],
  ['round', round],
  [
    'abs',
    (value) => {
      const number = numeric(value)
      if (number === undefined) throw templateFailed(`abs of ${typeName(value)}`)
      return value instanceof Float ? new Float(Math.abs(number)) : Math.abs(number)
    },
  ],
  ['bool', truthy],
  [
    'join',
    (value, args, budget) => {
      const reader = new ArgumentReader('join', args)
      const separator = str(reader.next('d') ?? Text.EMPTY, budget)
      const of = attributeGiven(reader, budget)
      return join(iterate(value, 'join', budget).map(of), separator, budget)
    },
  ],
  ['list', (value, _args, budget) => new List(iterate(value, 'list', budget))],
  ['first', itemAt('first', 0)],
  ['last', itemAt('last', -1)],
  [
    'reverse',
    (value, _args, budget) => {
      const reversed = [...iterate(value, 'reverse', budget)].reverse()
      budget.items(reversed.length)
      return value instanceof Text ? Text.join(reversed as Text[]) : new List(reversed)
    },
  ],
  ['sort', sort],
  ['unique', unique],
  ['max', extreme('max', 1)],
  ['min', extreme('min', -1)],
  [
    'sum',
    (value, _args, budget) => {
      let sum = 0
      for (const item of iterate(value, 'sum', budget)) sum += numeric(item) ?? 0
      return sum
    },
  ],
  ['map', map],
  ['select', selecting('select', true, false)],
  ['reject', selecting('reject', false, false)],
  ['selectattr', selecting('selectattr', true, true)],
  ['rejectattr', selecting('rejectattr', false, true)],
  [
    'items',
    (value, _args, budget) => {
      if (value instanceof Undefined) return new List([])
      if (!(value instanceof Dict)) throw templateFailed(`items of ${typeName(value)}`)
      budget.through(value.size)
      return entriesOf(value)
    },
  ],
  ['dictsort', dictSort],
])
