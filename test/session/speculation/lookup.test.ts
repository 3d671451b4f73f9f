import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lookup, MAX_MATCH } from '../../../src/session/speculation/lookup.js'

/** Lengths of matches that are told apart. */
const LENGTHS = [2, 3, 4, 6, 10, 20, 40]

/** A lookup that has seen these tokens. */
function lookupOf(...ids: number[]): Lookup {
  const lookup = new Lookup()
  for (const id of ids) lookup.push(id)
  return lookup
}

describe('a lookup', () => {
  it('guesses what followed the last tokens before', () => {
    expect(lookupOf(1, 2, 3, 4, 5, 6, 2, 3).guess(3)).toEqual({ ids: [4, 5, 6], kind: 0 })
  })

  it('guesses nothing after tokens that are new, or alike in one only', () => {
    for (const ids of [[], [1], [1, 1], [1, 2, 3], [1, 2, 3, 4, 2]])
      expect(lookupOf(...ids).guess(4)).toBeUndefined()
    expect(lookupOf(1, 2, 3, 1, 2).guess(0)).toBeUndefined()
  })

  it('prefers the place with the longest match, and of those the latest', () => {
    const text = [7, 1, 2, 3, 50, 9, 1, 2, 3, 60, 7, 1, 2, 3, 70, 8, 2, 3, 80]
    expect(lookupOf(...text, 7, 1, 2, 3).guess(1)).toEqual({ ids: [70], kind: 2 })
    expect(lookupOf(...text, 5, 2, 3).guess(1)).toEqual({ ids: [80], kind: 0 })
  })

  it('continues a repetition with itself', () => {
    expect(lookupOf(1, 2, 3, 1, 2, 3, 1).guess(7)).toEqual({ ids: [2, 3, 1, 2, 3, 1, 2], kind: 2 })
    expect(lookupOf(5, 5, 5).guess(4)).toEqual({ ids: [5, 5, 5, 5], kind: 0 })
  })

  it('finds a long match behind many that are shorter', () => {
    const shorter = Array.from({ length: 40 }, (_, i) => [5, 6, 100 + i]).flat()
    expect(lookupOf(1, 2, 3, 5, 6, 77, ...shorter, 1, 2, 3, 5, 6).guess(1)).toEqual({ ids: [77], kind: 2 })
  })

  it('agrees with a search through the text', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 40 }), (ids) => {
        const guess = lookupOf(...ids).guess(3)
        let longest = 0
        for (let place = 2; place < ids.length; place++) {
          let same = 0
          while (same < Math.min(MAX_MATCH, place) && ids[place - 1 - same] === ids[ids.length - 1 - same])
            same++
          longest = Math.max(longest, same)
        }
        expect(guess?.kind).toBe(
          longest >= 2 ? LENGTHS.filter((least) => longest >= least).length - 1 : undefined,
        )
        if (guess) expect(ids.join()).toContain([...ids.slice(ids.length - 2), guess.ids[0]].join())
      }),
    )
  })
})
