import type { BytePair } from './byte-pair.js'
import type { Guard } from './segments.js'
import type { TokenId } from './tokenizer.js'
import { classify, SPACE } from './unicode-classes.js'
import { toLowercase } from './unicode-lowercase.js'

/** BPE of the words between whitespace, which itself is dropped. Source: llama.cpp's `llm_tokenizer_whitespace_session`. */
export class WhitespaceWords {
  readonly #bytePair: BytePair
  readonly #lowercase: boolean

  constructor(bytePair: BytePair, { lowercase }: { readonly lowercase: boolean }) {
    this.#bytePair = bytePair
    this.#lowercase = lowercase
  }

  /** Appends the ids of well-formed text. */
  encode(text: string, ids: TokenId[], guard?: Guard): void {
    const classes = classify(text)
    for (let start = 0, end = 0; start < text.length; start = end + 1) {
      end = start
      while (end < text.length && classes[end] !== SPACE) end++
      const word = text.slice(start, end)
      // Lowercase letters have as many UTF-16 units as uppercase ones, so that offsets stay right.
      this.#bytePair.encode(
        this.#lowercase ? lowercased(word) : word,
        ids,
        guard && {
          forbids: guard.forbids,
          isBroken: (found, first, from, to) => guard.isBroken(found, first, start + from, start + to),
        },
      )
    }
  }
}

function lowercased(word: string): string {
  let text = ''
  for (const character of word) text += String.fromCodePoint(toLowercase(character.codePointAt(0)!))
  return text
}
