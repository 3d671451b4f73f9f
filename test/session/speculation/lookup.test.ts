import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lookup, MAX_MATCH } from '../../../src/session/speculation/lookup.js'

/** A lookup that has seen these tokens. */
function lookupOf(...ids: number[]): Lookup {
  const lookup = new Lookup()
  for (const id of ids) lookup.push(id)
  return lookup
}

describe('a lookup', () => {
  it('guesses what followed the last tokens before', () => {
    expect(lookupOf(1, 2, 3, 4, 5, 6, 2, 3).guess(3)).toEqual({ ids: [4, 5, 6], match: 2 })
  })

  it('guesses nothing after tokens that are new, or alike in one only', () => {
    for (const ids of [[], [1], [1, 1], [1, 2, 3], [1, 2, 3, 4, 2]])
      expect(lookupOf(...ids).guess(4)).toBeUndefined()
    expect(lookupOf(1, 2, 3, 1, 2).guess(0)).toBeUndefined()
  })

  it('prefers the place with the longest match, and of those the latest', () => {
    const text = [7, 1, 2, 3, 50, 9, 1, 2, 3, 60, 7, 1, 2, 3, 70, 8, 2, 3, 80]
    expect(lookupOf(...text, 7, 1, 2, 3).guess(1)).toEqual({ ids: [70], match: 4 })
    expect(lookupOf(...text, 5, 2, 3).guess(1)).toEqual({ ids: [80], match: 2 })
  })

  it('continues a repetition with itself', () => {
    expect(lookupOf(1, 2, 3, 1, 2, 3, 1).guess(7)).toEqual({ ids: [2, 3, 1, 2, 3, 1, 2], match: 4 })
    expect(lookupOf(5, 5, 5).guess(4)).toEqual({ ids: [5, 5, 5, 5], match: 2 })
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
        // Places are looked at from the end, sixteen at most.
        if (ids.length < 16) expect(guess?.match ?? 0).toBe(longest >= 2 ? longest : 0)
        if (guess) expect(ids.join()).toContain([...ids.slice(ids.length - 2), guess.ids[0]].join())
      }),
    )
  })
})
