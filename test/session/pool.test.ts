import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPool, normalize, POOLINGS, type Pooling } from '../../src/session/pool.js'

/** Some tokens' states, and where they are cut into batches. */
const texts = fc.integer({ min: 1, max: 9 }).chain((width) =>
  fc
    .array(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), {
        minLength: width,
        maxLength: width,
      }),
      { minLength: 1, maxLength: 12 },
    )
    .chain((rows) =>
      fc.record({ rows: fc.constant(rows), cuts: fc.subarray(rows.map((_, index) => index).slice(1)) }),
    ),
)

function pooled(pooling: Pooling, rows: readonly number[][], cuts: readonly number[]): number[][] {
  const pool = createPool(pooling, rows[0].length)
  const bounds = [0, ...cuts, rows.length]
  // One buffer for all batches, as the network has.
  const buffer = new Float32Array(rows.flat().length)
  for (let i = 1; i < bounds.length; i++) {
    const states = rows.slice(bounds[i - 1], bounds[i]).flat()
    buffer.set(states)
    pool.take(buffer.subarray(0, states.length))
    buffer.fill(Number.NaN)
  }
  return pool.vectors().map((vector) => [...vector])
}

/** By the book. */
const EXPECTED: Record<Pooling, (rows: readonly number[][]) => number[][]> = {
  mean: (rows) => [
    rows[0].map((_, i) => Math.fround(rows.reduce((sum, row) => sum + row[i], 0) / rows.length)),
  ],
  cls: (rows) => [rows[0]],
  last: (rows) => [rows[rows.length - 1]],
  none: (rows) => [...rows],
}

describe('a pool', () => {
  it.each(POOLINGS)('of %s is what the book says, however the text is cut', (pooling) => {
    fc.assert(
      fc.property(texts, ({ rows, cuts }) => {
        expect(pooled(pooling, rows, cuts)).toEqual(EXPECTED[pooling](rows))
      }),
    )
  })
})

describe('normalize', () => {
  it('gives the length 1 and keeps the direction, however small or large the values', () => {
    const direction = [3, 0, -4]
    for (const scale of [1, 1e-44, 1e-20, 1e30, 1e38 / 2]) {
      const unit = normalize(Float32Array.from(direction, (value) => value * scale))
      // 1e-44 is a few of the smallest steps of f32.
      const digits = scale < 1e-40 ? 0 : 6
      expect(unit[0]).toBeCloseTo(0.6, digits)
      expect(unit[2]).toBeCloseTo(-0.8, digits)
      expect(Math.hypot(...unit)).toBeCloseTo(1, 6)
    }
  })

  it('leaves zeros', () => {
    expect([...normalize(new Float32Array(3))]).toEqual([0, 0, 0])
  })
})
