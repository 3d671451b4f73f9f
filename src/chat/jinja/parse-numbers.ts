import type { Budget } from './budget.js'
import { type Integer, integer, MAX_DIGITS } from './numbers.js'
import { isBlank, stripBounds } from './unicode.js'

/** Parses numbers as Python's `int(text)` and `float(text)` do, in linear time. */

/** Decimal digits of any script. */
const DECIMAL = /\p{Nd}/u

/** Trims white space and replaces the decimal digits of other scripts by ASCII ones. */
function plain(text: string): string {
  const [start, end] = stripBounds(text, isBlank)
  const inner = text.slice(start, end)
  if (/^[\0-\x7f]*$/.test(inner)) return inner
  return Array.from(inner, (character) => {
    if (character <= '\x7f' || !DECIMAL.test(character)) return character
    // The digits of a script are consecutive code points, starting with zero.
    let zero = character.codePointAt(0)!
    while (DECIMAL.test(String.fromCodePoint(zero - 1))) zero--
    const code = character.codePointAt(0)!
    return String((code - zero) % 10)
  }).join('')
}

/** Removes single underscores between digits; `undefined` if there are others. */
function joined(digits: string): string | undefined {
  if (!digits.includes('_')) return digits
  if (digits.startsWith('_') || digits.endsWith('_') || digits.includes('__')) return undefined
  return digits.replaceAll('_', '')
}

const PREFIXES: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2 }

/** `undefined` if the text is not an integer in that base, or has more digits than Python reads. */
export function parseInteger(text: string, base: number, budget: Budget): Integer | undefined {
  budget.scan(text.length)
  let digits = plain(text).toLowerCase()
  const isNegative = digits.startsWith('-')
  if (isNegative || digits.startsWith('+')) digits = digits.slice(1)
  const prefix = digits[0] === '0' ? PREFIXES[digits[1]] : undefined
  let actual = base
  if (prefix !== undefined && (base === 0 || base === prefix)) {
    actual = prefix
    digits = digits.slice(2)
    if (digits.startsWith('_')) digits = digits.slice(1)
  } else if (base === 0) {
    actual = 10
    if (/^0[\d_]/.test(digits) && /[1-9]/.test(digits)) return undefined
  }
  const plainDigits = joined(digits)
  if (plainDigits === undefined || plainDigits === '') return undefined
  const isPower = (actual & (actual - 1)) === 0
  const significantDigits = plainDigits.length
  if (significantDigits > MAX_DIGITS && !isPower) return undefined
  for (let i = 0; i < significantDigits; i++) {
    const unit = plainDigits.charCodeAt(i)
    const value = unit < 58 ? unit - 48 : unit >= 97 ? unit - 87 : 99
    if (value < 0 || value >= actual) return undefined
  }
  const size = readDigits(plainDigits, actual, budget)
  return size === undefined ? undefined : integer(isNegative ? -BigInt(size) : size)
}

function readDigits(digits: string, base: number, budget: Budget): Integer | undefined {
  if (digits.length <= 10) return Number.parseInt(digits, base)
  if (digits.length > MAX_DIGITS) return undefined
  budget.spend((digits.length / 16) ** 2 / 8)
  if (base === 10) return BigInt(digits)
  if (base === 16) return BigInt(`0x${digits}`)
  let value = 0n
  for (const digit of digits) value = value * BigInt(base) + BigInt(Number.parseInt(digit, base))
  return value
}

/** Unambiguous, so that matching does not backtrack. */
const FLOAT = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/

/** `undefined` if the text is not a float. */
export function parseFloating(text: string, budget: Budget): number | undefined {
  budget.scan(text.length)
  const digits = plain(text).toLowerCase()
  const sign = digits.startsWith('-') ? -1 : 1
  const word = digits.replace(/^[-+]/, '')
  if (word === 'inf' || word === 'infinity') return sign * Number.POSITIVE_INFINITY
  if (word === 'nan') return Number.NaN
  if (digits.includes('_') && /^_|_$|__|[^\d]_|_[^\d]/.test(digits)) return undefined
  const plainDigits = digits.replaceAll('_', '')
  return FLOAT.test(plainDigits) ? Number(plainDigits) : undefined
}
