import { LETTER, MARK, NUMBER, SPACE, widthAt } from './unicode-classes.js'

/**
 * The cuts that pre-tokenizers are made of. Tokenizer files give them as regular expressions; here each is a scan
 * that reads a character a bounded number of times, so that no text makes it backtrack. Where llama.cpp's own scans
 * differ from the published expression, these follow llama.cpp.
 */

/** Well-formed text with the class of each UTF-16 unit. */
export interface ClassifiedText {
  readonly text: string
  readonly classes: Uint8Array
}

/** Cuts `[start, end)`, which is not empty, into pieces and appends where each ends; the last ends at `end`. */
export type Split = (input: ClassifiedText, start: number, end: number, ends: number[]) => void

/** The end of the match that begins at `position`, or `position` where none begins. It may not look beyond `end`. */
type Match = (input: ClassifiedText, position: number, end: number) => number

const NEW_LINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const BLANK = 0x20
const APOSTROPHE = 0x27

/** Every match becomes a piece of its own, and so does the text between two. */
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

/** Pieces one after the other without anything between them: `next` always moves on. */
function partition(next: Match): Split {
  return (input, start, end, ends) => {
    for (let position = start; position < end; ) {
      position = next(input, position, end)
      ends.push(position)
    }
  }
}

/** Where the run of characters of these classes ends that begins at `position`. */
function runEnd({ classes }: ClassifiedText, mask: number, position: number, end: number): number {
  while (position < end && classes[position] & mask) position++
  return position
}

/** `[…]+` for a set of classes and, besides them, of ASCII characters. */
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

/** One character of these classes. */
export function single(mask: number): Match {
  return ({ text, classes }, position) =>
    classes[position] & mask ? position + widthAt(text, position) : position
}

/** `\s?` and then what the match takes, which is not optional. */
export function afterOptionalSpace(match: Match): Match {
  return (input, position, end) => {
    const first = input.classes[position] & SPACE ? position + 1 : position
    const matchEnd = first < end ? match(input, first, end) : first
    return matchEnd > first ? matchEnd : position
  }
}

/** `[…]+` for inclusive ranges of code points; white space inside them is left out, as llama.cpp leaves it out. */
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

/**
 * GPT-2's words: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
 */
export const gpt2Words: Split = partition((input, position, end) => {
  const { text, classes } = input
  const contraction = contractionEnd(text, position, end, false)
  if (contraction > position) return contraction
  const first = skipBlank(text, position, end)
  const kind = classes[first]
  if (kind & SPACE) return spaceEnd(input, position, end)
  return runEnd(input, kind & (LETTER | NUMBER) ? kind : ~(SPACE | LETTER | NUMBER), first, end)
})

/**
 * The words of Llama 3 and after:
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?L+|\p{N}{1,digits}| ?[^\sL\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
 * where `L` is `\p{L}`, or `[\p{L}\p{M}]` with `marks`.
 */
export function modernWords({ digits, marks = false }: { digits: number; marks?: boolean }): Split {
  const letters = marks ? LETTER | MARK : LETTER
  return partition((input, position, end) => {
    const { text, classes } = input
    const contraction = contractionEnd(text, position, end, true)
    if (contraction > position) return contraction

    const kind = classes[position]
    const second = position + widthAt(text, position)
    if (kind & NUMBER) return numberEnd(input, position, end, digits)
    if (!isLineBreak(text.charCodeAt(position))) {
      if (kind & letters || (second < end && classes[second] & letters))
        return runEnd(input, letters, second, end)
    }

    const first = skipBlank(text, position, end)
    if (classes[first] & (SPACE | letters | NUMBER)) return spaceOrLineEnd(input, position, end)
    let wordEnd = runEnd(input, ~(SPACE | letters | NUMBER), first, end)
    while (wordEnd < end && isLineBreak(text.charCodeAt(wordEnd))) wordEnd++
    return wordEnd
  })
}

function numberEnd({ text, classes }: ClassifiedText, position: number, end: number, digits: number): number {
  for (let n = 0; n < digits && position < end && classes[position] & NUMBER; n++)
    position += widthAt(text, position)
  return position
}

/** ` ?` before a word: over a blank that something follows. */
function skipBlank(text: string, position: number, end: number): number {
  return position + 1 < end && text.charCodeAt(position) === BLANK ? position + 1 : position
}

/** `\s+(?!\S)|\s+`: white space, whose last character stays with what follows. */
function spaceEnd(input: ClassifiedText, position: number, end: number): number {
  const afterSpace = runEnd(input, SPACE, position, end)
  return afterSpace < end && afterSpace - position > 1 ? afterSpace - 1 : afterSpace
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+` */
function spaceOrLineEnd(input: ClassifiedText, position: number, end: number): number {
  let lineEnd = runEnd(input, SPACE, position, end)
  while (lineEnd > position && !isLineBreak(input.text.charCodeAt(lineEnd - 1))) lineEnd--
  return lineEnd > position ? lineEnd : spaceEnd(input, position, end)
}

function isLineBreak(unit: number): boolean {
  return unit === NEW_LINE || unit === CARRIAGE_RETURN
}

/** `'s|'t|'re|'ve|'m|'ll|'d`, in lower case or in any: the end of one that begins here, or `position`. */
function contractionEnd(text: string, position: number, end: number, anyCase: boolean): number {
  if (text.charCodeAt(position) !== APOSTROPHE || position + 1 >= end) return position
  const letters = text.slice(position + 1, Math.min(position + 3, end))
  const suffix = anyCase ? asciiLowerCase(letters) : letters
  if ('stmd'.includes(suffix[0])) return position + 2
  return suffix === 're' || suffix === 've' || suffix === 'll' ? position + 3 : position
}

/** Not `toLowerCase`, for which K (Kelvin) and others are ASCII letters too. */
function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))
}
