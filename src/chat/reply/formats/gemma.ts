import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import { isJsonSpace, JsonScanner, parseStrict } from '../json-scanner.js'
import { jsonText } from '../json-text.js'
import { MAX_CALL_DEPTH, MAX_HEADER_LENGTH } from '../limits.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { typedValue, valueTypes } from '../typed-value.js'
import { MarkedCallsReader } from './marked-calls.js'

const OPEN = '<|tool_call>'
const CLOSE = '<tool_call|>'
const QUOTE = '<|"|>'
const OUTSIDE = [OPEN, CLOSE]
const IN_BODY = [OPEN, CLOSE, QUOTE]
const IN_STRING = [QUOTE]

/** Gemma 4's tool calls. */
export const GEMMA: ToolDialect<'gemma'> = {
  name: 'gemma',
  opens: [OPEN],
  syntax: { kind: 'gemma' },
  detect: (template) => template.includes(OPEN),
  reader: (calls, _, content) => new GemmaReader(calls, content),
}

/** The beginning of a call: `call:` and the name. */
const HEAD = /^[\s,;]*call:\s*([^\s{}()]+)\s*$/
const CLOSERS: Readonly<Record<string, string>> = { '{': '}', '(': ')', '[': ']' }

/**
 * Reads Gemma 4's tool calls: `<|tool_call>call:name{key:<|"|>text<|"|>,other:[1,true]}<tool_call|>`. Keys are unquoted, strings
 * are enclosed in markers and have no escapes. Models also write parentheses and `=`, keys and strings as in JSON, strings
 * without quotes, and several calls in one tag. The arguments are converted to JSON.
 */
class GemmaReader extends MarkedCallsReader<'body' | 'string' | 'json-string' | 'tail'> {
  #head = ''
  #name = ''
  #json = ''
  /** The closing bracket of each open object and list. */
  readonly #closers: string[] = []
  #expects: 'key' | 'colon' | 'value' | 'next' = 'value'
  /** The key or unquoted value read so far; empty while only white space has been read. */
  #word = ''
  /** An unquoted string and the comma after it: what follows may still be part of it. */
  #text: string | undefined
  /** The key of the current value, on the first level. */
  #key = ''
  #hasComma = false
  #quoted: JsonScanner | undefined

  constructor(calls: Calls, content: ContentHost) {
    super(calls, content, { open: OPEN, close: CLOSE })
  }

  protected get ownMarkers(): readonly string[] {
    switch (this.state) {
      case 'body':
        return IN_BODY
      case 'string':
        return IN_STRING
      case 'json-string':
        return NO_MARKERS
      default:
        return OUTSIDE
    }
  }

  protected override takeMarker(marker: string): boolean {
    if (marker === CLOSE && this.state === 'head' && this.#begin()) {
      this.#json = '{}'
      this.state = 'tail'
    }
    if (marker !== QUOTE) return super.takeMarker(marker)
    const isClosing = this.state === 'string'
    const mayOpen = this.state === 'body' && (this.#expects === 'key' || this.#expects === 'value')
    if (!isClosing && (!mayOpen || this.#word !== '')) return false
    this.call.append(marker)
    if (isClosing) this.#endString()
    else this.#beginString('string')
    return true
  }

  protected read(text: string): number {
    const read = this.#read(text)
    this.call.append(text.slice(0, read))
    return read
  }

  #read(text: string): number {
    switch (this.state) {
      case 'head':
        return this.#readHead(text)
      case 'string':
        this.#write(jsonText(text))
        if (this.#expects === 'key') this.#word += text
        return text.length
      case 'json-string':
        return this.#readQuoted(text)
      case 'body': {
        let i = 0
        while (i < text.length && this.state === 'body') this.#inBody(text[i++])
        return i
      }
      case 'tail':
        return this.#readTail(text)
      default:
        return text.length
    }
  }

  #readHead(text: string): number {
    const end = text.search(/[{(]/)
    this.#head += end < 0 ? text : text.slice(0, end)
    if (this.#head.length > MAX_HEADER_LENGTH) this.state = 'broken'
    else if (end >= 0) this.state = this.#begin() ? 'body' : 'broken'
    return end < 0 ? text.length : end
  }

  #begin(): boolean {
    const found = HEAD.exec(this.#head)
    if (!found) return false
    this.#name = found[1]
    this.call.begin(this.#name)
    return true
  }

  /** After a complete call: its closing marker, surplus brackets, or another call. */
  #readTail(text: string): number {
    let i = 0
    while (i < text.length && (isJsonSpace(text.charCodeAt(i)) || text[i] === '}' || text[i] === ')')) i++
    if (i > 0) return i
    this.#finish()
    this.nextCall()
    this.state = 'head'
    this.#head = this.#name = this.#json = ''
    this.#expects = 'value'
    return 0
  }

  #inBody(unit: string): void {
    const closer = this.#closers[this.#closers.length - 1]
    if (this.#expects === 'key') this.#inKey(unit, closer)
    else if (this.#expects === 'colon') {
      if (unit === ':' || unit === '=') this.#colon()
      else if (unit.trim() !== '') this.state = 'broken'
    } else if (this.#expects === 'value') this.#inValue(unit, closer)
    else if (unit === ',') this.#comma()
    else if (unit === closer) this.#close()
    else if (unit.trim() !== '') this.state = 'broken'
  }

  #inKey(unit: string, closer: string): void {
    if ((unit === ':' || unit === '=') && this.#word !== '') {
      const word = this.#word.trimEnd()
      this.#flushText()
      this.#writeComma()
      this.#write(JSON.stringify(word))
      this.#key = word
      this.#colon()
    } else if (unit === ',' || unit === closer) this.#endOfText(unit)
    else if (unit === '"' && this.#word === '') this.#beginString('json-string')
    else this.#addToWord(unit)
  }

  /** There is no key after a comma: the text before the comma continues, or the comma is surplus. */
  #endOfText(unit: string): void {
    const { length } = this.#word
    if (this.#text !== undefined && length > 0) this.#text += ` ${this.#word}`
    else if (length > 0 || unit === ',') {
      this.state = 'broken'
      return
    }
    this.#word = ''
    if (unit === ',') {
      this.#text += unit
      return
    }
    this.#flushText()
    this.#hasComma = false
    this.#close()
  }

  #inValue(unit: string, closer: string | undefined): void {
    if (this.#word === '') {
      if (unit === '"') {
        this.#beginString('json-string')
        return
      }
      const closes = CLOSERS[unit]
      // Parentheses enclose only all arguments, square brackets only lists.
      const opens = closer === undefined ? closes !== ']' : closes !== ')'
      if (closes !== undefined && opens) {
        this.#open(closes)
        return
      }
    }
    if (closer === undefined) {
      if (unit.trim() !== '') this.state = 'broken'
    } else if (unit === ',' || unit === closer) this.#endWord(unit)
    else this.#addToWord(unit)
  }

  #addToWord(unit: string): void {
    if (this.#word !== '' || unit.trim() !== '') this.#word += unit
  }

  /** An unquoted value ends. */
  #endWord(unit: string): void {
    const word = this.#word.trim()
    this.#word = ''
    const isEmptyList = word === '' && unit === ']'
    if (word === '' && !isEmptyList) {
      this.state = 'broken'
      return
    }
    if (!isEmptyList) {
      const isTop = this.#closers.length === 1
      const types = isTop ? valueTypes(this.calls.tools?.get(this.#name)?.parameters, this.#key) : undefined
      const value = typedValue(word, types)
      this.#expects = 'next'
      // A comma may be part of an unquoted string.
      if (unit === ',' && typeof value === 'string' && this.#closers.at(-1) !== ']') {
        this.#text = `${word},`
        this.#expects = 'key'
        return
      }
      this.#writeComma()
      this.#write(JSON.stringify(value))
    }
    if (unit === ',') this.#comma()
    else this.#close()
  }

  /** The unquoted string ended before its last comma. */
  #flushText(): void {
    if (this.#text === undefined) return
    this.#write(JSON.stringify(this.#text.replace(/,\s*$/, '').trimEnd()))
    this.#text = undefined
    this.#hasComma = true
  }

  #beginString(state: 'string' | 'json-string'): void {
    this.#word = ''
    this.#flushText()
    this.#writeComma()
    this.state = state
    if (state === 'string') this.#write('"')
    else {
      this.#quoted = new JsonScanner({ anyValue: true })
      this.#quoted.step(0x22)
      this.#write(this.#quoted.take())
    }
  }

  #readQuoted(text: string): number {
    const quoted = this.#quoted as JsonScanner
    const read = quoted.read(text, 0)
    const json = quoted.take()
    this.#write(json)
    if (this.#expects === 'key') this.#word += json
    if (quoted.status === 'done') {
      if (this.#expects === 'key') this.#word = String(parseStrict(`"${this.#word}`) ?? '')
      this.#endQuoted()
    }
    return read
  }

  #endString(): void {
    this.#write('"')
    this.#endQuoted()
  }

  #endQuoted(): void {
    this.state = 'body'
    if (this.#expects === 'key') {
      this.#key = this.#word
      this.#expects = 'colon'
    } else this.#expects = 'next'
    this.#word = ''
  }

  #colon(): void {
    this.#write(':')
    this.#word = ''
    this.#expects = 'value'
  }

  #comma(): void {
    this.#hasComma = true
    this.#expects = this.#closers[this.#closers.length - 1] === ']' ? 'value' : 'key'
  }

  #open(closer: string): void {
    if (this.#closers.length === MAX_CALL_DEPTH) {
      this.state = 'broken'
      return
    }
    this.#word = ''
    this.#writeComma()
    this.#closers.push(closer)
    this.#write(closer === ']' ? '[' : '{')
    this.#expects = closer === ']' ? 'value' : 'key'
  }

  #close(): void {
    this.#hasComma = false
    this.#write(this.#closers.pop() === ']' ? ']' : '}')
    this.#expects = 'next'
    if (this.#closers.length === 0) this.state = 'tail'
  }

  #writeComma(): void {
    if (this.#hasComma) this.#write(',')
    this.#hasComma = false
  }

  #write(json: string): void {
    this.#json += json
    this.call.arguments(json)
  }

  protected reportWhole(): boolean {
    if (this.state !== 'tail') return false
    this.#finish()
    return true
  }

  #finish(): void {
    const args = parseStrict(this.#json)
    if (args === undefined) this.call.fail('invalid-json')
    else this.call.finish(this.#name, args)
  }
}
