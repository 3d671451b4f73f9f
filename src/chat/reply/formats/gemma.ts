import type { Calls } from '../call.js'
import { JsonScanner, leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { NO_MARKERS } from '../machine.js'
import { MarkedCallReader } from './marked-call.js'

const OPEN = '<|tool_call>'
const CLOSE = '<tool_call|>'
const QUOTE = '<|"|>'
const OUTSIDE = [OPEN, CLOSE]
const IN_BODY = [OPEN, CLOSE, QUOTE]
const IN_STRING = [QUOTE]

export const GEMMA_OPENS: readonly string[] = [OPEN]

/** Words that a call may begin with: its name, letters and digits and the like, behind `call:`. */
const HEAD = /^\s*call:\s*([^\s{}]+)\s*$/

/**
 * Gemma 4's tool calls: `<|tool_call>call:name{key:<|"|>text<|"|>,other:[1,true]}<tool_call|>`. Keys are bare, strings
 * stand between markers and have no escapes. The arguments are told as the JSON that they mean; keys and strings in
 * JSON's own way are taken too.
 */
export class GemmaReader extends MarkedCallReader<'body' | 'string' | 'json-string'> {
  readonly #scanner = new JsonScanner()
  #head = ''
  #name = ''
  #json = ''
  /** A key, or a value that is no string. */
  #word = ''
  #escaped = false

  constructor(calls: Calls) {
    super(calls, OPEN, CLOSE)
  }

  get markers(): readonly string[] {
    switch (this.place) {
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

  override marker(marker: string): boolean {
    if (marker !== QUOTE) return super.marker(marker)
    if (this.place !== 'string' && (this.place !== 'body' || this.#word.trim() !== '')) return false
    this.call.append(marker)
    this.place = this.place === 'string' ? 'body' : 'string'
    this.#write('"')
    return true
  }

  protected read(text: string): number {
    const read = this.#read(text)
    this.call.append(text.slice(0, read))
    return read
  }

  #read(text: string): number {
    switch (this.place) {
      case 'head':
        return this.#readHead(text)
      case 'body':
      case 'json-string':
        return this.#readBody(text)
      case 'string':
        this.#write(text.replace(/["\\]|[^ -\uffff]/g, (unit) => JSON.stringify(unit).slice(1, -1)))
        return text.length
      case 'tail':
        if (leadingSpace(text) < text.length) this.place = 'broken'
        return text.length
      default:
        return text.length
    }
  }

  #readHead(text: string): number {
    const brace = text.indexOf('{')
    const end = brace < 0 ? text.length : brace
    this.#head += text.slice(0, end)
    if (this.#head.length > MAX_HEADER_LENGTH) this.place = 'broken'
    else if (brace >= 0) {
      const found = HEAD.exec(this.#head)
      this.place = found ? 'body' : 'broken'
      if (found) {
        this.#name = found[1]
        this.call.begin(this.#name)
      }
    }
    return end
  }

  /** Up to where other markers count. */
  #readBody(text: string): number {
    const place = this.place
    let i = 0
    while (i < text.length && this.place === place) {
      if (place === 'json-string') this.#inJsonString(text[i])
      else this.#inBody(text[i])
      i++
    }
    return i
  }

  #inBody(unit: string): void {
    if (!'":,]}{['.includes(unit)) {
      this.#word += unit
      return
    }
    const word = this.#word.trim()
    if (unit === '"') {
      if (word === '') {
        this.place = 'json-string'
        this.#write(unit)
      } else this.#word += unit
      return
    }
    // A key in quotes has been written already.
    this.#write((unit === ':' && word !== '' ? JSON.stringify(word) : word) + unit)
    this.#word = ''
  }

  #inJsonString(unit: string): void {
    if (unit === '"' && !this.#escaped) this.place = 'body'
    this.#escaped = unit === '\\' && !this.#escaped
    this.#write(unit)
  }

  #write(json: string): void {
    for (let i = 0; i < json.length; i++) {
      if (!this.#scanner.step(json.charCodeAt(i))) {
        this.place = 'broken'
        return
      }
    }
    this.#json += json
    this.call.arguments(json)
    if (this.#scanner.status === 'done') this.place = 'tail'
  }

  protected finish(): void {
    try {
      this.call.finish(this.#name, JSON.parse(this.#json))
    } catch {
      this.call.fail('invalid-json')
    }
  }
}
