import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Merger } from '../../src/tokenizer/merge.js'
import { PairTable } from '../../src/tokenizer/pair-table.js'

/** A toy BPE: `merges` lists pairs of symbols, the first counts most, and a pair makes its concatenation. */
function naiveMerge(symbols: readonly string[], merges: readonly (readonly [string, string])[]): string[] {
  const result = [...symbols]
  for (;;) {
    const ranks = result
      .slice(1)
      .map((right, i) => merges.findIndex(([l, r]) => l === result[i] && r === right))
    const best = Math.min(...ranks.filter((rank) => rank >= 0))
    if (!Number.isFinite(best)) return result
    const at = ranks.indexOf(best)
    result.splice(at, 2, result[at] + result[at + 1])
  }
}

function merge(
  merger: Merger,
  symbols: readonly string[],
  merges: readonly (readonly [string, string])[],
): { result: string[]; asked: number } {
  const spans = [...symbols]
  const result: string[] = []
  let asked = 0
  merger.run(
    symbols.length,
    {
      rank: (left, right) => {
        asked++
        return merges.findIndex(([l, r]) => l === spans[left] && r === spans[right])
      },
      merged: (left, rank) => {
        spans[left] = merges[rank].join('')
      },
    },
    (position) => result.push(spans[position]),
  )
  return { result, asked }
}

describe('Merger', () => {
  it('matches repeatedly merging the best pair', () => {
    const merger = new Merger()
    const symbol = fc.constantFrom('a', 'b', 'aa', 'ab', 'ba', 'aab', 'aba', 'aaaa', 'abab')
    const pairs = fc.uniqueArray(fc.tuple(symbol, symbol), {
      maxLength: 12,
      selector: (pair) => pair.join('+'),
    })
    const letters = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(letters, pairs, (text, merges) => {
        expect(merge(merger, text, merges).result).toEqual(naiveMerge(text, merges))
      }),
      { numRuns: 500 },
    )
  })

  it('looks up O(n) ranks, not O(n²)', () => {
    const merges = Array.from({ length: 8 }, (_, i) => ['a'.repeat(2 ** i), 'a'.repeat(2 ** i)] as const)
    const asked = (n: number) => merge(new Merger(), Array<string>(n).fill('a'), merges).asked
    for (const n of [100, 1000, 100_000]) expect(asked(n)).toBeLessThanOrEqual(3 * n)
  })

  it('is the same after a long text as before', () => {
    const merger = new Merger()
    const merges = [['a', 'a']] as const
    const before = merge(merger, Array.from('aaba'), merges)
    merge(merger, Array<string>(100_000).fill('a'), merges)
    expect(merge(merger, Array.from('aaba'), merges)).toEqual(before)
  })
})

describe('PairTable', () => {
  it('keeps the first value of each pair, as a Map does with strings', () => {
    const id = fc.oneof(fc.nat(20), fc.nat(2 ** 24))
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id), { maxLength: 200 }), id, id, (pairs, left, right) => {
        const table = new PairTable(pairs.length)
        const map = new Map<string, number>()
        pairs.forEach(([l, r], value) => {
          table.add(l, r, value)
          if (!map.has(`${l} ${r}`)) map.set(`${l} ${r}`, value)
        })
        for (const [l, r] of [...pairs, [left, right], [right, left]] as const)
          expect(table.get(l, r)).toBe(map.get(`${l} ${r}`) ?? -1)
      }),
    )
  })
})
