import { type ClassifiedText, isLineBreak, type Match, runEnd } from './splits.js'
import { LETTER, MARK, SPACE, widthAt } from './unicode-classes.js'
import { isAsciiLetter, SIGNS, signsOrSpaceEnd, skipBlank, spaceEnd } from './word-parts.js'

/**
 * The words of DeepSeek V3, one match at a time:
 * ``[!-/:-@[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+``
 */
export const deepseekWord: Match = (input, position, end) => {
  const wordEnd = letterWordEnd(input, position, end)
  if (wordEnd > position) return wordEnd
  return input.classes[position] & (SIGNS | SPACE)
    ? signsOrSpaceEnd(input, position, end, { signs: SIGNS })
    : position
}

/**
 * The words of Spark 2.5: DeepSeek's, but every line break that is not inside whitespace is a word of its own:
 * ``…| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+``
 */
export const sparkWord: Match = (input, position, end) => {
  const { text, classes } = input
  const wordEnd = letterWordEnd(input, position, end)
  if (wordEnd > position) return wordEnd
  if (isLineBreak(text.charCodeAt(position))) return position + 1
  const first = skipBlank(text, position, end)
  if (classes[first] & SIGNS) return runEnd(input, SIGNS, first, end)
  return classes[position] & SPACE ? spaceEnd(input, position, end) : position
}

/** ``[!-/:-@[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+``, or `position`. */
function letterWordEnd(input: ClassifiedText, position: number, end: number): number {
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
  return runEnd(input, LETTER | MARK, position, end)
}
