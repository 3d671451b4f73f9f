import { choice, EMPTY, NEVER, type Node, optional, repeat, sequence, set, text } from '../../grammar.js'

/** A bound of a number. */
export interface Bound {
  readonly value: number
  readonly exclusive: boolean
}

/** Decimal digits that a double always distinguishes. */
const EXACT_DIGITS = 15

/** Digits before the point if the schema sets no bound on that side. */
const FREE_DIGITS = 9

const LARGEST_INTEGER = BigInt(Number.MAX_SAFE_INTEGER)

/** The types of JSON Schema that are numbers; an integer has no fraction. */
export type NumberType = 'number' | 'integer'

/** Turns a node into a rule shared by the whole grammar; the same name always gives the same node. */
export type Share = (name: string, make: () => Node) => Node

/**
 * Numbers within bounds, in plain notation: no exponent, no `-0`. Integers up to 2^53 − 1; others with 15 digits in total,
 * so that the value that a parser rounds to is also within the bounds. `NEVER` if there is none.
 */
export function boundedNumber(
  lows: readonly Bound[],
  highs: readonly Bound[],
  type: NumberType,
  share: Share,
): Node {
  const whole = type === 'integer'
  const wholeDigits = whole ? 16 : digitsBeforePoint(lows, highs)
  const fraction = whole ? 0 : EXACT_DIGITS - wholeDigits
  const largest = whole ? LARGEST_INTEGER : 10n ** BigInt(EXACT_DIGITS) - 1n
  let low = -largest
  let high = largest
  for (const bound of lows) low = max(low, scaledLow(bound, fraction))
  for (const bound of highs) high = min(high, scaledHigh(bound, fraction))
  const positive = magnitudes(max(low, 0n), high, wholeDigits, fraction, share)
  const negative = magnitudes(max(-high, 1n), -low, wholeDigits, fraction, share)
  return choice([positive, sequence([text('-'), negative])])
}

/** Whether a number is within bounds. */
export function isWithin(value: number, lows: readonly Bound[], highs: readonly Bound[]): boolean {
  return (
    lows.every(({ value: low, exclusive }) => (exclusive ? value > low : value >= low)) &&
    highs.every(({ value: high, exclusive }) => (exclusive ? value < high : value <= high))
  )
}

/** Whether a number is a multiple of a step, computed on their decimal representations. */
export function isMultiple(value: number, step: number): boolean {
  const [a, b] = [decimal(value), decimal(step)]
  const power = Math.min(a.power, b.power)
  // A double's range: at most a few hundred digits.
  const [x, y] = [a, b].map(({ mantissa, power: own }) => mantissa * 10n ** BigInt(own - power))
  return x % y === 0n
}

/** The shortest decimal representation of this double. */
function decimal(value: number): { readonly mantissa: bigint; readonly power: number } {
  const [digits, exponent] = value.toExponential().split('e')
  const [whole, fraction = ''] = digits.split('.')
  return { mantissa: BigInt(whole + fraction), power: Number(exponent) - fraction.length }
}

/** The integer multiples of an integer step within bounds that are nearest to zero, up to a limit. */
export function listMultiples(
  step: bigint,
  lows: readonly Bound[],
  highs: readonly Bound[],
  most: number,
): bigint[] {
  let low = -LARGEST_INTEGER
  let high = LARGEST_INTEGER
  for (const bound of lows) low = max(low, scaledLow(bound, 0))
  for (const bound of highs) high = min(high, scaledHigh(bound, 0))
  const up = (value: bigint) => value + ((step - (value % step)) % step)
  const found: bigint[] = []
  for (let next = up(max(low, 0n)); next <= high && found.length < most; next += step) found.push(next)
  for (let next = up(max(-high, 1n)); next <= -low && found.length < 2 * most; next += step) found.push(-next)
  return found
}

/** Digits before the point of the largest of these bounds, with extra digits on an unbounded side. */
function digitsBeforePoint(lows: readonly Bound[], highs: readonly Bound[]): number {
  const open = lows.length === 0 || highs.length === 0
  const largest = [...lows, ...highs].reduce((most, { value }) => Math.max(most, Math.abs(value)), 0)
  // A larger bound excludes everything or nothing.
  if (largest >= 1e15) return EXACT_DIGITS
  const digits = String(Math.trunc(largest)).length
  return open ? Math.min(Math.max(FREE_DIGITS, digits + 1), EXACT_DIGITS) : digits
}

/** The smallest number within a lower bound, in units of 10^−`fraction`. */
function scaledLow({ value, exclusive }: Bound, fraction: number): bigint {
  const { floor, isExact } = scaled(value, fraction)
  return isExact && !exclusive ? floor : floor + 1n
}

/** The largest number within an upper bound, in the same units. */
function scaledHigh({ value, exclusive }: Bound, fraction: number): bigint {
  const { floor, isExact } = scaled(value, fraction)
  return isExact && exclusive ? floor - 1n : floor
}

/** `value` in units of 10^−`fraction`, rounded down. */
function scaled(value: number, fraction: number): { readonly floor: bigint; readonly isExact: boolean } {
  const { mantissa, power: own } = decimal(value)
  const power = own + fraction
  if (power >= 0) return { floor: mantissa * 10n ** BigInt(power), isExact: true }
  const divisor = 10n ** BigInt(-power)
  const floor = mantissa / divisor - (mantissa % divisor < 0n ? 1n : 0n)
  return { floor, isExact: mantissa % divisor === 0n }
}

/** Unsigned numbers from `low` to `high` units of 10^−`fraction`. */
function magnitudes(low: bigint, high: bigint, wholeDigits: number, fraction: number, share: Share): Node {
  const unit = 10n ** BigInt(fraction)
  const options: Node[] = []
  for (let digits = 1; digits <= wholeDigits; digits++) {
    const from = max(low, digits === 1 ? 0n : 10n ** BigInt(digits - 1) * unit)
    const to = min(high, 10n ** BigInt(digits) * unit - 1n)
    if (from > to) continue
    const written = (value: bigint) => value.toString().padStart(digits + fraction, '0')
    options.push(between(written(from), written(to), digits, fraction, share))
  }
  return choice(options)
}

/** Whether all digits so far equal those of the lower bound, and of the upper bound. */
interface Before {
  readonly asLow: boolean
  readonly asHigh: boolean
}

/** Digits of the numbers between two bounds of equal length; trailing zeros of the fraction may be omitted. */
function between(low: string, high: string, whole: number, fraction: number, share: Share): Node {
  const length = whole + fraction
  /** From digit `at` on. */
  const rest = (at: number, before: Before): Node => {
    const { asLow, asHigh } = before
    if (at === length) return EMPTY
    if (!asLow && !asHigh) {
      const left = { whole: Math.max(0, whole - at), fraction: length - Math.max(at, whole) }
      return free({ ...left, inFraction: at > whole }, share)
    }
    const next = digit(at, before)
    if (at < whole) return next
    const more = at === whole ? sequence([text('.'), next]) : next
    const mayEnd = !asLow || /^0*$/.test(low.slice(at))
    return mayEnd ? choice([EMPTY, more]) : more
  }
  const digit = (at: number, { asLow, asHigh }: Before): Node => {
    const first = asLow ? Number(low[at]) : 0
    const last = asHigh ? Number(high[at]) : 9
    const options: Node[] = []
    for (let from = first; from <= last; ) {
      const isLow = asLow && from === first
      let to = from
      // Digits strictly between the bounds share their continuation.
      if (!isLow && !(asHigh && from === last)) to = asHigh ? last - 1 : last
      options.push(
        sequence([digitsFrom(from, to), rest(at + 1, { asLow: isLow, asHigh: asHigh && to === last })]),
      )
      from = to + 1
    }
    return options.length === 0 ? NEVER : choice(options)
  }
  return rest(0, { asLow: true, asHigh: true })
}

/** Unrestricted digits. */
interface FreeDigits {
  /** Digits before the point. */
  readonly whole: number
  /** Maximum digits after it. */
  readonly fraction: number
  /** Whether the point has been written. */
  readonly inFraction: boolean
}

function free({ whole, fraction, inFraction }: FreeDigits, share: Share): Node {
  const any = digitsFrom(0, 9)
  return share(`digits ${whole} ${fraction} ${inFraction}`, () => {
    const decimals = repeat(any, inFraction ? 0 : 1, fraction)
    const point = inFraction ? decimals : optional(sequence([text('.'), decimals]))
    return sequence([repeat(any, whole, whole), fraction === 0 ? EMPTY : point])
  })
}

function digitsFrom(first: number, last: number): Node {
  return set([[0x30 + first, 0x30 + last]])
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
