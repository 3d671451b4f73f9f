import { beforeAll, describe, expect, it } from 'vitest'
import { attend, CACHES, type Cache, inputOf, reference, type Shape, tokensOf } from './attention-input.js'
import type { Paging } from './pages.js'
import { BUILDS, createWorkbench, expectWithin, type Workbench } from './workbench.js'

let bench: Workbench

/** Pages in shuffled order, never next to their predecessor. */
const SCATTERED: Paging = {
  order: (pages) => [
    ...Array.from({ length: pages }, (_, page) => page).filter((page) => page % 3 === 1),
    ...Array.from({ length: pages }, (_, page) => pages - 1 - page).filter((page) => page % 3 !== 1),
  ],
}

/** Table entries for missing pages: an unreadable address, and address 0. */
const ABSENT = [0xfff00000, 0]

const WINDOWS = [1, 5, 128, 129, 1000]

describe.each(BUILDS)('%s kernels:', (build) => {
  beforeAll(async () => {
    bench = await createWorkbench(build)
  })

  describe.each(CACHES)('attention over pages of $type', (cache) => {
    const [headDim] = cache.headDims

    it.each([127, 128, 129, 255, 256, 257])('scattered pages of %i positions', (length) => {
      for (const heads of [
        { heads: 3, kvHeads: 1 },
        { heads: 4, kvHeads: 2 },
      ]) {
        const whole = inputOf({ ...heads, headDim, firstPosition: 0, tokens: length }, cache)
        const contiguous = attend(bench, cache, whole)
        const { expected, tolerance } = reference(cache, whole)
        expectWithin(contiguous, expected, (i) => tolerance[i])
        expect(attend(bench, cache, whole, SCATTERED)).toEqual(contiguous)
        const last = attend(bench, cache, tokensOf(whole, length - 1, 1), SCATTERED)
        expect(last).toEqual(contiguous.slice(-last.length))
      }
    })

    it.each(WINDOWS)('with a window of %i a token sees that many positions', (window) => {
      for (const [firstPosition, tokens] of [
        [0, 1],
        [0, 70],
        [4, 1],
        [126, 5],
        [127, 1],
        [128, 1],
        [255, 3],
        [1127, 1],
        [1100, 40],
      ]) {
        const shape = { firstPosition, tokens, heads: 3, kvHeads: 1, headDim, window }
        const input = inputOf(shape, cache)
        const { expected, tolerance } = reference(cache, input)
        expectWithin(attend(bench, cache, input, SCATTERED), expected, (i) => tolerance[i])
      }
    })

    it('a window that includes all positions gives the same bits as no window', () => {
      for (const shape of [
        { firstPosition: 299, tokens: 1, heads: 6, kvHeads: 2, headDim },
        { firstPosition: 250, tokens: 50, heads: 6, kvHeads: 2, headDim },
      ]) {
        const input = inputOf(shape, cache)
        const none = attend(bench, cache, input)
        expect(attend(bench, cache, { ...input, window: 300 })).toEqual(none)
        expect(attend(bench, cache, { ...input, window: 2 ** 31 - 1 })).toEqual(none)
        expect(attend(bench, cache, { ...input, window: 299 })).not.toEqual(none)
      }
    })

    it.each(WINDOWS)('with a window of %i a token has the same bits in any batch', (window) => {
      for (const shape of [
        { firstPosition: 100, tokens: 60, heads: 3, kvHeads: 1 },
        { firstPosition: 250, tokens: 20, heads: 2, kvHeads: 2 },
        { firstPosition: 1120, tokens: 20, heads: 5, kvHeads: 1 },
      ]) {
        expectSameBitsInAnyBatch(cache, { ...shape, headDim, window })
      }
    })

    it('does not read positions before every token’s window', () => {
      for (const window of WINDOWS) {
        for (const [firstPosition, tokens] of [
          [1300, 1],
          [1279, 1],
          [1280, 1],
          [1290, 30],
          [1200, 100],
        ]) {
          const shape = { firstPosition, tokens, heads: 3, kvHeads: 1, headDim, window }
          const input = inputOf(shape, cache)
          const first = Math.max(0, firstPosition - window + 1)
          const expected = attend(bench, cache, input)
          for (const absent of ABSENT) {
            expect(attend(bench, cache, input, { ...SCATTERED, first, absent })).toEqual(expected)
          }
        }
      }
    })

    it('the first position of a window affects only the tokens that see it', () => {
      const shape = { firstPosition: 400, tokens: 3, heads: 2, kvHeads: 1, headDim, window: 100 }
      const input = inputOf(shape, cache)
      const before = attend(bench, cache, input)
      const values = input.values.slice()
      // Position 301 is the first one that the first token sees; the second and the third do not see it.
      values.fill(3, 301 * headDim, 302 * headDim)
      const after = attend(bench, cache, { ...input, values })
      const row = 2 * headDim
      expect(after.slice(0, row)).not.toEqual(before.slice(0, row))
      expect(after.slice(row)).toEqual(before.slice(row))
    })
  })
})

function expectSameBitsInAnyBatch(cache: Cache, shape: Shape): void {
  const together = inputOf(shape, cache)
  const all = attend(bench, cache, together)
  const length = shape.heads * shape.headDim
  for (const [first, tokens] of groups(shape.tokens)) {
    const few = attend(bench, cache, tokensOf(together, first, tokens))
    expect(few, `${tokens} from ${first} on`).toEqual(all.slice(first * length, (first + tokens) * length))
  }
}

/** Some of `tokens` tokens: single ones, pairs, and halves. */
function groups(tokens: number): [first: number, tokens: number][] {
  const half = Math.floor(tokens / 2)
  const some = [0, 1, 3, half - 1, half, tokens - 2]
  return [
    ...some.map((first): [number, number] => [first, 1]),
    ...some.map((first): [number, number] => [first, 2]),
    [0, half],
    [half, tokens - half],
    [1, tokens - 1],
  ]
}
