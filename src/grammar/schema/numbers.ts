import { choice, EMPTY, NEVER, type Node, optional, repeat, sequence, set, text } from '../grammar.js'

/** A limit of a number. */
export interface Bound {
  readonly value: number
  readonly exclusive: boolean
}

/** Digits that a double keeps apart whatever they are. */
const EXACT_DIGITS = 15

/** Digits before the point of a number whose schema sets no limit on that side. */
const FREE_DIGITS = 9

const LARGEST_INTEGER = BigInt(Number.MAX_SAFE_INTEGER)

/** Makes a node a rule that the whole grammar shares; the same name is always the same node. */
export type Share = (name: string, make: () => Node) => Node

/**
 * Numbers within bounds, in plain notation: no exponent, no `-0`. Whole ones up to 2^53 − 1; others with 15 digits in
 * all, so that what a parser rounds them to is within the bounds as well. `NEVER` where there is none.
 */
export function boundedNumber(
  lows: readonly Bound[],
  highs: readonly Bound[],
  whole: boolean,
  share: Share,
): Node {
  const wholeDigits = whole
    ? 16
    : digitsBeforePoint([...lows, ...highs], lows.length === 0 || highs.length === 0)
  const fraction = whole ? 0 : EXACT_DIGITS - wholeDigits
  const largest = whole ? LARGEST_INTEGER : 10n ** BigInt(EXACT_DIGITS) - 1n
  let low = -largest
  let high = largest
  for (const { value, exclusive } of lows) low = max(low, scaled(value, fraction, true, exclusive))
  for (const { value, exclusive } of highs) high = min(high, scaled(value, fraction, false, exclusive))
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

/** Whether a number is a multiple of a step, both taken as the decimals that they are written as. */
export function isMultiple(value: number, step: number): boolean {
  const [a, b] = [decimal(value), decimal(step)]
  const power = Math.min(a.power, b.power)
  // Powers of a double's range: at most a few hundred digits.
  const [x, y] = [a, b].map(({ mantissa, power: own }) => mantissa * 10n ** BigInt(own - power))
  return x % y === 0n
}

/** The shortest decimal that is this double. */
function decimal(value: number): { readonly mantissa: bigint; readonly power: number } {
  const [digits, exponent] = value.toExponential().split('e')
  const [whole, fraction = ''] = digits.split('.')
  return { mantissa: BigInt(whole + fraction), power: Number(exponent) - fraction.length }
}

/** The whole multiples of a whole step within bounds that are nearest to zero, so many at most. */
export function listMultiples(
  step: bigint,
  lows: readonly Bound[],
  highs: readonly Bound[],
  most: number,
): bigint[] {
  let low = -LARGEST_INTEGER
  let high = LARGEST_INTEGER
  for (const { value, exclusive } of lows) low = max(low, scaled(value, 0, true, exclusive))
  for (const { value, exclusive } of highs) high = min(high, scaled(value, 0, false, exclusive))
  const up = (value: bigint) => value + ((step - (value % step)) % step)
  const found: bigint[] = []
  for (let next = up(max(low, 0n)); next <= high && found.length < most; next += step) found.push(next)
  for (let next = up(max(-high, 1n)); next <= -low && found.length < 2 * most; next += step) found.push(-next)
  return found
}

/** Digits before the point of the largest of these bounds, with room above them on an open side. */
function digitsBeforePoint(bounds: readonly Bound[], open: boolean): number {
  const largest = bounds.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0)
  // Of a larger one there is nothing within reach, or everything.
  if (largest >= 1e15) return EXACT_DIGITS
  const digits = String(Math.trunc(largest)).length
  return open ? Math.min(Math.max(FREE_DIGITS, digits + 1), EXACT_DIGITS) : digits
}

/** `value` in units of 10^−`fraction`, rounded up for a lower bound and down for an upper one. */
function scaled(value: number, fraction: number, isLow: boolean, exclusive: boolean): bigint {
  const { mantissa, power: own } = decimal(value)
  const power = own + fraction
  const inward = isLow ? 1n : -1n
  if (power >= 0) return mantissa * 10n ** BigInt(power) + (exclusive ? inward : 0n)
  const divisor = 10n ** BigInt(-power)
  const floor = mantissa / divisor - (mantissa % divisor < 0n ? 1n : 0n)
  const isExact = mantissa % divisor === 0n
  if (isExact) return exclusive ? floor + inward : floor
  return isLow ? floor + 1n : floor
}

/** Numbers without sign from `low` to `high` units of 10^−`fraction`. */
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

/** Digits that make a number between two of the same length; zeros at the end of the fraction may be left out. */
function between(low: string, high: string, whole: number, fraction: number, share: Share): Node {
  const length = whole + fraction
  /** From digit `at` on, when all before were those of `low`, or of `high`. */
  const rest = (at: number, asLow: boolean, asHigh: boolean): Node => {
    if (at === length) return EMPTY
    if (!asLow && !asHigh)
      return free(Math.max(0, whole - at), length - Math.max(at, whole), at > whole, share)
    const next = digit(at, asLow, asHigh)
    if (at < whole) return next
    const more = at === whole ? sequence([text('.'), next]) : next
    const mayEnd = !asLow || /^0*$/.test(low.slice(at))
    return mayEnd ? choice([EMPTY, more]) : more
  }
  const digit = (at: number, asLow: boolean, asHigh: boolean): Node => {
    const first = asLow ? Number(low[at]) : 0
    const last = asHigh ? Number(high[at]) : 9
    const options: Node[] = []
    for (let from = first; from <= last; ) {
      const isLow = asLow && from === first
      let to = from
      // Digits strictly between have the same ways on.
      if (!isLow && !(asHigh && from === last)) to = asHigh ? last - 1 : last
      options.push(sequence([digitsFrom(from, to), rest(at + 1, isLow, asHigh && to === last)]))
      from = to + 1
    }
    return options.length === 0 ? NEVER : choice(options)
  }
  return rest(0, true, true)
}

/** Any digits: so many before the point, then up to so many after it. `inFraction`: the point has been written. */
function free(whole: number, fraction: number, inFraction: boolean, share: Share): Node {
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
