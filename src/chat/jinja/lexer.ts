import { describeValue } from '../../describe.js'
import { afterSpace, isDigit, isIdentifier, isNamePart, isSpace } from './characters.js'
import { readEscapes } from './escapes.js'
import { templateInvalid } from './failures.js'
import { scanNumber } from './numerals.js'
import type { TemplateSource } from './source.js'
import { isOperator, type Operator, type Token } from './tokens.js'

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/**
 * Tokenizes a template in the dialect of chat templates: `trim_blocks` (the line feed after a block or comment is dropped)
 * and `lstrip_blocks` (so is the white space before it, if nothing else precedes it on its line). Takes time proportional to
 * the length of the source. Throws `TEMPLATE_FAILED`.
 */
export function tokenize(source: TemplateSource): readonly Token[] {
  return new Lexer(source).run()
}

class Lexer {
  readonly #source: TemplateSource
  readonly #text: string
  readonly #tokens: Token[] = []
  #at = 0
  /** Whether the last character read is a line feed, so that text begins a line. */
  #beginsLine = true

  constructor(source: TemplateSource) {
    this.#source = source
    this.#text = source.text
  }

  run(): readonly Token[] {
    const text = this.#text
    while (this.#at < text.length) {
      const tag = this.#findTag(this.#at)
      if (tag < 0) {
        this.#data(this.#at, text.length)
        this.#at = text.length
        break
      }
      const kind = text[tag + 1]
      const sign = signAt(text, tag + 2)
      const begin = tag + 2 + sign.length
      this.#data(this.#at, this.#dataEnd(this.#at, tag, sign, { strips: kind !== '{' }))
      if (kind === '#') this.#comment(tag, begin)
      else if (kind === '{') this.#tag(tag, begin, '{{', '}}')
      else if (!this.#raw(tag, begin)) this.#tag(tag, begin, '{%', '%}')
    }
    this.#tokens.push({ type: 'end', at: text.length })
    return this.#tokens
  }

  #fail(what: string, at: number): never {
    throw templateInvalid(what, this.#source.location(at))
  }

  #findTag(from: number): number {
    const text = this.#text
    let at = text.indexOf('{', from)
    while (at >= 0) {
      const next = text[at + 1]
      if (next === '{' || next === '%' || next === '#') return at
      at = text.indexOf('{', at + 1)
    }
    return -1
  }

  #data(from: number, to: number): void {
    if (to > from) this.#tokens.push({ type: 'data', text: this.#text.slice(from, to), at: from })
  }

  /** The end of the text before a tag, without the white space that the tag's sign or `lstrip_blocks` removes. */
  #dataEnd(from: number, tag: number, sign: string, { strips }: { readonly strips: boolean }): number {
    if (sign === '+' || (sign === '' && !strips)) return tag
    const text = this.#text
    let end = tag
    while (end > from && isSpace(text.charCodeAt(end - 1)) && (sign === '-' || text[end - 1] !== '\n')) end--
    if (sign === '-') return end
    const atLineStart = end === from ? this.#beginsLine : text[end - 1] === '\n'
    return atLineStart ? end : tag
  }

  /** Continues after a tag that ends at `end`, with this sign before its closing characters. */
  #leave(end: number, sign: string, { trims }: { readonly trims: boolean }): void {
    const text = this.#text
    this.#at =
      sign === '-' ? afterSpace(text, end) : trims && sign === '' && text[end] === '\n' ? end + 1 : end
    this.#beginsLine = text[this.#at - 1] === '\n'
  }

  #comment(tag: number, begin: number): void {
    const end = this.#text.indexOf('#}', begin)
    if (end < 0) this.#open('a comment', tag, begin)
    else this.#leave(end + 2, end > begin ? signAt(this.#text, end - 1) : '', { trims: true })
  }

  /** Reads a raw block if one begins here. */
  #raw(tag: number, begin: number): boolean {
    const text = this.#text
    const opening = this.#keywordTag(begin, 'raw', ['-', ''])
    if (!opening) return false
    this.#leave(opening.end, opening.sign, { trims: false })
    for (let at = text.indexOf('{%', this.#at); at >= 0; at = text.indexOf('{%', at + 2)) {
      const sign = signAt(text, at + 2)
      const closing = this.#keywordTag(at + 2 + sign.length, 'endraw', ['-', '+', ''])
      if (!closing) continue
      this.#data(this.#at, this.#dataEnd(this.#at, at, sign, { strips: true }))
      this.#leave(closing.end, closing.sign, { trims: true })
      return true
    }
    this.#open('a raw block', tag, this.#at)
    return true
  }

  /** Something is not closed: an error, unless nothing follows its opening, as in Jinja. */
  #open(what: string, tag: number, begin: number): void {
    if (begin < this.#text.length) this.#fail(`${what} is not closed`, tag)
    this.#at = begin
  }

  /** The end of a tag that contains only this word, and the sign before its end. */
  #keywordTag(begin: number, word: string, signs: readonly string[]) {
    const text = this.#text
    const start = afterSpace(text, begin)
    if (!text.startsWith(word, start)) return undefined
    const stop = afterSpace(text, start + word.length)
    const sign = signs.find((sign) => text.startsWith(`${sign}%}`, stop))
    return sign === undefined ? undefined : { end: stop + sign.length + 2, sign }
  }

  #tag(tag: number, begin: number, open: '{{' | '{%', close: '}}' | '%}'): void {
    const text = this.#text
    this.#tokens.push({ type: open, at: tag })
    const brackets: string[] = []
    let at = afterSpace(text, begin)
    while (at < text.length) {
      if (brackets.length === 0) {
        const sign = signAt(text, at)
        const isSign = sign === '' || sign === '-' || close === '%}'
        if (isSign && text.startsWith(close, at + sign.length)) {
          this.#tokens.push({ type: close, at })
          this.#leave(at + sign.length + 2, sign, { trims: close === '%}' })
          return
        }
      }
      at = afterSpace(text, this.#inner(at, brackets))
    }
    this.#at = text.length
  }

  /** Reads one token within a tag and returns where it ends. */
  #inner(at: number, brackets: string[]): number {
    const text = this.#text
    const code = text.codePointAt(at) as number
    if (isDigit(code)) {
      const number = scanNumber(text, at)
      if (typeof number.token === 'string') this.#fail(number.token, at)
      this.#tokens.push({ ...number.token, at })
      return number.end
    }
    if (isNamePart(code)) return this.#name(at)
    if (code === 0x22 || code === 0x27) return this.#string(at)
    const operator = operatorAt(text, at)
    if (operator === undefined)
      this.#fail(`unexpected character ${describeValue(String.fromCodePoint(code))}`, at)
    this.#balance(operator, at, brackets)
    this.#tokens.push({ type: operator, at })
    return at + operator.length
  }

  #balance(operator: Operator, at: number, brackets: string[]): void {
    if (operator in CLOSING) brackets.push(CLOSING[operator])
    else if (operator === ')' || operator === ']' || operator === '}') {
      const expected = brackets.pop()
      if (expected === undefined) this.#fail(`unexpected "${operator}"`, at)
      if (expected !== operator) this.#fail(`unexpected "${operator}", expected "${expected}"`, at)
    }
  }

  #name(at: number): number {
    const text = this.#text
    let end = at
    for (let code: number; end < text.length; end += code > 0xffff ? 2 : 1) {
      code = text.codePointAt(end) as number
      if (!isNamePart(code)) break
    }
    const name = text.slice(at, end)
    if (!isIdentifier(name)) this.#fail(`${describeValue(name)} is not a valid name`, at)
    this.#tokens.push({ type: 'name', text: name, at })
    return end
  }

  #string(at: number): number {
    const text = this.#text
    const quote = text[at]
    let end = at + 1
    while (end < text.length && text[end] !== quote) end += text[end] === '\\' ? 2 : 1
    if (end >= text.length) this.#fail('a string is not closed', at)
    const inner = text.slice(at + 1, end)
    const unescaped = readEscapes(inner, (what, offset) => this.#fail(what, at + 1 + offset))
    this.#tokens.push({ type: 'string', text: unescaped, at })
    return end + 1
  }
}

function operatorAt(text: string, at: number): Operator | undefined {
  for (const length of [2, 1]) {
    const operator = text.slice(at, at + length)
    if (isOperator(operator)) return operator
  }
  return undefined
}

/** The sign for white space control at an offset, or ''. */
function signAt(text: string, at: number): string {
  const sign = text[at]
  return sign === '-' || sign === '+' ? sign : ''
}
