import {
  type ClassifiedText,
  isLineBreak,
  type Match,
  partition,
  runEnd,
  type Split,
  upTo,
} from './splits.js'
import { LETTER, MARK, NUMBER, SPACE, widthAt } from './unicode-classes.js'
import { isHanAt } from './unicode-ranges.js'
import {
  anyContractionEnd,
  isAsciiLower,
  isAsciiUpper,
  lineBreaksAndSlashes,
  signsOrSpaceEnd,
} from './word-parts.js'

/**
 * Word splitting for vocabularies whose published expression distinguishes upper and lower case:
 * `[^\r\n\p{L}\p{N}]?U*L+C?|[^\r\n\p{L}\p{N}]?U+L*C?|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
 * where `C` is a contraction. llama.cpp reads `U` and `L` in three ways, which these functions follow.
 */

const SIGNS = ~(SPACE | LETTER | NUMBER)

/** The options of the functions below. */
interface CasedWords {
  /** Most digits of a number. */
  readonly digits: number
  /** Whether a contraction belongs to the word before it. Default true. */
  readonly contractions?: boolean
  /** Whether marks count as letters. Default false. */
  readonly marks?: boolean
}

/** The words of GPT-4o and Tekken: `U` is any letter but `a-z` and `L` any but `A-Z`. */
export function casedWords({ digits, contractions = true, marks = false }: CasedWords): Split {
  const letters = marks ? LETTER | MARK : LETTER
  const number = upTo(digits, NUMBER)
  return partition((input, position, end) => {
    const { text, classes } = input
    const kind = classes[position]
    if (kind & NUMBER) return number(input, position, end)
    const leads = !(kind & letters) && !isLineBreak(text.charCodeAt(position))
    const first = leads ? position + widthAt(text, position) : position
    if (first < end && classes[first] & letters) {
      const wordEnd = casedWordEnd(input, first, end, letters)
      return contractions ? withContraction(text, wordEnd, end) : wordEnd
    }
    return signsOrSpaceEnd(input, position, end, { signs: SIGNS, tail: lineBreaksAndSlashes })
  })
}

/** `U*L+|U+L*` from a letter on. */
function casedWordEnd(input: ClassifiedText, first: number, end: number, letters: number): number {
  const { text, classes } = input
  let upperEnd = first
  while (upperEnd < end && classes[upperEnd] & letters && !isAsciiLower(text.charCodeAt(upperEnd))) upperEnd++
  let lowerEnd = upperEnd
  while (lowerEnd < end && classes[lowerEnd] & letters && !isAsciiUpper(text.charCodeAt(lowerEnd))) lowerEnd++
  if (lowerEnd > upperEnd) return lowerEnd
  // `U*` must give one letter back to `L+`: the last that is not `A-Z`, if there is one.
  while (lowerEnd > first && isAsciiUpper(text.charCodeAt(lowerEnd - 1))) lowerEnd--
  return lowerEnd > first ? lowerEnd : upperEnd
}

/** The words of Tiny Aya and Youtu: `U` and `L` are both `[\p{L}\p{M}]`, so that case makes no difference. */
export function markedWords({ digits }: { readonly digits: number }): Split {
  const number = upTo(digits, NUMBER)
  return partition((input, position, end) => {
    const { text, classes } = input
    const kind = classes[position]
    if (kind & NUMBER) return number(input, position, end)
    const leads = !(kind & (LETTER | MARK)) && !isLineBreak(text.charCodeAt(position))
    const first = leads ? position + widthAt(text, position) : position
    const wordEnd = runEnd(input, LETTER | MARK, first, end)
    if (wordEnd > first) return withContraction(text, wordEnd, end)
    return signsOrSpaceEnd(input, position, end, { signs: SIGNS, tail: lineBreaksAndSlashes })
  })
}

/**
 * The words of Kimi K2: `U` and `L` are both any letter but Han characters, runs of which are words of their own, and
 * signs take line breaks along, but no slashes.
 */
export const kimiWords: Split = partition((input, position, end) => {
  const { text, classes } = input
  const hanEnd = runOf(isHanAt, input, position, end)
  if (hanEnd > position) return hanEnd
  const kind = classes[position]
  if (kind & NUMBER) return threeDigits(input, position, end)
  const leads = !(kind & LETTER) && !isLineBreak(text.charCodeAt(position))
  const first = leads ? position + widthAt(text, position) : position
  const wordEnd = runOf(isOtherLetterAt, input, first, end)
  return wordEnd > first
    ? withContraction(text, wordEnd, end)
    : signsOrSpaceEnd(input, position, end, { signs: SIGNS })
})

const threeDigits: Match = upTo(3, NUMBER)

type Test = (input: ClassifiedText, position: number) => boolean

const isOtherLetterAt: Test = (input, position) =>
  (input.classes[position] & LETTER) !== 0 && !isHanAt(input, position)

/** The end of the run of characters that pass the test. */
function runOf(test: Test, input: ClassifiedText, position: number, end: number): number {
  while (position < end && test(input, position)) position += widthAt(input.text, position)
  return position
}

function withContraction(text: string, wordEnd: number, end: number): number {
  return wordEnd < end ? anyContractionEnd(text, wordEnd, end) : wordEnd
}
