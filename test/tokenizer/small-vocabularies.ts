import { Metadata, type MetadataValue } from '../../src/gguf/metadata.js'
import { CHARACTER_OF_BYTE } from '../../src/tokenizer/byte-alphabet.js'

/** `tokenizer.ggml.*` metadata; an undefined value leaves the key out. */
export function tokenizerMetadata(keys: Record<string, MetadataValue | undefined>): Metadata {
  const values = new Map<string, MetadataValue>()
  for (const [key, value] of Object.entries(keys))
    if (value !== undefined) values.set(key.includes('.') ? key : `tokenizer.ggml.${key}`, value)
  return new Metadata('test.gguf', values)
}

export const CONTROL = 3
export const USER_DEFINED = 4

/** Token texts by type, on top of what a vocabulary has anyway. */
export type ExtraTokens = readonly (readonly [text: string, type: number])[]

/** Byte-level BPE: the 256 bytes, ids 0 to 255 by byte value, then what each merge makes, then extra tokens. */
export function bytePairKeys(merges: readonly string[] = [], extra: ExtraTokens = []) {
  const tokens = [
    ...CHARACTER_OF_BYTE,
    ...merges.map((merge) => merge.replace(' ', '')),
    ...extra.map(([text]) => text),
  ]
  const types = new Int32Array(tokens.length).fill(1)
  extra.forEach(([, type], i) => {
    types[256 + merges.length + i] = type
  })
  return { model: 'gpt2', pre: 'gpt-2', tokens, token_type: types, merges }
}

/** SentencePiece: unknown, BOS, EOS, the 256 bytes (ids 3 to 258), then pieces with falling scores, then extra tokens. */
export function sentencePieceKeys(pieces: readonly string[] = [], extra: ExtraTokens = []) {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  )
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...pieces, ...extra.map(([text]) => text)]
  const types = new Int32Array(tokens.length).fill(1)
  types.set([2, 3, 3, ...bytes.map(() => 6)])
  extra.forEach(([, type], i) => {
    types[259 + pieces.length + i] = type
  })
  return {
    model: 'llama',
    tokens,
    token_type: types,
    scores: Float32Array.from(tokens, (_, id) => (id < 259 ? 0 : -id)),
  }
}
