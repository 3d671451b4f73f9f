/** Bits of a quotient before it is rounded: more than a float has, so that it is rounded only once. */
const BITS = 80

const lengthOf = (value: bigint) => value.toString(2).length

/** The float nearest to `numerator / denominator`, both positive. */
export function quotient(numerator: bigint, denominator: bigint): number {
  const shift = BITS - (lengthOf(numerator) - lengthOf(denominator))
  const [top, bottom] =
    shift >= 0 ? [numerator << BigInt(shift), denominator] : [numerator, denominator << BigInt(-shift)]
  return scaledDown({ value: top / bottom, isMore: top % bottom !== 0n }, shift)
}

/** The float nearest to the square root of `numerator / denominator`, both positive. */
export function rootOfQuotient(numerator: bigint, denominator: bigint): number {
  let shift = 2 * BITS - (lengthOf(numerator) - lengthOf(denominator))
  if (shift % 2 !== 0) shift++
  const [top, bottom] =
    shift >= 0 ? [numerator << BigInt(shift), denominator] : [numerator, denominator << BigInt(-shift)]
  const whole = top / bottom
  const root = squareRoot(whole)
  return scaledDown({ value: root, isMore: root * root !== whole || top % bottom !== 0n }, shift / 2)
}

/** A number rounded down to an integer, and whether that dropped a fraction. */
interface Floor {
  readonly value: bigint
  readonly isMore: boolean
}

/** `value / 2 ** shift`; a sticky bit below all others stands for the dropped fraction. */
function scaledDown({ value, isMore }: Floor, shift: number): number {
  const exact = (value << 1n) | (isMore ? 1n : 0n)
  const down = shift + 1
  // In two steps, because one power of two may be out of range; subnormal results may be rounded twice.
  const half = Math.trunc(down / 2)
  return Number(exact) * 2 ** -half * 2 ** -(down - half)
}

/** The integer part of a square root, by Newton's method. */
function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((lengthOf(value) >> 1) + 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** The absolute value of a finite float as an exact fraction. */
export function fractionOf(value: number): { numerator: bigint; denominator: bigint } {
  let scaled = Math.abs(value)
  let shift = 0
  while (!Number.isInteger(scaled)) {
    // Multiplying by a power of two is exact, unless the result is out of range.
    const step = scaled < 2 ** 900 ? 64 : 1
    scaled *= 2 ** step
    shift += step
  }
  return { numerator: BigInt(scaled), denominator: 1n << BigInt(shift) }
}
