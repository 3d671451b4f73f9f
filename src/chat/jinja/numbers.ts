import type { Budget } from './budget.js'
import { fractionOf, quotient, rootOfQuotient } from './exact.js'
import { templateFailed, templateLimit } from './failures.js'
import { FROM_TEMPLATE, Text } from './text.js'
import type { Value } from './values.js'

/** A Python `float`. */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A Python `int`. */
export type Integer = number | bigint

/** Limit on the bits of an integer. Python prints at most 4,300 digits, which are 14,285 bits. */
const MAX_BITS = 16_384
/** Digits of an integer that Python reads or prints at most. */
export const MAX_DIGITS = 4300

/** The same integer, as a `number` if that is exact. */
export function integer(value: Integer): Integer {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : BigInt(value)
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

export function isInteger(value: Value): value is Integer {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** The value as an integer, including booleans, as in Python. */
export function integral(value: Value): Integer | undefined {
  if (typeof value === 'boolean') return Number(value)
  return isInteger(value) ? value : undefined
}

/** The value as a number for comparisons: JavaScript compares `number` and `bigint` exactly. */
export function numeric(value: Value): Integer | undefined {
  return value instanceof Float ? value.value : integral(value)
}

/** An integer as a float. Throws if it is too large, as Python does. */
export function toFloat(value: Integer): number {
  const result = Number(value)
  if (typeof value === 'bigint' && !Number.isFinite(result)) {
    throw templateFailed('an integer is too large for a float')
  }
  return result
}

/** An arithmetic operator between two numbers. */
export function calculate(operator: string, left: Value, right: Value, budget: Budget): Value | undefined {
  const a = numeric(left)
  const b = numeric(right)
  if (a === undefined || b === undefined) return undefined
  if (operator === '**') return power(left, right, budget)
  if (['/', '//', '%'].includes(operator) && Number(b) === 0) throw templateFailed('division by zero')
  const areFloats = left instanceof Float || right instanceof Float
  if (operator === '/') return new Float(areFloats ? toFloat(a) / toFloat(b) : divided(a, b, budget))
  if (areFloats) return ofFloats(operator, toFloat(a), toFloat(b))
  return ofIntegers(operator, a, b, budget)
}

function divided(a: Integer, b: Integer, budget: Budget): number {
  if (typeof a === 'number' && typeof b === 'number') return a / b
  const [x, y] = [BigInt(a), BigInt(b)]
  if (x === 0n) return 0
  budget.spend(1 + ((bitsOf(x) + bitsOf(y)) / 64) ** 2 / 8)
  const size = quotient(x < 0n ? -x : x, y < 0n ? -y : y)
  if (!Number.isFinite(size)) throw templateFailed('the result of "/" is too large for a float')
  return x < 0n !== y < 0n ? -size : size
}

function ofIntegers(operator: string, a: Integer, b: Integer, budget: Budget): Integer | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = ofSmall(operator, a, b)
    if (result === undefined) return undefined
    // Plus 0, because an integer has no negative zero.
    if (Number.isSafeInteger(result)) return result + 0
  }
  const [x, y] = [BigInt(a), BigInt(b)]
  const bits = bitsOf(x) + bitsOf(y)
  budget.spend(1 + bits / 64)
  if (operator === '*') refuseBits(bits - 1)
  budget.spend((bits / 64) ** 2 / 8)
  switch (operator) {
    case '+':
      return bounded(x + y)
    case '-':
      return bounded(x - y)
    case '*':
      return bounded(x * y)
    case '//':
      return bounded(floorDivide(x, y))
    case '%':
      return bounded(x - y * floorDivide(x, y))
    default:
      return undefined
  }
}

function ofSmall(operator: string, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '//':
      return (a - (a % b)) / b - (a % b !== 0 && a < 0 !== b < 0 ? 1 : 0)
    case '%':
      return modulo(a, b)
    default:
      return undefined
  }
}

function ofFloats(operator: string, a: number, b: number): Float | undefined {
  switch (operator) {
    case '+':
      return new Float(a + b)
    case '-':
      return new Float(a - b)
    case '*':
      return new Float(a * b)
    case '%':
      return new Float(modulo(a, b))
    case '//': {
      const exact = (a - modulo(a, b)) / b
      const floor = Math.floor(exact)
      return new Float(
        exact === 0 ? Math.sign(a) * Math.sign(b) * 0 : exact - floor > 0.5 ? floor + 1 : floor,
      )
    }
    default:
      return undefined
  }
}

/** The remainder with the sign of the divisor. */
function modulo(a: number, b: number): number {
  const rest = a % b
  if (rest === 0) return b < 0 ? -0 : 0
  return rest < 0 === b < 0 ? rest : rest + b
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient
}

function power(left: Value, right: Value, budget: Budget): Value {
  const base = numeric(left)!
  const exponent = numeric(right)!
  if (left instanceof Float || right instanceof Float || exponent < 0) {
    const [a, b] = [toFloat(base), toFloat(exponent)]
    if (a === 0 && b < 0) throw templateFailed('0 cannot be raised to a negative power')
    if (a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b)) {
      throw templateFailed('a fractional power of a negative number is complex')
    }
    const result = a === 1 ? 1 : (exactPower(a, b, budget) ?? a ** b)
    if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b)) {
      throw templateFailed('the result of "**" is too large')
    }
    return new Float(result)
  }
  const a = BigInt(base)
  if (a === 0n || a === 1n || a === -1n) {
    return exponent === 0 || a === 1n || (a === -1n && BigInt(exponent) % 2n === 0n) ? 1 : Number(a)
  }
  const bits = (bitsOf(a) - 1) * Number(exponent)
  refuseBits(bits)
  budget.spend(1 + (bits / 64) ** 2 / 8)
  return bounded(a ** BigInt(exponent))
}

/** Bits up to which a power is computed exactly. */
const MAX_EXACT_BITS = 8192

/** The float nearest to a power with an integer or half-integer exponent; JavaScript's `**` is sometimes off by one bit. */
function exactPower(a: number, b: number, budget: Budget): number | undefined {
  const twice = Math.abs(2 * b)
  if (!Number.isInteger(twice) || !Number.isFinite(a) || a === 0 || b === 0) return undefined
  const { numerator, denominator } = fractionOf(a)
  const isWhole = Number.isInteger(b)
  const exponent = isWhole ? Math.abs(b) : twice
  if ((bitsOf(numerator) + bitsOf(denominator)) * exponent > MAX_EXACT_BITS) return undefined
  budget.spend(100)
  const [top, bottom] = [numerator ** BigInt(exponent), denominator ** BigInt(exponent)]
  const power = isWhole ? quotient : rootOfQuotient
  const size = b < 0 ? power(bottom, top) : power(top, bottom)
  return a < 0 && b % 2 !== 0 ? -size : size
}

export function bitsOf(value: bigint): number {
  const digits = (value < 0n ? -value : value).toString(16)
  return digits.length * 4 - Math.clz32(Number.parseInt(digits[0], 16)) + 28
}

/** An integer within the limit. Throws `LIMIT`. */
export function bounded(value: bigint): Integer {
  refuseBits(bitsOf(value))
  return integer(value)
}

function refuseBits(bits: number): void {
  if (bits > MAX_BITS) throw templateLimit(`makes an integer of more than ${MAX_BITS} bits`)
}

/** The same number with the other sign. */
export function negated(value: Value): Value | undefined {
  if (value instanceof Float) return new Float(-value.value)
  const number = integral(value)
  return number === undefined ? undefined : integer(-BigInt(number))
}

export function absolute(value: Value): Value | undefined {
  if (value instanceof Float) return new Float(Math.abs(value.value))
  const number = integral(value)
  return number === undefined ? undefined : number < 0 ? negated(number) : number
}

/**
 * A number as Python prints it. Digits count as the template's own text, even if the number was read from a message: they can
 * only spell numbers, so the template itself would have to write the rest of any marker.
 */
export function numberText(number: Integer | Float): Text {
  return Text.of(number instanceof Float ? floatDigits(number.value) : integerDigits(number), FROM_TEMPLATE)
}

/** The same for digits in other notations, such as those of format specifications. */
export function digitsText(digits: string): Text {
  if (!/^[-+ ]?[\da-zA-Z.,_+%-]*$/.test(digits)) throw new RangeError('not the digits of a number')
  return Text.of(digits, FROM_TEMPLATE)
}

export function integerDigits(number: Integer): string {
  const digits = String(number)
  if (digits.length > MAX_DIGITS + 1 || (digits.length > MAX_DIGITS && number > 0)) {
    throw templateFailed(`an integer of more than ${MAX_DIGITS} digits cannot be printed`)
  }
  return digits
}

/** Python's `repr` of a float. */
export function floatDigits(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
