import { CATEGORY_RUNS } from './unicode-table.js'

/**
 * Character classes for pre-tokenizers, one bit each so that sets are masks. They come from our own table rather than
 * `\p{…}`, because JavaScript engines implement different Unicode versions and the same text must give the same ids in
 * every runtime. Characters added after Unicode 15.1 are `OTHER`, as in llama.cpp.
 */
export const LETTER = 1
export const NUMBER = 2
export const MARK = 4
export const PUNCTUATION = 8
export const SYMBOL = 16
export const SPACE = 32
export const OTHER = 64

const BIT_OF: Readonly<Record<string, number>> = {
  L: LETTER,
  N: NUMBER,
  M: MARK,
  P: PUNCTUATION,
  S: SYMBOL,
  W: SPACE,
  O: OTHER,
}

let classByCodePoint: Uint8Array | undefined

/** The class of every code point in the table, 0.9 MB, expanded on first use. */
function unfold(): Uint8Array {
  if (classByCodePoint) return classByCodePoint
  const runs = [...CATEGORY_RUNS.matchAll(/([0-9a-z]+)([A-Z])/g)].map(([, length, category]) => ({
    length: Number.parseInt(length, 36),
    bit: BIT_OF[category],
  }))
  const table = new Uint8Array(runs.reduce((sum, run) => sum + run.length, 0))
  let codePoint = 0
  for (const { length, bit } of runs) {
    table.fill(bit, codePoint, codePoint + length)
    codePoint += length
  }
  classByCodePoint = table
  return table
}

/** The class of a code point. */
export function classOf(codePoint: number): number {
  return unfold()[codePoint] ?? OTHER
}

/** The class of each UTF-16 unit of well-formed text; both surrogates of a pair get their character's class. */
export function classify(text: string): Uint8Array {
  const table = unfold()
  const classes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (isHighSurrogate(unit)) {
      classes[i] = classes[i + 1] = table[text.codePointAt(i)!] ?? OTHER
      i++
    } else {
      classes[i] = table[unit]
    }
  }
  return classes
}

/** UTF-16 units of the character that begins at `position`: 1 or 2. */
export function widthAt(text: string, position: number): number {
  return isHighSurrogate(text.charCodeAt(position)) ? 2 : 1
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800
}
