import { describe, expect, it } from 'vitest'
import { exp, log, power, sineAndCosine } from '../../src/math/elementary.js'
import { RandomBits } from '../support/random-model/random-bits.js'

const view = new DataView(new ArrayBuffer(8))

function bitsOf(value: number): string {
  view.setFloat64(0, value)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

/** Doubles between a and b, counted along the number line. */
function ulps(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Object.is(a, b) ? 0 : Number.POSITIVE_INFINITY
  const order = (value: number) => {
    view.setFloat64(0, value)
    const bits = view.getBigInt64(0)
    return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits
  }
  const distance = order(a) - order(b)
  return Number(distance < 0n ? -distance : distance)
}

/** `count` arguments from `low` to `high`, spread by chance. */
function between(low: number, high: number, count = 20_000): number[] {
  const random = new RandomBits(1, `${low} ${high}`)
  return Array.from(
    { length: count },
    () => low + (high - low) * ((random.next() + random.fraction()) / 2 ** 32),
  )
}

/** The engine's own functions are within 1 ulp, and these within 2. */
const ULPS = 3

function expectClose(mine: (x: number) => number, theirs: (x: number) => number, arguments_: number[]): void {
  let worst = { x: 0, distance: -1 }
  for (const x of arguments_) {
    const distance = ulps(mine(x), theirs(x))
    if (distance > worst.distance) worst = { x, distance }
  }
  expect(worst.distance, `ulps at ${worst.x}`).toBeLessThanOrEqual(ULPS)
}

const sine = (x: number) => turned(x)[0]
const cosine = (x: number) => turned(x)[1]
function turned(x: number): Float64Array {
  const out = new Float64Array(2)
  sineAndCosine(x, out)
  return out
}

describe('exp', () => {
  it.each([
    [-1, 1],
    [-50, 50],
    [-708, 709.7],
    [-1e-10, 1e-10],
  ])('between %d and %d is within 3 ulp of the engine’s', (low, high) => {
    expectClose(exp, Math.exp, between(low, high))
  })

  it('goes down to the smallest double and up to the largest', () => {
    expectClose(exp, Math.exp, between(-745.13, -708))
    for (const x of [709.782, 709.7827]) expect(ulps(exp(x), Math.exp(x))).toBeLessThanOrEqual(ULPS)
    expect(exp(709.79)).toBe(Number.POSITIVE_INFINITY)
    expect(exp(-746)).toBe(0)
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0)
    expect(exp(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    expect(exp(Number.NaN)).toBeNaN()
    expect([exp(0), exp(-0)]).toEqual([1, 1])
  })
})

describe('log', () => {
  it.each([
    [0.5, 2],
    [0.999, 1.001],
    [1e-10, 1],
    [1, 1e10],
    [1e300, 1.7e308],
  ])('between %d and %d is within 3 ulp of the engine’s', (low, high) => {
    expectClose(log, Math.log, between(low, high))
  })

  it('of every power of two, subnormal ones too', () => {
    const powers = Array.from({ length: 1074 + 1023 }, (_, i) => 2 ** (i - 1074))
    expectClose(log, Math.log, powers)
  })

  it('has limits', () => {
    expect(log(1)).toBe(0)
    expect([log(0), log(-0)]).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
    for (const x of [-1, -1e-320, Number.NEGATIVE_INFINITY, Number.NaN]) expect(log(x)).toBeNaN()
  })
})

describe('power', () => {
  it('of rotary bases is close: an error of the exponent y·log(x) grows with it', () => {
    for (const base of [10_000, 500_000, 1_000_000]) {
      for (const exponent of between(-1, 0, 1000)) {
        const exact = base ** exponent
        expect(Math.abs(power(base, exponent) - exact) / exact).toBeLessThan(2e-15)
      }
    }
  })

  it('of 0 is 1', () => {
    expect([power(10_000, 0), power(1, 5), power(2, 10)]).toEqual([1, 1, 1024])
  })
})

describe('sine and cosine', () => {
  it.each([
    [-Math.PI, Math.PI],
    [0, 1e-3],
    [0, 4096],
    [-131_072, 131_072],
    [1e6, 2 ** 20],
  ])('between %d and %d are within 3 ulp of the engine’s', (low, high) => {
    expectClose(sine, Math.sin, between(low, high))
    expectClose(cosine, Math.cos, between(low, high))
  })

  it('keep their digits near multiples of π/2, where one of them vanishes', () => {
    const multiples = Array.from({ length: 5000 }, (_, i) => ((i + 1) * 131 * Math.PI) / 2)
    expectClose(sine, Math.sin, multiples)
    expectClose(cosine, Math.cos, multiples)
  })

  it('of 0 are 0 and 1', () => {
    expect([...turned(0)]).toEqual([0, 1])
  })
})

describe('on every engine', () => {
  /** As Node 20 computes them: additions, multiplications and divisions have one right answer each. */
  it.each([
    ['exp(1)', exp(1), '4005bf0a8b145769'],
    ['exp(-1.5)', exp(-1.5), '3fcc8f87724b5c1e'],
    ['exp(-0.001)', exp(-0.001), '3feff7cfe56f1a9e'],
    ['exp(-80.25)', exp(-80.25), '38b2af136dffe83c'],
    ['exp(-740)', exp(-740), '0000000000000055'],
    ['log(10)', log(10), '40026bb1bbb55516'],
    ['log(0.3)', log(0.3), 'bff34378fcbda721'],
    ['log(500000)', log(500_000), '402a3ea669a05c01'],
    ['power(10000, -0.25)', power(10_000, -0.25), '3fb9999999999998'],
    ['power(500000, -0.734375)', power(500_000, -0.734375), '3f111d41f32c72e4'],
    ['sin(1)', sine(1), '3feaed548f090cee'],
    ['cos(1)', cosine(1), '3fe14a280fb5068c'],
    ['sin(1234.5)', sine(1234.5), '3fc29c531dfd031b'],
    ['cos(100000)', cosine(100_000), 'bfeffac3841b3da7'],
  ])('%s has the same bits', (_, value, bits) => {
    expect(bitsOf(value)).toBe(bits)
  })
})
