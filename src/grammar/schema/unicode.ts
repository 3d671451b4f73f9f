import type { CodePointRange } from '../code-points.js'

const known = /* @__PURE__ */ new Map<string, readonly CodePointRange[]>()

/** The characters of a Unicode property as the engine knows it (`L`, `Script=Greek`); `undefined` for another name. */
export function propertyRanges(name: string): readonly CodePointRange[] | undefined {
  let ranges = known.get(name)
  if (!ranges) {
    let property: RegExp
    try {
      property = new RegExp(`\\p{${name}}+`, 'gu')
    } catch {
      return undefined
    }
    ranges = rangesOfProperty(property)
    known.set(name, ranges)
  }
  return ranges
}

/** A plane at a time, for a text with all characters would be long. */
const BLOCK = 0x10000

function rangesOfProperty(property: RegExp): readonly CodePointRange[] {
  const ranges: [number, number][] = []
  for (let first = 0; first < 0x110000; first += BLOCK) {
    const units = first === 0 ? 1 : 2
    const text = Array.from({ length: BLOCK }, (_, i) => {
      const isHalf = first === 0 && i >= 0xd800 && i <= 0xdfff
      // Half a pair is not a character, and in a row they would become some.
      return isHalf ? '\ufffe' : String.fromCodePoint(first + i)
    }).join('')
    for (const { index, 0: found } of text.matchAll(property)) {
      const low = first + index / units
      const high = low + found.length / units - 1
      const last = ranges.at(-1)
      if (last?.[1] === low - 1) last[1] = high
      else ranges.push([low, high])
    }
  }
  return ranges
}
