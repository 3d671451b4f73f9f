import { SPACE, widthAt } from './unicode-classes.js'

/**
 * The building blocks of pre-tokenizers. Tokenizer files define them as regular expressions; here each is a scan that
 * reads every character a bounded number of times and never backtracks.
 */

/** Well-formed text with the class of each UTF-16 unit. */
export interface ClassifiedText {
  readonly text: string
  readonly classes: Uint8Array
}

/** Splits `[start, end)`, which is not empty, into pieces and appends their end positions; the last is `end`. */
export type Split = (input: ClassifiedText, start: number, end: number, ends: number[]) => void

/** The end of the match at `position`, or `position` if there is none. Must not read beyond `end`. */
export type Match = (input: ClassifiedText, position: number, end: number) => number

const NEW_LINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Every match becomes a piece, and so does the text between two matches. */
export function isolate(match: Match): Split {
  return (input, start, end, ends) => {
    let pieceStart = start
    let position = start
    while (position < end) {
      const matchEnd = match(input, position, end)
      if (matchEnd === position) {
        position++
        continue
      }
      if (position > pieceStart) ends.push(position)
      ends.push(matchEnd)
      pieceStart = position = matchEnd
    }
    if (pieceStart < end) ends.push(end)
  }
}

/** Consecutive pieces without gaps; `next` must always advance. */
export function partition(next: Match): Split {
  return (input, start, end, ends) => {
    for (let position = start; position < end; ) {
      position = next(input, position, end)
      ends.push(position)
    }
  }
}

/** The end of the run of characters of these classes that begins at `position`. */
export function runEnd({ classes }: ClassifiedText, mask: number, position: number, end: number): number {
  while (position < end && classes[position] & mask) position++
  return position
}

/** `[…]+` for a set of classes and additional ASCII characters. */
export function run(mask: number, alsoAscii = ''): Match {
  return ({ text, classes }, position, end) => {
    while (
      position < end &&
      (classes[position] & mask || (alsoAscii !== '' && alsoAscii.includes(text[position])))
    )
      position++
    return position
  }
}

/** From one to `limit` characters of these classes. */
export function upTo(limit: number, mask: number): Match {
  return ({ text, classes }, position, end) => {
    for (let n = 0; n < limit && position < end && classes[position] & mask; n++)
      position += widthAt(text, position)
    return position
  }
}

/** `\s?` followed by a non-empty match. */
export function afterOptionalSpace(match: Match): Match {
  return (input, position, end) => {
    const first = input.classes[position] & SPACE ? position + 1 : position
    const matchEnd = first < end ? match(input, first, end) : first
    return matchEnd > first ? matchEnd : position
  }
}

/** `[…]+` for inclusive ranges of code points; whitespace inside them is excluded, as in llama.cpp. */
export function runOfRanges(ranges: readonly (readonly [number, number])[]): Match {
  return ({ text, classes }, position, end) => {
    while (position < end && !(classes[position] & SPACE)) {
      const codePoint = text.codePointAt(position)!
      if (!ranges.some(([first, last]) => first <= codePoint && codePoint <= last)) break
      position += codePoint > 0xffff ? 2 : 1
    }
    return position
  }
}

/** `[\r\n]` */
export const lineBreak: Match = ({ text }, position) =>
  isLineBreak(text.charCodeAt(position)) ? position + 1 : position

/** `[0-9][0-9][0-9]` */
export const threeAsciiDigits: Match = ({ text }, position, end) => {
  if (position + 3 > end) return position
  for (let i = position; i < position + 3; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x30 || unit > 0x39) return position
  }
  return position + 3
}

/** `\s+$` */
export const trailingSpace: Split = ({ classes }, start, end, ends) => {
  let position = end
  while (position > start && classes[position - 1] & SPACE) position--
  if (position > start) ends.push(position)
  if (position < end) ends.push(end)
}

export function isLineBreak(unit: number): boolean {
  return unit === NEW_LINE || unit === CARRIAGE_RETURN
}
