import { type ClassifiedText, isLineBreak, type Match, runEnd } from './splits.js'
import { PUNCTUATION, SPACE, SYMBOL } from './unicode-classes.js'

/**
 * The parts that the words of most vocabularies share. Where llama.cpp's scans differ from the published expressions,
 * these follow llama.cpp.
 */

const BLANK = 0x20
const APOSTROPHE = 0x27
/** `[\p{P}\p{S}]` */
export const SIGNS = PUNCTUATION | SYMBOL

/** What a run of signs takes along: the end of its match, which may be empty. */
export type Tail = (text: string, position: number, end: number) => number

/** `[\r\n]*` */
export const lineBreaks: Tail = (text, position, end) => {
  while (position < end && isLineBreak(text.charCodeAt(position))) position++
  return position
}

/** `[\r\n/]*` */
export const lineBreaksAndSlashes: Tail = (text, position, end) => {
  while (position < end && isLineBreakOrSlash(text, position)) position++
  return position
}

/** `[\r\n/]?` */
export const oneLineBreakOrSlash: Tail = (text, position, end) =>
  position < end && isLineBreakOrSlash(text, position) ? position + 1 : position

/** Nothing. */
export const noTail: Tail = (_, position) => position

/** ` ?S+T|\s*[\r\n]+|\s+(?!\S)|\s+` for a set `S` of classes and a tail `T`. */
export function signsOrSpaceEnd(
  input: ClassifiedText,
  position: number,
  end: number,
  { signs, tail = lineBreaks }: { readonly signs: number; readonly tail?: Tail },
): number {
  const { text, classes } = input
  const first = skipBlank(text, position, end)
  if (!(classes[first] & signs)) return spaceOrLineEnd(input, position, end)
  return tail(text, runEnd(input, signs, first, end), end)
}

/** ` ?` before a word: skips a blank unless it is the last character. */
export function skipBlank(text: string, position: number, end: number): number {
  return position + 1 < end && text.charCodeAt(position) === BLANK ? position + 1 : position
}

/** ` ?` followed by a non-empty match. */
export function afterOptionalBlank(match: Match): Match {
  return (input, position, end) => {
    const first = skipBlank(input.text, position, end)
    const matchEnd = match(input, first, end)
    return matchEnd > first ? matchEnd : position
  }
}

/** `\s+(?!\S)|\s+`: whitespace, except its last character if something follows. */
export function spaceEnd(input: ClassifiedText, position: number, end: number): number {
  const afterSpace = runEnd(input, SPACE, position, end)
  return afterSpace < end && afterSpace - position > 1 ? afterSpace - 1 : afterSpace
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`; `\s*[\r\n]` instead of the first is the same. */
function spaceOrLineEnd(input: ClassifiedText, position: number, end: number): number {
  const lineEnd = lineBreakEnd(input, position, end)
  return lineEnd > position ? lineEnd : spaceEnd(input, position, end)
}

/** `\s*[\r\n]+`: the end of the last line break in a run of whitespace, or `position`. */
export function lineBreakEnd(input: ClassifiedText, position: number, end: number): number {
  let lineEnd = runEnd(input, SPACE, position, end)
  while (lineEnd > position && !isLineBreak(input.text.charCodeAt(lineEnd - 1))) lineEnd--
  return lineEnd
}

/** `'s|'t|'re|'ve|'m|'ll|'d`: the end of a contraction at `position`, or `position`. */
export function contractionEnd(text: string, position: number, end: number): number {
  if (text.charCodeAt(position) !== APOSTROPHE || position + 1 >= end) return position
  return position + contractionLength(text.slice(position + 1, Math.min(position + 3, end)))
}

/** The same in lower or upper case. */
export function anyContractionEnd(text: string, position: number, end: number): number {
  if (text.charCodeAt(position) !== APOSTROPHE || position + 1 >= end) return position
  return position + contractionLength(asciiLowerCase(text.slice(position + 1, Math.min(position + 3, end))))
}

/** The length of a contraction with these letters after its apostrophe, or 0. */
function contractionLength(suffix: string): number {
  if ('stmd'.includes(suffix[0])) return 2
  return suffix === 're' || suffix === 've' || suffix === 'll' ? 3 : 0
}

/** Not `toLowerCase`, which maps K (Kelvin sign) and others to ASCII letters, too. */
function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))
}

function isLineBreakOrSlash(text: string, position: number): boolean {
  return isLineBreak(text.charCodeAt(position)) || text[position] === '/'
}

export function isAsciiLower(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a
}

export function isAsciiUpper(unit: number): boolean {
  return unit >= 0x41 && unit <= 0x5a
}

export function isAsciiLetter(unit: number): boolean {
  return isAsciiLower(unit | 0x20)
}
