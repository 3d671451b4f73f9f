/** The sources and tests that every engine runs, bundled, because not all engines read TypeScript. */

import { exp, log, power, sineAndCosine } from '../../src/math/elementary.js'
import { RandomBits } from '../support/random-model/random-bits.js'

export { drawGolden, GOLDEN } from '../sampling/golden.js'

const COUNT = 20_000

/** The elementary functions at random points of their ranges. */
export function elementaryValues(): Float64Array {
  const random = new RandomBits(1, 'engines')
  const between = (low: number, high: number) =>
    low + (high - low) * ((random.next() + random.fraction()) / 0x100000000)
  const values: number[] = []
  const turned = new Float64Array(2)
  for (let i = 0; i < COUNT; i++) {
    sineAndCosine(between(-100_000, 100_000), turned)
    values.push(...turned, log(between(0, 1000)), power(between(0, 10), between(-20, 20)))
    // From the smallest numbers to the largest, to cover every power of two.
    values.push(exp(between(-745, 710)))
  }
  return Float64Array.from(values)
}
