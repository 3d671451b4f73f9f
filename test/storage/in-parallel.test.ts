import { describe, expect, it } from 'vitest'
import { inParallel } from '../../src/storage/in-parallel.js'

/** Work that ends on request. */
function controlled() {
  const started: number[] = []
  const ends = new Map<number, (failure?: Error) => void>()
  const work = (item: number) =>
    new Promise<void>((resolve, reject) => {
      started.push(item)
      ends.set(item, (failure) => (failure ? reject(failure) : resolve()))
    })
  const end = async (item: number, failure?: Error) => {
    ends.get(item)?.(failure)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { started, work, end }
}

describe('inParallel', () => {
  it('runs up to the limit at a time, in order', async () => {
    const { started, work, end } = controlled()
    const all = inParallel([1, 2, 3, 4, 5], 2, work)
    expect(started).toEqual([1, 2])
    await end(2)
    expect(started).toEqual([1, 2, 3])
    await end(3)
    await end(1)
    expect(started).toEqual([1, 2, 3, 4, 5])
    await end(4)
    await end(5)
    await all
  })

  it('starts nothing after a failure, and rejects when the others are done', async () => {
    const { started, work, end } = controlled()
    let settled = false
    const all = inParallel([1, 2, 3, 4, 5], 3, work)
    const outcome = all.catch((reason) => reason).finally(() => (settled = true))
    await end(2, new Error('first'))
    await end(1)
    expect([started, settled]).toEqual([[1, 2, 3], false])
    await end(3, new Error('second'))
    expect(await outcome).toMatchObject({ message: 'first' })
    expect(started).toEqual([1, 2, 3])
  })

  it('works with no items, and with fewer than the limit', async () => {
    await inParallel([], 3, () => Promise.reject(new Error('never')))
    const seen: number[] = []
    await inParallel(new Set([7]), 3, async (item) => void seen.push(item))
    expect(seen).toEqual([7])
  })
})
