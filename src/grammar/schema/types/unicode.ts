import type { CodePointRange } from '../../code-points.js'

const known = /* @__PURE__ */ new Map<string, readonly CodePointRange[]>()

/** The characters of a Unicode property supported by the engine (`L`, `Script=Greek`); `undefined` for an unknown one. */
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

/** Characters tested at once: a text of all of them would be too long. */
const BLOCK = 0x800

const FIRST_HALF = 0xd800
const LAST_HALF = 0xdfff

function rangesOfProperty(property: RegExp): readonly CodePointRange[] {
  const ranges: [number, number][] = []
  for (let first = 0; first < 0x110000; first += BLOCK) {
    // Surrogates are not characters, and adjacent ones would form characters.
    if (first >= FIRST_HALF && first <= LAST_HALF) continue
    scan(property, first, ranges)
  }
  return ranges
}

function scan(property: RegExp, first: number, ranges: [number, number][]): void {
  const units = first < 0x10000 ? 1 : 2
  const text = String.fromCodePoint(...Array.from({ length: BLOCK }, (_, i) => first + i))
  for (const { index, 0: found } of text.matchAll(property)) {
    const low = first + index / units
    const high = low + found.length / units - 1
    const last = ranges.at(-1)
    if (last?.[1] === low - 1) last[1] = high
    else ranges.push([low, high])
  }
}
