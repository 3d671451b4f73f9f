import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { ANY_CHARACTER, type CodePointRange, complement, normalized } from './code-points.js'
import { choice, type Grammar, type Node, repeat, rule, sequence, set, text } from './grammar.js'
import { MAX_DEPTH, MAX_REPETITIONS, MAX_RULES, MAX_SOURCE_LENGTH } from './limits.js'

const NAME = /[a-zA-Z0-9-]+/y
const DIGITS = /[0-9]+/y
/** Blanks and comments between symbols on one line. */
const BLANKS = /(?:[ \t]+|#[^\r\n]*)*/y
/** The same, across lines. */
const SPACE = /(?:[ \t\r\n]+|#[^\r\n]*)*/y

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
/** Hexadecimal digits after the letter. */
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/**
 * Parses GBNF, llama.cpp's grammar language. Source: grammars/README.md of llama.cpp. Throws `INVALID_ARGUMENT` with line
 * and column for syntax errors and for missing or duplicate rules, `UNSUPPORTED` for token references (`<…>`), `LIMIT` for
 * more than `limits.ts` allows.
 */
export function parseGbnf(source: string): Grammar {
  return new Parser(source).parse()
}

class Parser {
  readonly #source: string
  #at = 0
  #depth = 0
  readonly #rules = new Map<string, Node>()
  /** Position of the first use of each name. */
  readonly #used = new Map<string, number>()

  constructor(source: string) {
    if (source.length > MAX_SOURCE_LENGTH) {
      throw new DasllamaError(
        'LIMIT',
        `the grammar has ${source.length} characters; the limit is ${MAX_SOURCE_LENGTH}`,
      )
    }
    this.#source = source
  }

  parse(): Grammar {
    const lone = this.#source.search(/\p{Surrogate}/u)
    if (lone >= 0) throw this.#error('a lone surrogate is not valid text', lone)
    this.#skip(SPACE)
    while (this.#at < this.#source.length) this.#rule()
    for (const [name, at] of this.#used) {
      if (!this.#rules.has(name)) throw this.#error(`there is no rule ${describeValue(name)}`, at)
    }
    if (!this.#rules.has('root')) {
      throw new DasllamaError('INVALID_ARGUMENT', 'the grammar has no rule "root"', {
        hint: 'root is the rule for the complete text',
      })
    }
    return { rules: this.#rules, root: 'root' }
  }

  #rule(): void {
    const start = this.#at
    const name = this.#match(NAME)
    if (name === undefined) {
      const hint =
        this.#peek() === '|' ? 'put | at the end of the previous line, or all alternatives in ( )' : undefined
      throw this.#error(`expected the name of a rule, found ${this.#found()}`, start, hint)
    }
    this.#skip(BLANKS)
    if (!this.#take('::=')) {
      const hint =
        'names have letters, digits and hyphens; a rule is name ::= … on one line, except for groups'
      throw this.#error(`expected ::= after ${describeValue(name)}, found ${this.#found()}`, this.#at, hint)
    }
    if (this.#rules.has(name)) throw this.#error(`the rule ${describeValue(name)} is defined twice`, start)
    if (this.#rules.size >= MAX_RULES)
      throw this.#error(`there are more than ${MAX_RULES} rules`, start, undefined, 'LIMIT')
    this.#skip(SPACE)
    const node = this.#options(BLANKS)
    const end = this.#peek()
    if (end !== '' && end !== '\n' && end !== '\r') {
      throw this.#error(`expected the end of the rule ${describeValue(name)}, found ${this.#found()}`)
    }
    this.#rules.set(name, node)
    this.#skip(SPACE)
  }

  /** Alternatives separated by |. `gap` is the whitespace allowed between their parts: in a group, also line breaks. */
  #options(gap: RegExp): Node {
    const options = [this.#sequence(gap)]
    while (this.#take('|')) {
      this.#skip(SPACE)
      options.push(this.#sequence(gap))
    }
    return choice(options)
  }

  #sequence(gap: RegExp): Node {
    const parts: Node[] = []
    for (;;) {
      this.#skip(gap)
      let node = this.#item()
      if (!node) return sequence(parts)
      this.#skip(gap)
      // Several operators in a row apply one after another.
      for (let times = this.#times(); times; times = this.#times()) {
        node = repeat(node, ...times)
        this.#skip(gap)
      }
      parts.push(node)
    }
  }

  #item(): Node | undefined {
    switch (this.#peek()) {
      case '"':
        return this.#literal()
      case '[':
        return this.#class()
      case '.':
        this.#at++
        return set(ANY_CHARACTER)
      case '(':
        return this.#group()
      case '<':
      case '!':
        throw this.#tokenReference()
    }
    const at = this.#at
    const name = this.#match(NAME)
    if (name === undefined) return undefined
    if (!this.#used.has(name)) this.#used.set(name, at)
    return rule(name)
  }

  /** `<name>`, `<[id]>` or their negations: llama.cpp's token references. */
  #tokenReference(): DasllamaError {
    const shown =
      /^!?<[^>\r\n]{0,60}>?/.exec(this.#source.slice(this.#at, this.#at + 80))?.[0] ?? this.#peek()
    return this.#error(
      `tokens by name or number (${shown}) are not supported`,
      this.#at,
      'write the text of the token as a literal; the end of the text needs no token reference',
      'UNSUPPORTED',
    )
  }

  #group(): Node {
    const start = this.#at++
    if (++this.#depth > MAX_DEPTH) {
      throw this.#error(
        `groups are nested more than ${MAX_DEPTH} deep`,
        start,
        'turn inner groups into rules',
        'LIMIT',
      )
    }
    const node = this.#options(SPACE)
    if (!this.#take(')')) {
      throw this.#error(`expected ) for the group of ${this.#place(start)}, found ${this.#found()}`)
    }
    this.#depth--
    return node
  }

  /** The repetition of the preceding item, if there is one. */
  #times(): [min: number, max: number] | undefined {
    switch (this.#peek()) {
      case '*':
        this.#at++
        return [0, Number.POSITIVE_INFINITY]
      case '+':
        this.#at++
        return [1, Number.POSITIVE_INFINITY]
      case '?':
        this.#at++
        return [0, 1]
      case '{':
        return this.#braces()
    }
    return undefined
  }

  #braces(): [min: number, max: number] {
    const start = this.#at++
    this.#skip(BLANKS)
    const least = this.#at
    const min = this.#peek() === ',' ? 0 : this.#count()
    if (min > MAX_REPETITIONS) {
      const problem = `${min} repetitions are more than the limit of ${MAX_REPETITIONS}`
      throw this.#error(problem, least, undefined, 'LIMIT')
    }
    this.#skip(BLANKS)
    let max = min
    if (this.#take(',')) {
      this.#skip(BLANKS)
      // A larger maximum is treated as unbounded.
      max = this.#peek() === '}' ? Number.POSITIVE_INFINITY : Math.min(this.#count(), MAX_REPETITIONS)
      this.#skip(BLANKS)
    }
    if (!this.#take('}'))
      throw this.#error(`expected } for the repetition of ${this.#place(start)}, found ${this.#found()}`)
    if (max < min) throw this.#error(`the repetition {${min},${max}} ends before it begins`, start)
    return [min, max]
  }

  #count(): number {
    const digits = this.#match(DIGITS)
    if (digits === undefined) throw this.#error(`expected a number, found ${this.#found()}`)
    return Number(digits)
  }

  #literal(): Node {
    const start = this.#at++
    let value = ''
    while (!this.#take('"')) {
      if (this.#peek() === '') throw this.#error('the literal has no end', start)
      value += String.fromCodePoint(this.#character())
    }
    return text(value)
  }

  #class(): Node {
    const start = this.#at++
    const negated = this.#take('^')
    const ranges: CodePointRange[] = []
    while (!this.#take(']')) {
      if (this.#peek() === '') throw this.#error('the class has no end', start)
      const at = this.#at
      const low = this.#character()
      const ranged = this.#peek() === '-' && this.#source[this.#at + 1] !== ']'
      if (ranged) this.#at++
      if (ranged && this.#peek() === '') throw this.#error('the class has no end', start)
      const high = ranged ? this.#character() : low
      if (high < low) throw this.#error('the range ends before it begins', at)
      ranges.push([low, high])
    }
    if (ranges.length === 0) throw this.#error('the class is empty', start, 'any character is written as .')
    return set(negated ? complement(ranges) : normalized(ranges))
  }

  /** One character of a literal or a class, escaped or not. */
  #character(): number {
    const start = this.#at
    const codePoint = this.#source.codePointAt(start)!
    this.#at += codePoint > 0xffff ? 2 : 1
    if (codePoint !== 0x5c) return codePoint
    const letter = this.#source[this.#at++] ?? ''
    if (letter !== '' && '"[]\\-'.includes(letter)) return letter.codePointAt(0)!
    if (Object.hasOwn(ESCAPES, letter)) return ESCAPES[letter].codePointAt(0)!
    if (!Object.hasOwn(HEX_LENGTHS, letter)) {
      throw this.#error(
        `there is no escape \\${letter}`,
        start,
        String.raw`there are \n \r \t \\ \" \[ \] \- \xHH \uHHHH \UHHHHHHHH`,
      )
    }
    const digits = this.#source.slice(this.#at, this.#at + HEX_LENGTHS[letter])
    if (digits.length < HEX_LENGTHS[letter] || !/^[0-9a-fA-F]+$/.test(digits)) {
      throw this.#error(`\\${letter} needs ${HEX_LENGTHS[letter]} hexadecimal digits`, start)
    }
    this.#at += digits.length
    const value = Number.parseInt(digits, 16)
    if (value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff)) return value
    throw this.#error(
      `\\${letter}${digits} is not a character`,
      start,
      String.raw`characters beyond U+FFFF are written as \UHHHHHHHH`,
    )
  }

  #peek(): string {
    return this.#source[this.#at] ?? ''
  }

  #take(expected: string): boolean {
    if (!this.#source.startsWith(expected, this.#at)) return false
    this.#at += expected.length
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #skip(pattern: RegExp): void {
    this.#match(pattern)
  }

  #found(): string {
    const codePoint = this.#source.codePointAt(this.#at)
    return codePoint === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(codePoint))
  }

  /** 1-based line and column; columns are in UTF-16 units, as in editors. */
  #place(at: number): string {
    const before = this.#source.slice(0, at).split('\n')
    return `line ${before.length}, column ${before.at(-1)!.length + 1}`
  }

  #error(
    message: string,
    at = this.#at,
    hint?: string,
    code: 'INVALID_ARGUMENT' | 'UNSUPPORTED' | 'LIMIT' = 'INVALID_ARGUMENT',
  ): DasllamaError {
    return new DasllamaError(code, `grammar, ${this.#place(at)}: ${message}`, { hint })
  }
}
