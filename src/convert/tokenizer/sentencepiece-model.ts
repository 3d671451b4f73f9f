import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Token, TokenTypeNumber } from './token-list.js'

/** Wire types of protocol buffers that occur. */
const VARINT = 0
const EIGHT_BYTES = 1
const BYTES = 2
const FOUR_BYTES = 5

/** Fields of `ModelProto`, and of its `SentencePiece`. */
const PIECES = 1
const PIECE = { text: 1, score: 2, type: 3 } as const

/**
 * The pieces of a SentencePiece model, `tokenizer.model`. Throws `BAD_FORMAT` for anything else. Source:
 * sentencepiece_model.proto of github.com/google/sentencepiece; its types of pieces are llama.cpp's.
 */
export function sentencePieces(name: string, bytes: Uint8Array): Token[] {
  const tokens: Token[] = []
  for (const { field, value } of fieldsOf(name, bytes)) {
    if (field !== PIECES) continue
    if (!(value instanceof Uint8Array)) throw damaged(name)
    let [text, score, type] = ['', 0, 1]
    for (const part of fieldsOf(name, value)) {
      if (part.field === PIECE.text && part.value instanceof Uint8Array)
        text = new TextDecoder().decode(part.value)
      else if (part.field === PIECE.score && part.value instanceof Uint8Array) {
        score = new DataView(part.value.buffer, part.value.byteOffset).getFloat32(0, true)
      } else if (part.field === PIECE.type && typeof part.value === 'number') type = part.value
    }
    if (!(type >= 1 && type <= 6)) throw damaged(name)
    tokens.push({ text, score, type: type as TokenTypeNumber })
  }
  if (tokens.length === 0) throw damaged(name)
  return tokens
}

/** The fields of a message: numbers of varints, bytes of everything else. */
function* fieldsOf(
  name: string,
  bytes: Uint8Array,
): Generator<{ field: number; value: number | Uint8Array }> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 64; shift += 7) {
      if (at >= bytes.length) throw damaged(name)
      const byte = bytes[at++]
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw damaged(name)
  }
  const take = (length: number): Uint8Array => {
    if (!(at + length <= bytes.length)) throw damaged(name)
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    switch (tag % 8) {
      case VARINT:
        yield { field, value: varint() }
        break
      case EIGHT_BYTES:
        yield { field, value: take(8) }
        break
      case BYTES:
        yield { field, value: take(varint()) }
        break
      case FOUR_BYTES:
        yield { field, value: take(4) }
        break
      default:
        throw damaged(name)
    }
  }
}

function damaged(name: string): DasllamaError {
  return new DasllamaError('BAD_FORMAT', `${displayName(name)} is not a SentencePiece model, or is damaged`)
}
