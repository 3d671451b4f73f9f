import { NUMBER, SPACE, widthAt } from './unicode-classes.js'
import { isIn, type Ranges } from './unicode-ranges.js'

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
        position += widthAt(input.text, position)
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
export function runOfRanges(ranges: Ranges): Match {
  return runByRanges(ranges, true)
}

/** `[^…]+` for inclusive ranges of code points and whitespace. */
export function runOutsideRanges(ranges: Ranges): Match {
  return runByRanges(ranges, false)
}

function runByRanges(ranges: Ranges, inside: boolean): Match {
  return ({ text, classes }, position, end) => {
    while (position < end && !(classes[position] & SPACE)) {
      const codePoint = text.codePointAt(position)!
      if (isIn(ranges, codePoint) !== inside) break
      position += codePoint > 0xffff ? 2 : 1
    }
    return position
  }
}

/** `A|B|…`: the first alternative that matches. */
export function anyOf(...matches: readonly Match[]): Match {
  return (input, position, end) => {
    for (const match of matches) {
      const matchEnd = match(input, position, end)
      if (matchEnd > position) return matchEnd
    }
    return position
  }
}

/** `[…]` for a set of classes and additional ASCII characters. */
export function one(mask: number, alsoAscii = ''): Match {
  return ({ text, classes }, position) =>
    classes[position] & mask || alsoAscii.includes(text[position])
      ? position + widthAt(text, position)
      : position
}

/** A fixed text. */
export function literal(text: string): Match {
  return (input, position, end) =>
    position + text.length <= end && input.text.startsWith(text, position) ? position + text.length : position
}

/** `[^\n]+|[\n]+` */
export const lines: Split = partition(({ text }, position, end) => {
  const isBreak = text.charCodeAt(position) === NEW_LINE
  while (position < end && (text.charCodeAt(position) === NEW_LINE) === isBreak) position++
  return position
})

/**
 * Digits in threes from the right: of four digits, the first ends a piece and so do the last three. As in llama.cpp,
 * what is before a number stays with its first piece.
 */
export const threesFromRight: Split = (input, start, end, ends) => {
  const { text, classes } = input
  let pieceStart = start
  for (let position = start; position < end; ) {
    if (!(classes[position] & NUMBER)) {
      position++
      continue
    }
    const numberEnd = runEnd(input, NUMBER, position, end)
    let digits = 0
    for (let at = position; at < numberEnd; at += widthAt(text, at)) digits++
    while (position < numberEnd) {
      position += widthAt(text, position)
      if (--digits % 3 === 0) {
        ends.push(position)
        pieceStart = position
      }
    }
  }
  if (pieceStart < end) ends.push(end)
}

/** `(?=(\d{3})+(?!\d))`: cuts before each three of the last digits of a run of ASCII digits. */
export const asciiThousands: Split = ({ text }, start, end, ends) => {
  for (let position = start; position < end; ) {
    let digits = 0
    while (position + digits < end && isAsciiDigit(text.charCodeAt(position + digits))) digits++
    for (; digits > 0; digits--, position++) if (digits % 3 === 0 && position > start) ends.push(position)
    position++
  }
  ends.push(end)
}

/** `[\r\n]` */
export const lineBreak: Match = ({ text }, position) =>
  isLineBreak(text.charCodeAt(position)) ? position + 1 : position

/** `[0-9][0-9][0-9]` */
export const threeAsciiDigits: Match = ({ text }, position, end) => {
  if (position + 3 > end) return position
  for (let i = position; i < position + 3; i++) if (!isAsciiDigit(text.charCodeAt(i))) return position
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

export function isAsciiDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}
