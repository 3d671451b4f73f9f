import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import {
  bytePairKeys,
  CONTROL,
  sentencePieceKeys,
  tokenizerMetadata,
  USER_DEFINED,
} from '../tokenizer/small-vocabularies.js'

/** Byte-level: all bytes, merges that span characters and halves of them, an end token. */
export function bpeTokenizer(merges: readonly string[] = MERGES): Tokenizer {
  const keys = bytePairKeys(merges, [
    ['<|eos|>', CONTROL],
    ['<tag>', USER_DEFINED],
  ])
  return createTokenizer(tokenizerMetadata({ ...keys, eos_token_id: 256 + merges.length }))
}

/** `Ã` `¤` and so on are GPT-2's characters for the bytes of UTF-8: tokens that end within a character are among them. */
const MERGES = [
  'a b',
  'ab a',
  'b c',
  'Ã ¤',
  'b Ã',
  '¤ a',
  'Ã Ł',
  'a Ã¤',
  'Ġ a',
  'ð Ł',
  'ĺ Ģ',
  'ðŁ ĺ',
  'Ċ Ċ',
  '" :',
  '": "',
  '1 2',
]

export function spmTokenizer(): Tokenizer {
  return createTokenizer(
    tokenizerMetadata(
      sentencePieceKeys(['a', 'b', 'c', '▁', '▁a', 'ab', 'abc', 'ä', 'äb', '"', '":', '😀', '▁▁', '12']),
    ),
  )
}

/** Whole words, one token each. */
export function wordTokenizer(words: readonly string[]): Tokenizer {
  return createTokenizer(tokenizerMetadata(sentencePieceKeys([...words])))
}

/** The ids whose bits are set. */
export function idsIn(mask: Uint32Array, vocabSize: number): number[] {
  return Array.from({ length: vocabSize }, (_, id) => id).filter((id) => (mask[id >>> 5] >>> (id & 31)) & 1)
}
