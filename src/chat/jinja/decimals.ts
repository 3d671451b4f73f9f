import { fractionOf } from './exact.js'
import { type Integer, integer } from './numbers.js'

/** Exact decimals of binary floats: Python rounds the exact value of a float, half to even. */

/** Maximum number of decimals of a float. */
const MAX_DECIMALS = 1074

function halfToEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  if (twice < denominator || (twice === denominator && quotient % 2n === 0n)) return quotient
  return quotient + 1n
}

/** `value * 10 ** decimals`, rounded to an integer, for a value that is not negative. */
function scaled(value: number, decimals: number): bigint {
  const { numerator, denominator } = fractionOf(value)
  const ten = 10n ** BigInt(Math.abs(decimals))
  return decimals >= 0 ? halfToEven(numerator * ten, denominator) : halfToEven(numerator, denominator * ten)
}

/** Formats a finite value that is not negative with so many decimals: `f` of C's `printf`. */
export function fixed(value: number, decimals: number): string {
  const exact = Math.min(decimals, MAX_DECIMALS)
  const digits = scaled(value, exact)
    .toString()
    .padStart(exact + 1, '0')
  const whole = digits.slice(0, digits.length - exact)
  const rest = digits.slice(digits.length - exact).padEnd(decimals, '0')
  return rest === '' ? whole : `${whole}.${rest}`
}

/** The same with so many significant digits: `d.ddd` without the point, and the power of ten of the first digit. */
export function significant(value: number, count: number): { digits: string; exponent: number } {
  if (value === 0) return { digits: '0'.repeat(count), exponent: 0 }
  const exact = Math.min(count, MAX_DECIMALS)
  let exponent = Number(value.toExponential().split('e')[1])
  let digits = scaled(value, exact - 1 - exponent).toString()
  // Rounding may have carried into another digit.
  if (digits.length > exact) {
    exponent++
    digits = scaled(value, exact - 1 - exponent).toString()
  }
  return { digits: digits.padEnd(count, '0'), exponent }
}

/** Python's `round(value, decimals)` of a float. */
export function roundFloat(value: number, decimals: number): number {
  if (!Number.isFinite(value) || decimals > 323) return value
  if (decimals < -308) return value * 0
  const rounded = scaled(Math.abs(value), decimals)
  const size = Number(`${rounded}e${-decimals}`)
  return value < 0 || Object.is(value, -0) ? -size : size
}

/** Python's `round(value)` of a finite float: an integer. */
export function roundToInteger(value: number): Integer {
  const size = scaled(Math.abs(value), 0)
  return integer(value < 0 ? -size : size)
}

/** Python's `round(value, decimals)` of an integer, which changes only for negative `decimals`. */
export function roundInteger(value: Integer, decimals: number): Integer {
  if (decimals >= 0) return value
  if (decimals < -20_000) return 0
  const big = BigInt(value)
  const ten = 10n ** BigInt(-decimals)
  const size = halfToEven(big < 0n ? -big : big, ten) * ten
  return integer(big < 0n ? -size : size)
}
