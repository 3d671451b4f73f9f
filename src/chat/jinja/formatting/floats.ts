import { fixed, significant } from '../decimals.js'
import { floatDigits } from '../numbers.js'

/** The format of a float. */
export interface FloatForm {
  /** `e`, `f`, `g`, or the format of `str`. */
  readonly kind: 'e' | 'f' | 'g' | 'repr'
  /** Decimals for `e` and `f`, significant digits for `g`. */
  readonly precision: number
  /** The flag `#`: always writes the point, and for `g` trailing zeros. */
  readonly keepsPoint: boolean
}

/** A float without its sign, in lower case, as in C's `printf` and Python's `format`. */
export function floatBody(value: number, { kind, precision, keepsPoint }: FloatForm): string {
  const size = Math.abs(value)
  if (!Number.isFinite(size)) return Number.isNaN(size) ? 'nan' : 'inf'
  switch (kind) {
    case 'f': {
      const digits = fixed(size, precision)
      return keepsPoint && precision === 0 ? `${digits}.` : digits
    }
    case 'e': {
      const { digits, exponent } = significant(size, precision + 1)
      return scientific(digits, exponent, { keepsPoint })
    }
    case 'g':
      return general(size, Math.max(precision, 1), { keepsPoint, hasDecimals: false })
    case 'repr':
      return precision < 0
        ? floatDigits(size)
        : general(size, Math.max(precision, 1), { keepsPoint, hasDecimals: true })
  }
}

function scientific(
  digits: string,
  exponent: number,
  { keepsPoint }: { readonly keepsPoint: boolean },
): string {
  const rest = digits.slice(1)
  const point = rest !== '' || keepsPoint ? '.' : ''
  const sign = exponent < 0 ? '-' : '+'
  return `${digits[0]}${point}${rest}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function general(
  size: number,
  precision: number,
  { keepsPoint, hasDecimals }: { keepsPoint: boolean; hasDecimals: boolean },
): string {
  const { digits, exponent } = significant(size, precision)
  const kept = keepsPoint ? digits : withoutZeros(digits)
  const isScientific = exponent < -4 || exponent >= precision - (hasDecimals ? 1 : 0)
  if (isScientific) return scientific(kept, exponent, { keepsPoint })
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${kept}`
  const whole = kept.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const rest = kept.slice(exponent + 1)
  if (rest !== '') return `${whole}.${rest}`
  if (keepsPoint) return `${whole}.`
  return hasDecimals ? `${whole}.0` : whole
}

/** Removes trailing zeros, but never the first digit. */
function withoutZeros(digits: string): string {
  let end = digits.length
  while (end > 1 && digits[end - 1] === '0') end--
  return digits.slice(0, end)
}
