/** Sets of Unicode characters as inclusive ranges of code points. */
export type CodePointRange = readonly [low: number, high: number]

const LAST = 0x10ffff

/** Surrogates, which do not occur in well-formed text. */
const SURROGATES: CodePointRange = [0xd800, 0xdfff]

/** Sorted, merged, and without surrogates. */
export function normalized(ranges: readonly CodePointRange[]): CodePointRange[] {
  const sorted = ranges
    .flatMap(([low, high]): CodePointRange[] => [
      [low, Math.min(high, SURROGATES[0] - 1)],
      [Math.max(low, SURROGATES[1] + 1), high],
    ])
    .filter(([low, high]) => low <= high)
    .sort(([a], [b]) => a - b)
  const merged: [number, number][] = []
  for (const [low, high] of sorted) {
    const last = merged.at(-1)
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high)
    else merged.push([low, high])
  }
  return merged
}

/** The complement of the ranges. */
export function complement(ranges: readonly CodePointRange[]): CodePointRange[] {
  const rest: CodePointRange[] = []
  let next = 0
  for (const [low, high] of normalized(ranges)) {
    if (low > next) rest.push([next, low - 1])
    next = high + 1
  }
  if (next <= LAST) rest.push([next, LAST])
  return normalized(rest)
}

/** Intersection. */
export function intersection(a: readonly CodePointRange[], b: readonly CodePointRange[]): CodePointRange[] {
  return complement([...complement(a), ...complement(b)])
}

/** Ranges of single characters. */
export function rangesOf(characters: string): CodePointRange[] {
  return normalized(
    Array.from(characters, (character) => [character.codePointAt(0)!, character.codePointAt(0)!]),
  )
}

export const ANY_CHARACTER: readonly CodePointRange[] = complement([])

/** A sequence of byte ranges. */
export type ByteSequence = readonly (readonly [low: number, high: number])[]

/** The UTF-8 encoding of a range of characters, as disjoint sequences of byte ranges. */
export function utf8Sequences([low, high]: CodePointRange): ByteSequence[] {
  const sequences: ByteSequence[] = []
  let from = low
  for (const last of [0x7f, 0x7ff, 0xffff, LAST]) {
    const to = Math.min(high, last)
    if (from <= to) split(utf8(from), utf8(to), [], sequences)
    from = Math.max(from, last + 1)
  }
  return sequences
}

/** Sequences for all encodings between two of the same length. */
function split(
  low: readonly number[],
  high: readonly number[],
  prefix: ByteSequence,
  sequences: ByteSequence[],
): void {
  let [first] = low
  let [last] = high
  const [, ...lowRest] = low
  const [, ...highRest] = high
  if (lowRest.length === 0) {
    sequences.push([...prefix, [first, last]])
    return
  }
  const lowest = lowRest.map(() => 0x80)
  const highest = lowRest.map(() => 0xbf)
  if (first === last) {
    split(lowRest, highRest, [...prefix, [first, first]], sequences)
    return
  }
  if (lowRest.some((byte) => byte !== 0x80)) {
    split(lowRest, highest, [...prefix, [first, first]], sequences)
    first++
  }
  const wholeEnd = highRest.every((byte) => byte === 0xbf)
  if (!wholeEnd) last--
  if (first <= last)
    sequences.push([...prefix, [first, last], ...lowest.map((_, i) => [0x80, highest[i]] as const)])
  if (!wholeEnd) split(lowest, highRest, [...prefix, [last + 1, last + 1]], sequences)
}

function utf8(codePoint: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(codePoint))]
}
