import { expect, it } from 'vitest'
import { RowCache } from '../../../../src/backend/wasm/tables/row-cache.js'

it('keeps the rows that were used last, each in a slot of its own', () => {
  const cache = new RowCache(3)
  expect([7, 8, 9].map((row) => cache.add(row))).toEqual([0, 1, 2])
  expect(cache.use(7)).toBe(true)
  expect(cache.use(10)).toBe(false)
  expect(cache.add(10)).toBe(1)
  expect([7, 8, 9, 10].map((row) => cache.slotOf(row))).toEqual([0, undefined, 2, 1])
  expect(cache.add(11)).toBe(2)
  expect(cache.add(12)).toBe(0)
  expect([10, 11, 12].map((row) => cache.slotOf(row))).toEqual([1, 2, 0])
})
