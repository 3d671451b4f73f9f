import { ArgumentReader } from './arguments.js'
import type { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { str } from './json.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { type Arguments, List, typeName, Undefined, type Value } from './values.js'

type Method = (text: Text, args: Arguments, budget: Budget) => Value

/** What Python's `str.strip` takes for white space. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts separators among them
const BLANK = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** The text without what is at its ends: white space, or the characters given. */
export function strip(text: Text, characters: string | undefined, left: boolean, right: boolean): Text {
  const all = text.text
  const given = characters === undefined ? undefined : new Set(characters)
  const drops = (character: string) => (given ? given.has(character) : BLANK.test(character))
  let start = 0
  let end = all.length
  while (left && start < end) {
    const next = start + unitsAt(all, start)
    if (!drops(all.slice(start, next))) break
    start = next
  }
  while (right && end > start) {
    const next = end - (end > 1 && unitsAt(all, end - 2) === 2 ? 2 : 1)
    if (!drops(all.slice(next, end))) break
    end = next
  }
  return text.slice(start, end)
}

/** UTF-16 units of the character at `at`. */
function unitsAt(text: string, at: number): 1 | 2 {
  return text.codePointAt(at)! > 0xffff ? 2 : 1
}

/** Python counts characters: how many stand before an offset; -1 stays. */
function placeOf(text: string, offset: number): number {
  return offset < 0 ? offset : Array.from(text.slice(0, offset)).length
}

function stripping(name: string, left: boolean, right: boolean): Method {
  return (text, args, budget) => strip(text, charactersOf(name, args, budget), left, right)
}

/** The characters to strip, if they are given. */
export function charactersOf(name: string, args: Arguments, budget: Budget): string | undefined {
  const characters = new ArgumentReader(name, args).optionalText('chars')?.text
  if (characters !== undefined) budget.through(characters.length)
  return characters
}

function split(text: Text, args: Arguments, budget: Budget): List {
  const reader = new ArgumentReader('split', args)
  const separator = reader.optionalText('sep')?.text
  const most = reader.optionalInteger('maxsplit') ?? -1
  const all = text.text
  const parts: Text[] = []
  const add = (start: number, end: number) => {
    budget.items(1 + text.runs.length)
    parts.push(text.slice(start, end))
  }
  const isDone = () => most >= 0 && parts.length >= most
  if (separator === '') throw templateFailed('split: the separator is empty')
  let start = 0
  if (separator !== undefined) {
    for (let at = all.indexOf(separator); at >= 0 && !isDone(); at = all.indexOf(separator, start)) {
      add(start, at)
      start = at + separator.length
    }
    add(start, all.length)
    return new List(parts)
  }
  const isBlank = (at: number) => BLANK.test(all[at])
  for (;;) {
    while (start < all.length && isBlank(start)) start++
    if (start >= all.length) break
    let end = start
    if (isDone()) end = all.length
    else while (end < all.length && !isBlank(end)) end++
    add(start, end)
    start = end
  }
  return new List(parts)
}

/** Python's `str.replace`; what is put in keeps its own source. */
export function replace(text: Text, args: Arguments, budget: Budget): Text {
  const reader = new ArgumentReader('replace', args)
  const old = reader.text('old').text
  const replacement = reader.text('new')
  const most = reader.optionalInteger('count') ?? -1
  const all = text.text
  const result = new TextBuilder(budget)
  let start = 0
  let done = 0
  // An empty text is found before each character and at the end.
  const find = () => (old === '' ? (done === 0 ? 0 : start + 1) : all.indexOf(old, start))
  for (let at = find(); at >= 0 && at <= all.length && done !== most; at = find()) {
    budget.spend(text.runs.length)
    result.add(text.slice(start, at), replacement)
    start = at + old.length
    done++
  }
  return result.add(text.slice(start)).text()
}

/** The argument of a method that knows more of them in Python. */
function onlyArgument(of: string, args: Arguments): Value {
  const reader = new ArgumentReader(of, args)
  const value = reader.nextOr('it', new Undefined('it'))
  reader.end()
  return value
}

/** A method that counts in characters where a text is found. */
function finding(name: string, find: (text: string, sub: string) => number): Method {
  return ({ text }, args) => {
    const sub = onlyArgument(name, args)
    if (!(sub instanceof Text)) throw templateFailed(`${name} of ${typeName(sub)}`)
    return find(text, sub.text)
  }
}

function endsIn(name: 'startswith' | 'endswith'): Method {
  return (text, args) => {
    const wanted = onlyArgument(name, args)
    const candidates = wanted instanceof List ? wanted.items : [wanted]
    return candidates.some((candidate) => {
      if (!(candidate instanceof Text)) throw templateFailed(`${name} of ${typeName(candidate)}`)
      return name === 'startswith' ? text.text.startsWith(candidate.text) : text.text.endsWith(candidate.text)
    })
  }
}

/** Changes the case. Where that changes lengths, stretches of different sources are changed each by itself. */
export function recase(text: Text, change: (text: string) => string): Text {
  const whole = change(text.text)
  if (whole.length !== text.length) return text.map(change)
  let at = 0
  return text.map((part) => {
    at += part.length
    return whole.slice(at - part.length, at)
  })
}

export const CASES = {
  upper: (text: string) => text.toUpperCase(),
  lower: (text: string) => text.toLowerCase(),
  /** As Python's method; the filter of that name finds other words. */
  title: (text: string) =>
    text.toLowerCase().replace(/\p{L}+/gu, (word) => word[0].toUpperCase() + word.slice(1)),
  capitalize: (text: string) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
} as const

const cases = Object.fromEntries(
  Object.entries(CASES).map(([name, change]): [string, Method] => [name, (text) => recase(text, change)]),
)

/** Joins a list's items with `separator` between. */
export function join(items: readonly Value[], separator: Text, budget: Budget): Text {
  const result = new TextBuilder(budget)
  for (const [i, item] of items.entries()) {
    if (i > 0) result.add(separator)
    result.add(str(item, budget))
  }
  return result.text()
}

/** The methods of a string. */
export const STRING_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ...Object.entries(cases),
  ['strip', stripping('strip', true, true)],
  ['lstrip', stripping('lstrip', true, false)],
  ['rstrip', stripping('rstrip', false, true)],
  ['split', split],
  [
    'splitlines',
    (text, args, budget) => lines(text, budget, new ArgumentReader('splitlines', args).flag('keepends')),
  ],
  ['replace', replace],
  ['startswith', endsIn('startswith')],
  ['endswith', endsIn('endswith')],
  ['find', finding('find', (text, sub) => placeOf(text, text.indexOf(sub)))],
  ['rfind', finding('rfind', (text, sub) => placeOf(text, text.lastIndexOf(sub)))],
  [
    'count',
    finding('count', (text, sub) =>
      sub === '' ? placeOf(text, text.length) + 1 : text.split(sub).length - 1,
    ),
  ],
  [
    'join',
    (text, args, budget) => {
      const [list] = args.positional
      if (!(list instanceof List)) throw templateFailed(`join of ${typeName(list ?? new Undefined('it'))}`)
      return join(list.items, text, budget)
    },
  ],
  ['isdigit', (text) => /^\p{Nd}+$/u.test(text.text)],
  ['isalpha', (text) => /^\p{L}+$/u.test(text.text)],
  ['isalnum', (text) => /^[\p{L}\p{N}]+$/u.test(text.text)],
  ['isspace', (text) => text.length > 0 && strip(text, undefined, true, false).length === 0],
  ['isupper', isUpper],
  ['islower', isLower],
])

export function isUpper({ text }: Text): boolean {
  return /\p{Lu}/u.test(text) && text === text.toUpperCase()
}

export function isLower({ text }: Text): boolean {
  return /\p{Ll}/u.test(text) && text === text.toLowerCase()
}

/** The lines of a text, without their ends unless they are to be kept. */
export function lines(text: Text, budget: Budget, keepsEnds = false): List {
  const all = text.text
  const parts: Text[] = []
  let start = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts separators among them
  for (const match of all.matchAll(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g)) {
    budget.items(1 + text.runs.length)
    const next = match.index + match[0].length
    parts.push(text.slice(start, keepsEnds ? next : match.index))
    start = next
  }
  if (start < all.length) parts.push(text.slice(start))
  return new List(parts)
}
