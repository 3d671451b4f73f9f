import {
  type ClassifiedText,
  isLineBreak,
  type Match,
  partition,
  runEnd,
  type Split,
  upTo,
} from './splits.js'
import { LETTER, MARK, NUMBER, PUNCTUATION, SPACE, SYMBOL, widthAt } from './unicode-classes.js'

/**
 * Word splitting for each family of vocabularies, with the regular expression that its authors published. Where
 * llama.cpp's scans differ from the expression, these follow llama.cpp.
 */

const BLANK = 0x20
const APOSTROPHE = 0x27
const SIGNS = PUNCTUATION | SYMBOL

/**
 * GPT-2's words: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
 */
export const gpt2Words: Split = partition((input, position, end) => {
  const { text, classes } = input
  const contraction = contractionEnd(text, position, end)
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
  const number = upTo(digits, NUMBER)
  return partition((input, position, end) => {
    const { text, classes } = input
    const contraction = anyContractionEnd(text, position, end)
    if (contraction > position) return contraction

    const kind = classes[position]
    const second = position + widthAt(text, position)
    if (kind & NUMBER) return number(input, position, end)
    if (!isLineBreak(text.charCodeAt(position))) {
      if (kind & letters || (second < end && classes[second] & letters))
        return runEnd(input, letters, second, end)
    }

    return signsOrSpaceEnd(input, position, end, ~(SPACE | letters | NUMBER))
  })
}

/**
 * The words of GPT-4o and Tekken, which distinguish upper and lower case:
 * `[^\r\n\p{L}\p{N}]?U*L+C?|[^\r\n\p{L}\p{N}]?U+L*C?|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
 * where `C` is a contraction, with `contractions`. As in llama.cpp, `U` is any letter but `a-z` and `L` any but `A-Z`.
 */
export function casedWords({ digits, contractions }: { digits: number; contractions: boolean }): Split {
  const number = upTo(digits, NUMBER)
  return partition((input, position, end) => {
    const { text, classes } = input
    const kind = classes[position]
    if (kind & NUMBER) return number(input, position, end)
    const leads = !(kind & LETTER) && !isLineBreak(text.charCodeAt(position))
    const first = leads ? position + widthAt(text, position) : position
    if (first < end && classes[first] & LETTER) {
      const wordEnd = casedWordEnd(input, first, end)
      return contractions && wordEnd < end ? anyContractionEnd(text, wordEnd, end) : wordEnd
    }
    return signsOrSpaceEnd(input, position, end, ~(SPACE | LETTER | NUMBER), '/')
  })
}

/** `U*L+|U+L*` from a letter on. */
function casedWordEnd(input: ClassifiedText, first: number, end: number): number {
  const { text, classes } = input
  let upperEnd = first
  while (upperEnd < end && classes[upperEnd] & LETTER && !isAsciiLower(text.charCodeAt(upperEnd))) upperEnd++
  let lowerEnd = upperEnd
  while (lowerEnd < end && classes[lowerEnd] & LETTER && !isAsciiUpper(text.charCodeAt(lowerEnd))) lowerEnd++
  if (lowerEnd > upperEnd) return lowerEnd
  // `U*` must give one letter back to `L+`: the last that is not `A-Z`, if there is one.
  while (lowerEnd > first && isAsciiUpper(text.charCodeAt(lowerEnd - 1))) lowerEnd--
  return lowerEnd > first ? lowerEnd : upperEnd
}

/**
 * The words of DeepSeek V3, one match at a time:
 * ``[!-/:-@[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+``
 */
export const deepseekWord: Match = (input, position, end) => {
  const { text, classes } = input
  const kind = classes[position]
  const unit = text.charCodeAt(position)
  if (unit < 0x80 && kind & SIGNS && position + 1 < end) {
    let wordEnd = position + 1
    while (wordEnd < end && isAsciiLetter(text.charCodeAt(wordEnd))) wordEnd++
    if (wordEnd > position + 1) return wordEnd
  }
  const second = position + widthAt(text, position)
  if (!isLineBreak(unit) && !(kind & SIGNS) && second < end && classes[second] & (LETTER | MARK))
    return runEnd(input, LETTER | MARK, second, end)
  if (kind & (LETTER | MARK)) return runEnd(input, LETTER | MARK, position, end)
  return kind & (SIGNS | SPACE) ? signsOrSpaceEnd(input, position, end, SIGNS) : position
}

/** ` ?S+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+` for a set `S` of classes; with `/` in the second set where given. */
function signsOrSpaceEnd(
  input: ClassifiedText,
  position: number,
  end: number,
  signs: number,
  alsoAfter = '',
): number {
  const { text, classes } = input
  const first = skipBlank(text, position, end)
  if (!(classes[first] & signs)) return spaceOrLineEnd(input, position, end)
  let wordEnd = runEnd(input, signs, first, end)
  while (wordEnd < end && (isLineBreak(text.charCodeAt(wordEnd)) || text[wordEnd] === alsoAfter)) wordEnd++
  return wordEnd
}

/** ` ?` before a word: skips a blank unless it is the last character. */
function skipBlank(text: string, position: number, end: number): number {
  return position + 1 < end && text.charCodeAt(position) === BLANK ? position + 1 : position
}

/** `\s+(?!\S)|\s+`: whitespace, except its last character if something follows. */
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

/** `'s|'t|'re|'ve|'m|'ll|'d`: the end of a contraction at `position`, or `position`. */
function contractionEnd(text: string, position: number, end: number): number {
  if (text.charCodeAt(position) !== APOSTROPHE || position + 1 >= end) return position
  return position + contractionLength(text.slice(position + 1, Math.min(position + 3, end)))
}

/** The same in lower or upper case. */
function anyContractionEnd(text: string, position: number, end: number): number {
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

function isAsciiLower(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a
}

function isAsciiUpper(unit: number): boolean {
  return unit >= 0x41 && unit <= 0x5a
}

function isAsciiLetter(unit: number): boolean {
  return isAsciiLower(unit | 0x20)
}
