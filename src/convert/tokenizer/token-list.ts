import { array, type TypedValue } from '../../gguf/typed-value.js'

/** llama.cpp's token types. Source: `llama_token_type` of llama.h. */
export const TokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

export type TokenTypeNumber = (typeof TokenType)[keyof typeof TokenType]

/** A token of a vocabulary. */
export interface Token {
  readonly text: string
  readonly type: TokenTypeNumber
  /** Of SentencePiece vocabularies. */
  readonly score?: number
}

/** Tokens that are added to a vocabulary. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly isSpecial: boolean
}

/** The token of an id that has none: embeddings are often padded. */
export function padding(id: number): Token {
  return { text: `[PAD${id}]`, type: TokenType.unused, score: -10_000 }
}

/** Control tokens that their files do not mark as such. Source: `does_token_look_special` of conversion/base.py in llama.cpp. */
function looksSpecial(text: string): boolean {
  return /^(<pad>|<mask>|<2mass>|\[@BOS@\]|<\|.*\|>|<｜.*｜>|<unused.*>)$/s.test(text)
}

/** An added token as it is written: spaces of user-defined ones are not SentencePiece's. */
export function added({ content, isSpecial }: AddedToken, score?: number): Token {
  if (isSpecial || looksSpecial(content)) return { text: content, type: TokenType.control, score }
  return { text: content.replaceAll('\u2581', ' '), type: TokenType.userDefined, score }
}

/** The metadata of a list of tokens. */
export function tokenMetadata(tokens: readonly Token[]): (readonly [string, TypedValue])[] {
  const texts = array(
    'string',
    tokens.map(({ text }) => text),
  )
  const types = array(
    'i32',
    tokens.map(({ type }) => type),
  )
  const entries: (readonly [string, TypedValue])[] = [['tokenizer.ggml.tokens', texts]]
  if (tokens.some(({ score }) => score !== undefined)) {
    entries.push([
      'tokenizer.ggml.scores',
      array(
        'f32',
        tokens.map(({ score }) => score ?? 0),
      ),
    ])
  }
  return [...entries, ['tokenizer.ggml.token_type', types]]
}
