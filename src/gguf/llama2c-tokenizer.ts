import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Cursor } from './cursor.js'
import { LIMITS } from './limits.js'
import type { MetadataValue } from './metadata.js'

/** llama.cpp's token types. */
const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const BYTE = 6

/** The first tokens of every vocabulary that llama2.c's exporter writes; 256 byte tokens follow them. */
const SPECIAL: readonly { readonly piece: string; readonly type: number }[] = [
  { piece: '<unk>', type: UNKNOWN },
  { piece: '<s>', type: CONTROL },
  { piece: '</s>', type: CONTROL },
]

/**
 * Reads a `tokenizer.bin` of `vocabulary` tokens from the cursor to the end of its source and returns it as SentencePiece
 * metadata. Layout: i32 length of the longest token, then per token f32 score, i32 length in bytes, and the bytes. The
 * exporter wrote spaces instead of ▁, put line feeds around `<s>` and `</s>`, and in older versions stored byte tokens as
 * the character with that code; this is reverted here.
 *
 * Rejects with `BAD_FORMAT` for invalid lengths and scores and for surplus bytes, `TRUNCATED` for missing ones.
 * Source: tokenizer.py (`export`) of karpathy/llama2.c.
 */
export async function readLlama2cTokenizer(
  cursor: Cursor,
  vocabulary: number,
): Promise<[string, MetadataValue][]> {
  const bad = (problem: string) =>
    new DasllamaError(
      'BAD_FORMAT',
      `${displayName(cursor.name)}: tokenizer: ${problem} (before byte ${cursor.offset})`,
    )

  await cursor.need(4, 'the tokenizer')
  const longest = cursor.i32()
  if (longest < 1 || longest > LIMITS.llama2c.tokenBytes) {
    throw bad(`the longest token has ${longest} bytes, not 1 to ${LIMITS.llama2c.tokenBytes}`)
  }
  cursor.expect(vocabulary * 8, `a tokenizer of ${vocabulary} tokens`)
  const tokens: string[] = []
  let bytes = 0
  const scores = new Float32Array(vocabulary)
  const types = new Int32Array(vocabulary)
  for (let id = 0; id < vocabulary; id++) {
    if (!cursor.has(8)) await cursor.need(8, `token ${id}`)
    const score = cursor.f32()
    const length = cursor.i32()
    if (!Number.isFinite(score)) throw bad(`token ${id} has the score ${score}`)
    if (length < 0 || length > longest) throw bad(`token ${id} has ${length} bytes, not 0 to ${longest}`)
    bytes += length
    if (bytes > LIMITS.vocabularyCharacters) {
      throw new DasllamaError(
        'LIMIT',
        `${displayName(cursor.name)}: the tokens have more than ${LIMITS.vocabularyCharacters} bytes in total`,
      )
    }
    if (!cursor.has(length)) await cursor.need(length, `token ${id}`)
    const { piece, type } = pieceOf(id, cursor.text(length))
    tokens.push(piece)
    scores[id] = score
    types[id] = type
  }
  if (cursor.remaining > 0) throw bad(`${cursor.remaining} bytes follow the last of ${vocabulary} tokens`)
  return [
    ['tokenizer.ggml.model', 'llama'],
    ['tokenizer.ggml.tokens', tokens],
    ['tokenizer.ggml.scores', scores],
    ['tokenizer.ggml.token_type', types],
    ['tokenizer.ggml.bos_token_id', 1],
    ['tokenizer.ggml.eos_token_id', 2],
    // Training texts are separated by BOS, so BOS also ends a generation.
    ['tokenizer.ggml.eot_token_id', 1],
    ['tokenizer.ggml.unknown_token_id', 0],
    ['tokenizer.ggml.add_bos_token', true],
    ['tokenizer.ggml.add_eos_token', false],
    ['tokenizer.ggml.add_space_prefix', true],
  ]
}

function pieceOf(id: number, text: string): { piece: string; type: number } {
  if (id < SPECIAL.length) return SPECIAL[id]
  const byte = id - SPECIAL.length
  if (byte < 256) {
    const piece = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
    if (text === piece || text === String.fromCharCode(byte)) return { piece, type: BYTE }
  }
  return { piece: text.replaceAll(' ', '\u2581'), type: NORMAL }
}
