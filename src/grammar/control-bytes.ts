import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'

/** Two bytes that are never part of UTF-8. */
const PREFIX = [0xff, 0xff]
const DIGITS = 4
const BITS = 6

/** The bytes that stand for a control token in grammars: no text has them. */
export function controlBytes(id: TokenId): Uint8Array {
  const digits = Array.from({ length: DIGITS }, (_, i) => {
    return 0x80 | ((id >>> (BITS * (DIGITS - 1 - i))) & 0x3f)
  })
  return Uint8Array.from([...PREFIX, ...digits])
}

/** What a token is for a grammar: the bytes of its text, or those that stand for a control token; empty for end tokens. */
export function grammarBytes(tokenizer: Tokenizer, id: TokenId): Uint8Array {
  if (tokenizer.endOfGeneration.has(id)) return new Uint8Array()
  return tokenizer.isControl(id) ? controlBytes(id) : tokenizer.pieceBytes(id, { skipSpecial: true })
}
