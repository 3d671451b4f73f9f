import { isDigit } from './characters.js'
import { integer } from './numbers.js'

/** Limit on the digits of an integer, as in Python. */
const MAX_DIGITS = 4300

/** A number as a token, or an error message. */
export interface Numeral {
  readonly token:
    | { readonly type: 'integer'; readonly value: number | bigint }
    | { readonly type: 'float'; readonly value: number }
    | string
  readonly end: number
}

const PREFIXED: Readonly<Record<string, RegExp>> = { b: /[01]/, o: /[0-7]/, x: /[\da-f]/i }

/** Reads the number that begins at `at` with a digit. */
export function scanNumber(text: string, at: number): Numeral {
  // After a dot, this is an index (`a.0.1`), never a fraction.
  const floatEnd = text[at - 1] === '.' ? undefined : scanFloat(text, at)
  if (floatEnd !== undefined) {
    return { token: { type: 'float', value: Number(plain(text, at, floatEnd)) }, end: floatEnd }
  }
  const prefixEnd = scanPrefixed(text, at)
  const end = prefixEnd ?? scanInteger(text, at)
  if (end - at > MAX_DIGITS) return { token: `a number has more than ${MAX_DIGITS} digits`, end }
  const digits = plain(text, at, end)
  const value = digits.length < 15 ? Number(digits) : integer(BigInt(digits))
  return { token: { type: 'integer', value }, end }
}

function plain(text: string, from: number, to: number): string {
  return text.slice(from, to).replaceAll('_', '').toLowerCase()
}

/** The end of a run of characters that `belongs` accepts, with single underscores allowed between them. */
function scan(text: string, from: number, belongs: (code: number) => boolean): number {
  let end = from
  for (;;) {
    const next = end > from && text[end] === '_' ? end + 1 : end
    if (next >= text.length || !belongs(text.charCodeAt(next))) return end
    end = next + 1
  }
}

function scanFloat(text: string, at: number): number | undefined {
  const whole = scan(text, at, isDigit)
  let end: number | undefined
  if (text[whole] === '.') {
    const fraction = scan(text, whole + 1, isDigit)
    if (fraction > whole + 1) end = fraction
  }
  const mantissa = end ?? whole
  if (text[mantissa] === 'e' || text[mantissa] === 'E') {
    const sign = text[mantissa + 1]
    const digits = mantissa + (sign === '+' || sign === '-' ? 2 : 1)
    const exponent = scan(text, digits, isDigit)
    if (exponent > digits) end = exponent
  }
  return end
}

/** The end of `0x1F` and the like. */
function scanPrefixed(text: string, at: number): number | undefined {
  const digits = PREFIXED[text[at + 1]?.toLowerCase()]
  if (text[at] !== '0' || digits === undefined) return undefined
  // An underscore may follow the prefix too.
  const from = text[at + 2] === '_' ? at + 3 : at + 2
  const end = scan(text, from, (code) => digits.test(String.fromCharCode(code)))
  return end > from ? end : undefined
}

/** Only zeros, or digits without a leading zero. */
function scanInteger(text: string, at: number): number {
  return text[at] === '0' ? scan(text, at, (code) => code === 0x30) : scan(text, at, isDigit)
}
