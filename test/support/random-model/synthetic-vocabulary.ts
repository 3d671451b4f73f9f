import { DasllamaError } from '../../../src/errors.js'
import { array, bool, str, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'

/** `tokenizer.ggml.*` metadata of an invented vocabulary. */
export type VocabularyMetadata = readonly (readonly [key: string, value: TypedValue])[]

/** llama.cpp's token types. */
const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const BYTE = 6

const LETTERS = Array.from('etaoinshrdlucmfwypvbgkqjxz')
const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i))

/**
 * Letter strings that grow by merging earlier ones: pairs, then triples, then fours; each without and with
 * the given word-start mark.
 */
function* words(mark: string): Generator<readonly [left: string, right: string]> {
  const all: string[][] = [[], LETTERS]
  for (const letter of LETTERS) yield [mark, letter]
  for (let length = 2; length <= 4; length++) {
    const longer: string[] = []
    for (const left of all[length - 1]) {
      for (const right of LETTERS) {
        yield [left, right]
        yield [mark + left, right]
        longer.push(left + right)
      }
    }
    all.push(longer)
  }
}

/** The first `count` words, or an error that names the largest possible vocabulary. */
function takeWords(mark: string, count: number, base: number): (readonly [string, string])[] {
  if (count < 0) {
    throw new DasllamaError('INVALID_ARGUMENT', `a vocabulary of this kind needs at least ${base} tokens`)
  }
  const taken: (readonly [string, string])[] = []
  for (const word of words(mark)) {
    if (taken.length === count) return taken
    taken.push(word)
  }
  if (taken.length === count) return taken
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `a synthetic vocabulary has at most ${base + taken.length} tokens`,
  )
}

/**
 * SentencePiece: `<unk>`, `<s>`, `</s>`, 256 byte tokens, printable ASCII, then invented words up to `size` tokens.
 * Throws `INVALID_ARGUMENT` for a size that cannot be met.
 */
export function spmVocabulary(size: number): VocabularyMetadata {
  const tokens = ['<unk>', '<s>', '</s>']
  const types = [UNKNOWN, CONTROL, CONTROL]
  for (let byte = 0; byte < 256; byte++) {
    tokens.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    types.push(BYTE)
  }
  const special = tokens.length
  tokens.push('\u2581', ...PRINTABLE)
  const base = tokens.length
  for (const [left, right] of takeWords('\u2581', size - base, base)) tokens.push(left + right)
  while (types.length < tokens.length) types.push(NORMAL)
  return [
    ['tokenizer.ggml.model', str('llama')],
    ['tokenizer.ggml.tokens', array('string', tokens)],
    // Earlier tokens have better scores, as in trained vocabularies.
    [
      'tokenizer.ggml.scores',
      array(
        'f32',
        tokens.map((_, id) => (id < special ? 0 : special - id)),
      ),
    ],
    ['tokenizer.ggml.token_type', array('i32', types)],
    ['tokenizer.ggml.bos_token_id', u32(1)],
    ['tokenizer.ggml.eos_token_id', u32(2)],
    ['tokenizer.ggml.unknown_token_id', u32(0)],
    ['tokenizer.ggml.add_bos_token', bool(true)],
    ['tokenizer.ggml.add_eos_token', bool(false)],
    ['tokenizer.ggml.add_space_prefix', bool(true)],
  ]
}

/**
 * Byte-level BPE with GPT-2's pre-tokenizer: 256 bytes, invented merges, then `<|bos|>` and `<|eos|>` as the last
 * two of `size` tokens. Throws `INVALID_ARGUMENT` for a size that cannot be met.
 */
export function bpeVocabulary(size: number): VocabularyMetadata {
  const tokens = byteCharacters()
  const base = tokens.length + 2
  const merges = takeWords('\u0120', size - base, base)
  for (const [left, right] of merges) tokens.push(left + right)
  const types: number[] = tokens.map(() => NORMAL)
  tokens.push('<|bos|>', '<|eos|>')
  types.push(CONTROL, CONTROL)
  return [
    ['tokenizer.ggml.model', str('gpt2')],
    ['tokenizer.ggml.pre', str('gpt-2')],
    ['tokenizer.ggml.tokens', array('string', tokens)],
    ['tokenizer.ggml.token_type', array('i32', types)],
    [
      'tokenizer.ggml.merges',
      array(
        'string',
        merges.map((pair) => pair.join(' ')),
      ),
    ],
    ['tokenizer.ggml.bos_token_id', u32(size - 2)],
    ['tokenizer.ggml.eos_token_id', u32(size - 1)],
    ['tokenizer.ggml.add_bos_token', bool(true)],
  ]
}

/**
 * GPT-2's visible character for each byte: printable Latin-1 maps to itself, the other 68 bytes are numbered
 * from U+0100.
 */
function byteCharacters(): string[] {
  let hidden = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad)
    return String.fromCharCode(visible ? byte : hidden++)
  })
}
