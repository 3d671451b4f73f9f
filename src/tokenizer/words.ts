import { type ClassifiedText, isLineBreak, partition, runEnd, type Split, upTo } from './splits.js'
import { LETTER, MARK, NUMBER, SPACE, widthAt } from './unicode-classes.js'
import {
  anyContractionEnd,
  contractionEnd,
  lineBreakEnd,
  lineBreaks,
  oneLineBreakOrSlash,
  signsOrSpaceEnd,
  skipBlank,
  spaceEnd,
  type Tail,
} from './word-parts.js'

/**
 * Word splitting for vocabularies that do not distinguish upper and lower case, with the regular expression that their
 * authors published.
 */

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

/** How the words of a vocabulary differ from Llama 3's. */
interface ModernWords {
  /** Most digits of a number. */
  readonly digits: number
  /** Whether marks count as letters. Default false. */
  readonly marks?: boolean
  /** Whether English contractions are words. Default true. */
  readonly contractions?: boolean
  /** What signs take along. Default line breaks. */
  readonly tail?: Tail
}

/**
 * The words of Llama 3 and after:
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?L+|\p{N}{1,digits}| ?[^\sL\p{N}]+T|\s*[\r\n]+|\s+(?!\S)|\s+`,
 * where `L` is `\p{L}`, or `[\p{L}\p{M}]` with `marks`, and `T` is `[\r\n]*` or another tail.
 */
export function modernWords(options: ModernWords): Split {
  const next = modernWord(options)
  return partition((input, position, end) => next(input, position, end))
}

/** One word of `modernWords`. */
function modernWord({ digits, marks = false, contractions = true, tail = lineBreaks }: ModernWords) {
  const letters = marks ? LETTER | MARK : LETTER
  const number = upTo(digits, NUMBER)
  const signs = ~(SPACE | letters | NUMBER)
  return (input: ClassifiedText, position: number, end: number): number => {
    const { text, classes } = input
    const contraction = contractions ? anyContractionEnd(text, position, end) : position
    if (contraction > position) return contraction

    const kind = classes[position]
    const second = position + widthAt(text, position)
    if (kind & NUMBER) return number(input, position, end)
    if (!isLineBreak(text.charCodeAt(position))) {
      if (kind & letters || (second < end && classes[second] & letters))
        return runEnd(input, letters, second, end)
    }

    return signsOrSpaceEnd(input, position, end, { signs, tail })
  }
}

/**
 * Jais 2's words: Llama 3's, with whitespace that contains no line break in runs of falling length instead of one:
 * `…|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|…|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}`
 */
export const jais2Words: Split = (input, start, end, ends) => {
  for (let position = start; position < end; ) {
    const spaces = runEnd(input, SPACE, position, end)
    if (spaces - position > 1 && lineBreakEnd(input, position, end) === position) {
      // The last character of whitespace before something else may belong to that.
      const last = spaces < end ? spaces - 1 : spaces
      for (let length = 512; position < last; ) {
        while (length > last - position) length /= 2
        position += length
        ends.push(position)
      }
    } else {
      position = llama3Word(input, position, end)
      ends.push(position)
    }
  }
}

const llama3Word = modernWord({ digits: 3 })

/**
 * EXAONE's words since its mixtures of experts, which may contain blanks:
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+`
 */
export const exaoneMoeWords: Split = partition((input, position, end) => {
  const { text, classes } = input
  const contraction = anyContractionEnd(text, position, end)
  if (contraction > position) return contraction
  const kind = classes[position]
  const second = position + widthAt(text, position)
  if (kind & NUMBER) return second
  if (kind & LETTER) return phraseEnd(input, position, end)
  if (!isLineBreak(text.charCodeAt(position)) && second < end && classes[second] & LETTER)
    return phraseEnd(input, second, end)
  const signs = ~(SPACE | LETTER | NUMBER)
  return signsOrSpaceEnd(input, position, end, { signs, tail: oneLineBreakOrSlash })
})

/** `(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+` from a letter on. */
function phraseEnd(input: ClassifiedText, position: number, end: number): number {
  const { text, classes } = input
  for (;;) {
    position = runEnd(input, LETTER | MARK, position, end)
    const next = skipBlank(text, position, end)
    if (next === position || !(classes[next] & LETTER)) return position
    position = next
  }
}
