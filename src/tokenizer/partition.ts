import { CONTROL, UNKNOWN, USER_DEFINED } from './token-attributes.js'
import type { SpecialToken, TokenId } from './tokenizer.js'
import type { Vocabulary } from './vocabulary.js'

/** A stretch of the text: a token that was written out, or plain text where `id` is -1. */
export interface Fragment {
  readonly start: number
  readonly end: number
  readonly id: TokenId
}

/** Whether a token that stands at this place of the text is read as one. */
export type Reads = (token: SpecialToken, start: number, end: number) => boolean

interface Target extends SpecialToken {
  /** White space after it belongs to it. */
  readonly stripsRight: boolean
}

/**
 * Finds tokens that stand in the text as they are written: user-defined ones always, control tokens on request.
 * Longer ones come first, and each takes the leftmost places that are still free, as in llama.cpp.
 */
export class SpecialTokenFinder {
  readonly #tokens: readonly Target[]

  /** `stripsRight` says of which tokens that are looked for the white space after them is dropped. */
  constructor(vocabulary: Vocabulary, stripsRight: (text: string) => boolean) {
    const tokens: (Target & { bytes: number })[] = []
    const utf8 = new TextEncoder()
    vocabulary.texts.forEach((text, id) => {
      const attributes = vocabulary.attributes[id]
      if (!(attributes & (CONTROL | UNKNOWN | USER_DEFINED))) return
      tokens.push({
        id,
        text,
        isControl: (attributes & (CONTROL | UNKNOWN)) !== 0,
        stripsRight: stripsRight(text),
        bytes: utf8.encode(text).length,
      })
    })
    this.#tokens = tokens.sort((a, b) => b.bytes - a.bytes)
  }

  get tokens(): readonly SpecialToken[] {
    return this.#tokens.map(({ id, text, isControl }) => ({ id, text, isControl }))
  }

  /** The text in fragments from left to right; none is empty. `reads` says where a token counts, if not everywhere. */
  split(text: string, parseSpecial: boolean, reads?: Reads): Fragment[] {
    let fragments: Fragment[] = text === '' ? [] : [{ start: 0, end: text.length, id: -1 }]
    const beginsHere = new Map<string, boolean>()
    for (const token of this.#tokens) {
      if (token.isControl && !parseSpecial) continue
      const initial = token.text[0]
      let begins = beginsHere.get(initial)
      if (begins === undefined) {
        begins = text.includes(initial)
        beginsHere.set(initial, begins)
      }
      if (begins && text.includes(token.text)) fragments = takeOut(text, fragments, token, reads)
    }
    return fragments
  }
}

/** One sweep over text and fragments, so that many of both do not multiply. */
function takeOut(
  text: string,
  fragments: readonly Fragment[],
  token: Target,
  reads: Reads | undefined,
): Fragment[] {
  const result: Fragment[] = []
  let match = text.indexOf(token.text)
  for (const fragment of fragments) {
    if (fragment.id >= 0) {
      result.push(fragment)
      continue
    }
    let start = fragment.start
    while (match >= 0) {
      if (match < start) {
        match = text.indexOf(token.text, start)
        continue
      }
      const matchEnd = match + token.text.length
      if (matchEnd > fragment.end) break
      if (reads && !reads(token, match, matchEnd)) {
        match = text.indexOf(token.text, match + 1)
        continue
      }
      if (match > start) result.push({ start, end: match, id: -1 })
      result.push({ start: match, end: matchEnd, id: token.id })
      start = matchEnd
      while (token.stripsRight && start < fragment.end && isAsciiSpace(text.charCodeAt(start))) start++
    }
    if (start < fragment.end) result.push({ start, end: fragment.end, id: -1 })
  }
  return result
}

/** C's `isspace`. */
function isAsciiSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
}
