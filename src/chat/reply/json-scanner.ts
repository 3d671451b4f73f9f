import { jsonText } from './json-text.js'
import { MAX_CALL_DEPTH } from './limits.js'

/** `open`: incomplete. `done`: the value has ended. `broken`: not JSON, or nested too deeply. */
export type ScanStatus = 'open' | 'done' | 'broken'

const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27
const BACKSLASH = 0x5c
const UNDERSCORE = 0x5f
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_TUPLE = 0x28
const CLOSE_TUPLE = 0x29
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const BYTE_ORDER_MARK = 0xfeff

/** What may come next. */
type Expects =
  | 'value'
  | 'value-or-end'
  | 'key'
  | 'key-or-end'
  | 'colon'
  | 'next'
  | 'string'
  | 'string-end'
  | 'literal'

/** Characters that JSON allows after a backslash. */
const ESCAPES = '"\\/bfnrtu'

/** Characters that are the same within strings of any quotes and in strict JSON. */
const PLAIN = /[ !#-&(-[\]-\uffff]*/y

/** Python's constants and their JSON equivalents. */
const WORDS: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' }

export interface ScanOptions {
  /** Whether any value is allowed, or only an object. Default: false, because only an object can be a call. */
  readonly anyValue?: boolean
  /** Whether to accept Python: numbers like `1_000`, raw and triple-quoted strings, adjacent strings. Default: false. */
  readonly isPython?: boolean
}

/**
 * Scans JSON (RFC 8259) as models write it, character by character, to find its end and its first level, and converts it to
 * strict JSON. Like other lenient parsers it accepts strings with raw control characters, strings in single quotes, escapes
 * that JSON lacks (the backslash stays), Python's `True`, `False`, `None` and tuples, a comma before a closing bracket, and
 * a byte order mark before the value (RFC 8259 section 8.1 lets parsers ignore it). Numbers and literals are not validated:
 * `JSON.parse` does that.
 */
export class JsonScanner {
  status: ScanStatus = 'open'
  readonly #anyValue: boolean
  readonly #isPython: boolean
  #expects: Expects = 'value'
  #isKey = false
  #quote = DOUBLE_QUOTE
  #escaped = false
  /** Within a raw string, whose backslashes are literal. */
  #isRaw = false
  /** Within a triple-quoted string. */
  #isTriple = false
  /** Only the opening quotes of the string have been read. */
  #isEmpty = false
  /** The preceding unit is a single quote that may be an apostrophe within the string. */
  #mayBeApostrophe = false
  /** Number of quotes that may close a triple-quoted string. */
  #quotes = 0
  /** The closing bracket of each open object and array. */
  readonly #closers: number[] = []
  #json = ''
  /** A comma and the white space after it, written only if something follows. */
  #pending = ''
  /** The number or literal read so far. */
  #word = ''

  constructor({ anyValue = false, isPython = false }: ScanOptions = {}) {
    this.#anyValue = anyValue
    this.#isPython = isPython
  }

  /** Number of open objects and arrays. */
  get depth(): number {
    return this.#closers.length
  }

  get isInString(): boolean {
    return this.#expects === 'string'
  }

  /** Whether it is within a key of an object, including the quotes. */
  get isInKey(): boolean {
    return this.#expects === 'string' && this.#isKey
  }

  /** Reads the next UTF-16 unit; false, without reading it, if it is not valid there. */
  step(unit: number): boolean {
    if (this.status !== 'open') return false
    if (this.#accepts(unit)) return true
    if (this.status === 'open') this.status = 'broken'
    return false
  }

  /** Reads text starting at `from`, up to the end of the value or an invalid character, and returns that offset. */
  read(text: string, from: number): number {
    let i = from
    while (i < text.length) {
      const end = this.readPlain(text, i)
      if (end === i && !this.step(text.charCodeAt(i))) break
      i = Math.max(end, i + 1)
    }
    return i
  }

  /** Fast path for the plain characters of a string, starting at `from`; returns where they end. */
  readPlain(text: string, from: number): number {
    if (this.#expects !== 'string' || this.#escaped || this.#quotes > 0) return from
    PLAIN.lastIndex = from
    const end = from + (PLAIN.exec(text)?.[0].length ?? 0)
    this.#json += text.slice(from, end)
    if (end > from) this.#isEmpty = false
    return end
  }

  /** Returns the strict JSON of what was read since the last call. */
  take(): string {
    const json = this.#json
    this.#json = ''
    return json
  }

  /** Closes the open brackets; false if something else is missing. */
  close(): boolean {
    if (this.#expects === 'literal') this.#endWord()
    if (this.#expects !== 'next' || this.#pending !== '') return false
    while (this.#closers.length > 0) this.#json += bracket(this.#closers.pop() as number)
    this.status = 'done'
    return true
  }

  #accepts(unit: number): boolean {
    if (this.#expects === 'string') return this.#inString(unit)
    if (this.#expects === 'string-end') {
      if (this.#continuesString(unit)) return true
      this.#endString()
      if (this.depth === 0) return false
    }
    if (this.#expects === 'literal') {
      if (isLiteral(unit) || (this.#isPython && unit === UNDERSCORE)) {
        this.#word += String.fromCharCode(unit)
        return true
      }
      if (this.#isPython && isQuote(unit) && /^[ru]$/i.test(this.#word)) {
        return this.#openString(unit, { isRaw: this.#word.toLowerCase() === 'r' })
      }
      this.#endWord()
      if (this.depth === 0) {
        this.status = 'done'
        return false
      }
    }
    if (isJsonSpace(unit)) {
      if (this.#pending === '') this.#json += String.fromCharCode(unit)
      else this.#pending += String.fromCharCode(unit)
      return true
    }
    switch (this.#expects) {
      case 'colon':
        if (unit !== COLON) return false
        this.#json += ':'
        this.#expects = 'value'
        return true
      case 'next':
        if (unit !== COMMA) return this.#close(unit)
        this.#pending = ','
        this.#expects =
          this.#closers[this.#closers.length - 1] === CLOSE_OBJECT ? 'key-or-end' : 'value-or-end'
        return true
      case 'key':
      case 'key-or-end':
        if (isQuote(unit)) return this.#openString(unit, { isKey: true })
        return this.#expects === 'key-or-end' && this.#close(unit)
      case 'value-or-end':
        return unit === CLOSE_ARRAY || unit === CLOSE_TUPLE ? this.#close(unit) : this.#value(unit)
      default:
        return this.#value(unit)
    }
  }

  #value(unit: number): boolean {
    if (unit === BYTE_ORDER_MARK && this.depth === 0) return true
    if (unit === OPEN_OBJECT) return this.#open(CLOSE_OBJECT, 'key-or-end')
    if (this.depth === 0 && !this.#anyValue) return false
    if (unit === OPEN_ARRAY) return this.#open(CLOSE_ARRAY, 'value-or-end')
    if (unit === OPEN_TUPLE) return this.#open(CLOSE_TUPLE, 'value-or-end')
    if (isQuote(unit)) return this.#openString(unit)
    if (!isLiteral(unit)) return false
    this.#writePending()
    this.#expects = 'literal'
    this.#word = String.fromCharCode(unit)
    return true
  }

  #endWord(): void {
    const word = this.#isPython ? this.#word.replace(/(?<=\d)_(?=\d)/g, '') : this.#word
    this.#json += Object.hasOwn(WORDS, word) ? WORDS[word] : word
    this.#expects = 'next'
  }

  #open(closer: number, expects: Expects): boolean {
    if (this.depth === MAX_CALL_DEPTH) return false
    this.#writePending()
    this.#json += closer === CLOSE_OBJECT ? '{' : '['
    this.#closers.push(closer)
    this.#expects = expects
    return true
  }

  #close(unit: number): boolean {
    if (this.#closers.length === 0 || this.#closers[this.#closers.length - 1] !== unit) return false
    this.#closers.pop()
    this.#json += this.#pending.slice(1) + bracket(unit)
    this.#pending = ''
    this.#endValue()
    return true
  }

  #endValue(): void {
    this.#expects = 'next'
    if (this.depth === 0) this.status = 'done'
  }

  #writePending(): void {
    this.#json += this.#pending
    this.#pending = ''
  }

  #openString(quote: number, { isKey = false, isRaw = false } = {}): boolean {
    this.#writePending()
    this.#json += '"'
    this.#isKey = isKey
    return this.#openPart(quote, { isRaw })
  }

  #openPart(quote: number, { isRaw = false } = {}): boolean {
    this.#quote = quote
    this.#isRaw = isRaw
    this.#isTriple = false
    this.#isEmpty = true
    this.#expects = 'string'
    return true
  }

  #inString(unit: number): boolean {
    if (this.#escaped) {
      this.#escaped = false
      this.#json += this.#isRaw ? jsonText(String.fromCharCode(unit)) : escapeOf(unit)
      return true
    }
    if (unit === this.#quote) {
      if (this.#isTriple && ++this.#quotes < 3) return true
      this.#quotes = 0
      if (this.#isPython) {
        this.#expects = 'string-end'
        this.#mayBeApostrophe = unit === SINGLE_QUOTE && !this.#isTriple && !this.#isEmpty
      } else this.#endString()
      return true
    }
    this.#json += jsonText(String.fromCharCode(this.#quote).repeat(this.#quotes))
    this.#quotes = 0
    this.#isEmpty = false
    if (unit === BACKSLASH) {
      this.#escaped = true
      if (this.#isRaw) this.#json += '\\\\'
    } else this.#json += jsonText(String.fromCharCode(unit))
    return true
  }

  /**
   * After a closing quote in Python: a third one, which opens a triple-quoted string, a letter after an apostrophe that the
   * model did not escape, or an adjacent string.
   */
  #continuesString(unit: number): boolean {
    if (unit === this.#quote && this.#isEmpty && !this.#isTriple) {
      this.#isTriple = true
      this.#expects = 'string'
      return true
    }
    this.#isEmpty = false
    if (this.#mayBeApostrophe && isLetter(unit)) {
      this.#json += "'"
      this.#expects = 'string'
      return this.#inString(unit)
    }
    this.#mayBeApostrophe = false
    return isJsonSpace(unit) || (isQuote(unit) && this.#openPart(unit))
  }

  #endString(): void {
    this.#json += '"'
    if (this.#isKey) this.#expects = 'colon'
    else this.#endValue()
  }
}

function isLetter(unit: number): boolean {
  return /\p{L}/u.test(String.fromCharCode(unit))
}

function isQuote(unit: number): boolean {
  return unit === DOUBLE_QUOTE || unit === SINGLE_QUOTE
}

function bracket(closer: number): string {
  return closer === CLOSE_OBJECT ? '}' : ']'
}

/** The strict JSON for an escape of this unit. */
function escapeOf(unit: number): string {
  const text = String.fromCharCode(unit)
  if (ESCAPES.includes(text)) return `\\${text}`
  return unit === SINGLE_QUOTE ? text : `\\\\${jsonText(text)}`
}

/** Letters, digits and signs of numbers, `true`, `false` and `null`, and of Python's `True`, `False` and `None`. */
function isLiteral(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) ||
    (unit >= 0x61 && unit <= 0x7a) ||
    (unit >= 0x41 && unit <= 0x5a) ||
    unit === 0x2d ||
    unit === 0x2e ||
    unit === 0x2b
  )
}

/** The number of leading characters of `text` that are JSON's white space or byte order marks. */
export function leadingSpace(text: string): number {
  let count = 0
  while (count < text.length && isOutside(text.charCodeAt(count))) count++
  return count
}

function isOutside(unit: number): boolean {
  return isJsonSpace(unit) || unit === BYTE_ORDER_MARK
}

export function isJsonSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09
}

/** Parses text that is JSON as models write it; `undefined` if it is not. */
export function parseLenient(text: string): unknown {
  const scanner = new JsonScanner({ anyValue: true })
  const trimmed = text.trim()
  if (scanner.read(trimmed, 0) < trimmed.length) return undefined
  if (scanner.status === 'open' && (scanner.depth > 0 || !scanner.close())) return undefined
  return parseStrict(scanner.take())
}

/** Parses strict JSON; `undefined` if it is invalid. */
export function parseStrict(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
