import { describeValue } from '../../../describe.js'
import type { Budget } from '../budget.js'
import { lengthOf, offsetOf } from '../collections.js'
import { undefinedUsed } from '../compare.js'
import { templateFailed } from '../failures.js'
import { digitsText, Float, type Integer, integer, integerDigits, integral, toFloat } from '../numbers.js'
import { ascii, repr, str } from '../repr.js'
import { Text } from '../text.js'
import { TextBuilder } from '../text-builder.js'
import { Dict, List, Tuple, typeName, Undefined, type Value } from '../values.js'
import { floatBody } from './floats.js'
import { characterOf } from './spec.js'

/** A conversion specifier. */
interface Conversion {
  readonly flags: string
  readonly width: number
  /** -1 if absent. */
  readonly precision: number
  readonly type: string
}

/** Python's `format % values`: a tuple has a value per conversion, anything else is a single value. */
export function percentFormat(format: Text, values: Value, budget: Budget): Text {
  budget.scan(format.length)
  return new PercentFormatter(format, values, budget).format()
}

class PercentFormatter {
  readonly #format: Text
  readonly #all: string
  readonly #budget: Budget
  readonly #out: TextBuilder
  readonly #values: Value
  readonly #arguments: readonly Value[]
  #taken = 0
  #at = 0

  constructor(format: Text, values: Value, budget: Budget) {
    this.#format = format
    this.#all = format.text
    this.#budget = budget
    this.#out = new TextBuilder(budget)
    this.#values = values
    this.#arguments = values instanceof Tuple ? values.items : [values]
  }

  format(): Text {
    for (;;) {
      const next = this.#all.indexOf('%', this.#at)
      this.#copy(this.#at, next < 0 ? this.#all.length : next)
      if (next < 0) break
      this.#at = next + 1
      this.#convert(next)
    }
    // As in Python, values that support lookup by key need not all be used.
    const isMapping =
      this.#values instanceof Dict ||
      this.#values instanceof Undefined ||
      (this.#values instanceof List && !(this.#values instanceof Tuple))
    if (!isMapping && this.#taken < this.#arguments.length) {
      throw templateFailed(`%: ${this.#arguments.length} values for ${this.#taken} conversions`)
    }
    return this.#out.text()
  }

  #copy(start: number, end: number): void {
    if (start === end) return
    this.#budget.piece(this.#format.runs.length)
    this.#out.add(this.#format.slice(start, end))
  }

  #convert(start: number): void {
    if (this.#all[this.#at] === '%') {
      this.#copy(start, start + 1)
      this.#at++
      return
    }
    let value: Value | undefined
    if (this.#all[this.#at] === '(') value = this.#member()
    const flags = this.#while('-+ #0')
    let width = this.#size()
    const isLeft = width < 0 || flags.includes('-')
    width = Math.abs(width)
    let precision = -1
    if (this.#all[this.#at] === '.') {
      this.#at++
      precision = Math.max(0, this.#size())
    }
    if ('hlL'.includes(this.#all[this.#at] ?? '-')) this.#at++
    const type = this.#all[this.#at++]
    if (type === undefined) throw templateFailed('%: the format ends within a conversion')
    this.#budget.text(width)
    this.#budget.text(Math.max(precision, 0))
    this.#budget.spend(20)
    const conversion = { flags: isLeft ? `${flags}-` : flags, width, precision, type }
    this.#out.add(converted(value === undefined ? this.#next() : value, conversion, this.#budget))
  }

  /** The value for a key in parentheses. */
  #member(): Value {
    let depth = 0
    const start = this.#at + 1
    for (; ; this.#at++) {
      const unit = this.#all[this.#at]
      if (unit === undefined) throw templateFailed('%: a key is not closed')
      if (unit === '(') depth++
      if (unit === ')' && --depth === 0) break
    }
    const key = this.#all.slice(start, this.#at++)
    if (!(this.#values instanceof Dict)) throw templateFailed('%: keys need a mapping')
    const value = this.#values.get(key)
    if (value === undefined) throw templateFailed(`%: the mapping has no key ${describeValue(key)}`)
    return value
  }

  #while(characters: string): string {
    const start = this.#at
    while (this.#at < this.#all.length && characters.includes(this.#all[this.#at])) this.#at++
    return this.#all.slice(start, this.#at)
  }

  /** A width or precision: digits, or `*` for the next value. */
  #size(): number {
    if (this.#all[this.#at] !== '*') return Number(this.#while('0123456789'))
    this.#at++
    const size = integral(this.#next())
    if (size === undefined) throw templateFailed('%: * needs an integer')
    return Number(size)
  }

  #next(): Value {
    const value = this.#arguments[this.#taken++]
    if (value === undefined) throw templateFailed('%: fewer values than conversions')
    return value
  }
}

function converted(value: Value, conversion: Conversion, budget: Budget): Text {
  const { type, precision } = conversion
  switch (type) {
    case 's':
    case 'r':
    case 'a': {
      const text =
        type === 's' ? str(value, budget) : type === 'r' ? repr(value, budget) : ascii(value, budget)
      const kept = precision < 0 ? text : text.slice(0, offsetOf(text, precision))
      return padded('', kept, conversion, ' ', budget)
    }
    case 'c': {
      if (value instanceof Text && lengthOf(value) === 1) return padded('', value, conversion, ' ', budget)
      const code = integral(value)
      if (code === undefined) throw templateFailed('%c needs a character or a code point')
      return padded('', characterOf(code), conversion, ' ', budget)
    }
    case 'd':
    case 'i':
    case 'u':
      return integerText(truncated(value, type), 10, conversion, budget)
    case 'x':
    case 'X':
    case 'o': {
      const number = integral(value)
      if (number === undefined) throw wrong(value, type, 'an integer')
      return integerText(number, type === 'o' ? 8 : 16, conversion, budget)
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': {
      const number = value instanceof Float ? value.value : integral(value)
      if (number === undefined) throw wrong(value, type, 'a number')
      return floatText(toFloat(number), conversion, budget)
    }
    default:
      throw templateFailed(`%: unknown conversion ${JSON.stringify(type)}`)
  }
}

function wrong(value: Value, type: string, expected: string) {
  if (value instanceof Undefined) return undefinedUsed(value)
  return templateFailed(`%${type} needs ${expected}, not ${typeName(value)}`)
}

function truncated(value: Value, type: string): Integer {
  if (value instanceof Float) {
    if (!Number.isFinite(value.value)) throw templateFailed(`%${type} needs a finite number`)
    return integer(Math.trunc(value.value))
  }
  const number = integral(value)
  if (number === undefined) throw wrong(value, type, 'a number')
  return number
}

function integerText(value: Integer, base: number, conversion: Conversion, budget: Budget): Text {
  const { type, flags, precision } = conversion
  const size = integer(value < 0 ? -BigInt(value) : value)
  const plain = base === 10 ? integerDigits(size) : size.toString(base)
  const digits = (type === 'X' ? plain.toUpperCase() : plain).padStart(precision, '0')
  const prefix = flags.includes('#') && base !== 10 ? `0${type}` : ''
  return padded(
    signOf({ isNegative: value < 0 }, flags) + prefix,
    digitsText(digits),
    conversion,
    '0',
    budget,
  )
}

function floatText(value: number, conversion: Conversion, budget: Budget): Text {
  const { type, flags, precision } = conversion
  const lower = type.toLowerCase() as 'e' | 'f' | 'g'
  const body = floatBody(value, {
    kind: lower,
    precision: precision < 0 ? 6 : precision,
    keepsPoint: flags.includes('#'),
  })
  const digits = type === lower ? body : body.toUpperCase()
  const isNegative = value < 0 || Object.is(value, -0)
  return padded(signOf({ isNegative }, flags), digitsText(digits), conversion, '0', budget)
}

function signOf({ isNegative }: { readonly isNegative: boolean }, flags: string): string {
  if (isNegative) return '-'
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
}

/** Pads with spaces, or with zeros between the sign and the digits. */
function padded(
  head: string,
  body: Text,
  { flags, width }: Conversion,
  zero: '0' | ' ',
  budget: Budget,
): Text {
  const missing = Math.max(0, width - head.length - lengthOf(body))
  const out = new TextBuilder(budget)
  const sign = digitsText(head)
  const space = () => Text.of(' ').repeated(missing)
  if (flags.includes('-')) return out.add(sign, body, space()).text()
  if (zero === '0' && flags.includes('0')) return out.add(sign, Text.of('0').repeated(missing), body).text()
  return out.add(space(), sign, body).text()
}
