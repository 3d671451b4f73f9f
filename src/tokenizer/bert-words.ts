import { ESCAPED_SPACE } from './sentencepiece-spelling.js'
import { classOf, MARK, OTHER, PUNCTUATION, SPACE, SYMBOL } from './unicode-classes.js'
import { baseOf } from './unicode-decomposition.js'
import { toLowercase } from './unicode-lowercase.js'
import { isBertHan, isControlCharacter } from './unicode-ranges.js'

/** How BERT's tokenizers normalise text. */
export interface BertNormalizer {
  readonly lowercase: boolean
  readonly stripAccents: boolean
}

/** Words one after another, each with U+2581 before it, and their ends. */
export interface MarkedWords {
  readonly text: string
  readonly ends: readonly number[]
}

const REPLACEMENT = 0xfffd

/**
 * Normalises well-formed text and splits it at whitespace; each punctuation mark, ASCII symbol and Chinese character is
 * a word, and control characters are dropped. As in llama.cpp, stripping accents leaves the first character of a
 * canonical decomposition: of a Hangul syllable, its leading consonant.
 */
export function bertWords(text: string, { lowercase, stripAccents }: BertNormalizer): MarkedWords {
  let words = ''
  const ends: number[] = []
  /** Start of the current word's text; it is empty if the words end there. */
  let start = 0
  const finish = () => {
    if (words.length > start) ends.push(words.length)
    start = words.length
  }
  const append = (codePoint: number) => {
    if (words.length === start) words += ESCAPED_SPACE
    words += String.fromCodePoint(lowercase ? toLowercase(codePoint) : codePoint)
  }
  for (const character of text) {
    const written = character.codePointAt(0)!
    const codePoint = stripAccents ? baseOf(written) : written
    const kind = classOf(codePoint)
    if (kind === SPACE) {
      finish()
    } else if (isDropped(codePoint, kind) || (stripAccents && kind === MARK)) {
      // Belongs to no word, but does not end one either.
    } else if (isWord(codePoint, kind)) {
      finish()
      append(codePoint)
      finish()
    } else {
      append(codePoint)
    }
  }
  finish()
  return { text: words, ends }
}

function isDropped(codePoint: number, kind: number): boolean {
  return codePoint === REPLACEMENT || (kind === OTHER && isControlCharacter(codePoint))
}

/** Whether a character is a word of its own. */
function isWord(codePoint: number, kind: number): boolean {
  return kind === PUNCTUATION || (kind === SYMBOL && codePoint < 0x7f) || isBertHan(codePoint)
}
