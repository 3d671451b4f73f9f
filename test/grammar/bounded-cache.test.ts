import { expect, it } from 'vitest'
import { BoundedCache } from '../../src/grammar/bounded-cache.js'

it('keeps the most recently used values within its capacity', () => {
  const cache = new BoundedCache<string>(10, (value) => value.length)
  const made: number[] = []
  const get = (key: number, length = 3) =>
    cache.get(key, () => {
      made.push(key)
      return `${key}`.repeat(length)
    })
  for (const key of [1, 2, 3, 1]) get(key)
  expect(made).toEqual([1, 2, 3])
  get(4)
  get(1)
  expect(made).toEqual([1, 2, 3, 4])
  get(2)
  expect(made).toEqual([1, 2, 3, 4, 2])
  // A value that is too heavy is kept until the next one is added.
  get(5, 20)
  expect(get(5, 20)).toHaveLength(20)
  expect(made.filter((key) => key === 5)).toHaveLength(1)
  get(1)
  get(5, 20)
  expect(made.filter((key) => key === 5)).toHaveLength(2)
})

it('keeps no entry for a value whose creation failed', () => {
  const cache = new BoundedCache<number, string>(2)
  const fail = () => {
    throw new Error('no')
  }
  expect(() => cache.get('a', fail)).toThrow('no')
  expect(cache.get('a', () => 1)).toBe(1)
})
