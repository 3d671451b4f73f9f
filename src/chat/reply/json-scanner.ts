import { MAX_CALL_DEPTH } from './limits.js'

/** `open`: more must come. `done`: the object is closed. `broken`: no JSON, or nested too deep. */
export type ScanStatus = 'open' | 'done' | 'broken'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** What may come next. */
type Expects = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'next' | 'string' | 'literal'

/**
 * Follows a JSON object (RFC 8259) character by character to find its end and its first level. Numbers and the words of
 * JSON are not looked at closely: `JSON.parse` has the last word.
 */
export class JsonScanner {
  status: ScanStatus = 'open'
  #expects: Expects = 'value'
  #isKey = false
  #escaped = false
  /** The closing bracket of each open object and array. */
  readonly #closers: number[] = []

  /** Objects and arrays that are open. */
  get depth(): number {
    return this.#closers.length
  }

  get isInString(): boolean {
    return this.#expects === 'string'
  }

  /** Within a key of an object, its quotes included. */
  get isInKey(): boolean {
    return this.#expects === 'string' && this.#isKey
  }

  /** Takes the next UTF-16 unit; false if it does not belong there, and then it is not taken. */
  step(unit: number): boolean {
    if (this.status !== 'open') return false
    if (this.#accepts(unit)) return true
    this.status = 'broken'
    return false
  }

  #accepts(unit: number): boolean {
    if (this.#expects === 'string') return this.#inString(unit)
    if (this.#expects === 'literal') {
      if (isLiteral(unit)) return true
      this.#expects = 'next'
    }
    if (isJsonSpace(unit)) return true
    switch (this.#expects) {
      case 'colon':
        this.#expects = 'value'
        return unit === COLON
      case 'next':
        if (unit !== COMMA) return this.#close(unit)
        this.#expects = this.#closers[this.#closers.length - 1] === CLOSE_OBJECT ? 'key' : 'value'
        return true
      case 'key':
      case 'key-or-end':
        if (unit !== QUOTE) return this.#expects === 'key-or-end' && this.#close(unit)
        this.#isKey = true
        this.#expects = 'string'
        return true
      case 'value-or-end':
        return unit === CLOSE_ARRAY ? this.#close(unit) : this.#value(unit)
      default:
        return this.#value(unit)
    }
  }

  #value(unit: number): boolean {
    if (unit === OPEN_OBJECT) return this.#open(CLOSE_OBJECT, 'key-or-end')
    // Only an object can be a call.
    if (this.depth === 0) return false
    if (unit === OPEN_ARRAY) return this.#open(CLOSE_ARRAY, 'value-or-end')
    if (unit === QUOTE) {
      this.#isKey = false
      this.#expects = 'string'
      return true
    }
    this.#expects = 'literal'
    return isLiteral(unit)
  }

  #open(closer: number, expects: Expects): boolean {
    if (this.depth === MAX_CALL_DEPTH) return false
    this.#closers.push(closer)
    this.#expects = expects
    return true
  }

  #close(unit: number): boolean {
    if (this.#closers.pop() !== unit) return false
    this.#expects = 'next'
    if (this.depth === 0) this.status = 'done'
    return true
  }

  #inString(unit: number): boolean {
    if (this.#escaped) this.#escaped = false
    else if (unit === BACKSLASH) this.#escaped = true
    else if (unit === QUOTE) this.#expects = this.#isKey ? 'colon' : 'next'
    // A line that ends within a string is how a broken call shows early.
    return unit >= 0x20
  }
}

/** Letters, digits and signs of numbers, `true`, `false` and `null`. */
function isLiteral(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) ||
    (unit >= 0x61 && unit <= 0x7a) ||
    unit === 0x2d ||
    unit === 0x2e ||
    unit === 0x2b ||
    unit === 0x45
  )
}

/** How many characters of JSON's white space `text` begins with. */
export function leadingSpace(text: string): number {
  let count = 0
  while (count < text.length && isJsonSpace(text.charCodeAt(count))) count++
  return count
}

export function isJsonSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09
}
