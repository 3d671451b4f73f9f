import type { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { Float, integer } from './numbers.js'
import { parseInteger } from './parse-numbers.js'
import { Text } from './text.js'
import { Dict, List, type Value } from './values.js'

/** Nesting depth of objects and arrays. */
const MAX_NESTING = 100

/** Parses JSON as Python's `json.loads` does; the characters of its strings keep their provenance. */
export function fromJson(text: Text, budget: Budget): Value {
  budget.scan(text.length)
  return new JsonReader(text, budget).document()
}

const WORDS: readonly (readonly [word: string, value: Value])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', new Float(Number.NaN)],
  ['Infinity', new Float(Number.POSITIVE_INFINITY)],
  ['-Infinity', new Float(Number.NEGATIVE_INFINITY)],
]

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class JsonReader {
  readonly #text: Text
  readonly #all: string
  readonly #budget: Budget
  #at = 0

  constructor(text: Text, budget: Budget) {
    this.#text = text
    this.#all = text.text
    this.#budget = budget
  }

  document(): Value {
    this.#skip()
    const value = this.#value(0)
    this.#skip()
    if (this.#at < this.#all.length) throw this.#unexpected()
    return value
  }

  #value(depth: number): Value {
    this.#budget.spend(1)
    if (depth > MAX_NESTING) throw templateFailed(`fromjson: more than ${MAX_NESTING} levels`)
    switch (this.#all[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
    }
    for (const [word, value] of WORDS) {
      if (!this.#all.startsWith(word, this.#at)) continue
      this.#at += word.length
      return value
    }
    return this.#number()
  }

  #object(depth: number): Dict {
    const entries: [Text, Value][] = []
    const { length } = this.#sequence('}', () => {
      if (this.#all[this.#at] !== '"') throw this.#unexpected()
      const key = this.#string()
      this.#skip()
      if (this.#all[this.#at] !== ':') throw this.#unexpected()
      this.#at++
      this.#skip()
      entries.push([key, this.#value(depth + 1)])
      return null
    })
    this.#budget.members(length)
    return new Dict(entries)
  }

  #array(depth: number): List {
    const items = this.#sequence(']', () => this.#value(depth + 1))
    this.#budget.items(items.length)
    return new List(items)
  }

  /** Reads from the opening bracket to after the closing one. */
  #sequence(close: string, item: () => Value): Value[] {
    const items: Value[] = []
    this.#at++
    this.#skip()
    if (this.#all[this.#at] === close) {
      this.#at++
      return items
    }
    for (;;) {
      items.push(item())
      this.#skip()
      const next = this.#all[this.#at]
      if (next !== close && next !== ',') throw this.#unexpected()
      this.#at++
      if (next === close) return items
      this.#skip()
    }
  }

  #string(): Text {
    const parts: Text[] = []
    const cut = (end: number) => {
      this.#budget.piece(this.#text.runs.length)
      parts.push(this.#text.slice(start, end))
    }
    let start = ++this.#at
    for (;;) {
      const unit = this.#all[this.#at]
      if (unit === undefined || unit < ' ') throw this.#unexpected()
      if (unit === '"' || unit === '\\') cut(this.#at)
      if (unit === '"') break
      if (unit === '\\') {
        const from = this.#at
        const character = this.#escape()
        this.#budget.piece(this.#text.runs.length)
        parts.push(Text.of(character, this.#text.provenanceOf(from, this.#at)))
        start = this.#at
      } else this.#at++
    }
    this.#at++
    return Text.join(parts)
  }

  /** The character that an escape stands for. */
  #escape(): string {
    const kind = this.#all[this.#at + 1]
    if (kind === 'u') {
      const digits = this.#all.slice(this.#at + 2, this.#at + 6)
      if (!/^[\da-f]{4}$/i.test(digits)) throw this.#unexpected()
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    if (kind === undefined || !Object.hasOwn(ESCAPES, kind)) throw this.#unexpected()
    this.#at += 2
    return ESCAPES[kind]
  }

  #number(): Value {
    const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y
    number.lastIndex = this.#at
    const match = number.exec(this.#all)
    if (!match) throw this.#unexpected()
    const [digits, decimals, exponent] = match
    this.#at += digits.length
    if (decimals !== undefined || exponent !== undefined) return new Float(Number(digits))
    const value = parseInteger(digits, 10, this.#budget)
    if (value === undefined) throw templateFailed('fromjson: an integer has too many digits')
    return integer(value)
  }

  #skip(): void {
    while (' \t\n\r'.includes(this.#all[this.#at] ?? '-')) this.#at++
  }

  #unexpected() {
    const found = this.#all.slice(this.#at, this.#at + 20)
    return templateFailed(
      `fromjson: unexpected ${found === '' ? 'end' : JSON.stringify(found)} at offset ${this.#at}`,
    )
  }
}
