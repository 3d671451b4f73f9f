import { array, bool, str, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'
import { writeGguf } from '../../../src/gguf/writer.js'
import { RandomBits } from '../random-model/random-bits.js'
import { charsmapFile } from './charsmap-file.js'

/** Vocabularies for tokenizers of which llama.cpp has none, or only one: the same for the same seed. */

/** `tokenizer.ggml.*` metadata; the prefix is left out. */
export type TokenizerKeys = Readonly<Record<string, TypedValue>>

/** llama.cpp's token types. */
const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const USER_DEFINED = 4
const UNUSED = 5
const BYTE = 6

/** Few characters, so that tokens nest and repeat; of one to four bytes, composed and decomposed. */
const CHARACTERS = Array.from("aabbcdeABÉ.,'0 1  éàeüΣσς字한国ا１ﬁ").concat(
  ...[
    'e\u0301',
    'a\u0300',
    'ᄒ',
    '😀',
    '👩\u200d👧',
    '𝒳',
    'ſ',
    'İ',
    '\u212a',
    '\n',
    '\t',
    '\u3000',
    '\u00a0',
  ],
)

class Picker {
  readonly #random: RandomBits

  constructor(seed: number, label: string) {
    this.#random = new RandomBits(seed, label)
  }

  below(n: number): number {
    return Math.floor(this.#random.fraction() * n)
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  text(most: number): string {
    return Array.from({ length: 1 + this.below(most) }, () => this.of(CHARACTERS)).join('')
  }
}

/** Tokens with distinct texts. */
class Tokens {
  readonly texts: string[] = []
  readonly types: number[] = []
  readonly #known = new Set<string>()

  add(text: string, type = NORMAL): void {
    if (text === '' || this.#known.has(text)) return
    this.#known.add(text)
    this.texts.push(text)
    this.types.push(type)
  }

  keys(): TokenizerKeys {
    return { tokens: array('string', this.texts), token_type: array('i32', this.types) }
  }
}

/** Unigram: scores with ties, user-defined, unused, control and byte tokens, and a charsmap. */
export function unigramKeys(seed: number): TokenizerKeys {
  const pick = new Picker(seed, 'unigram')
  const tokens = new Tokens()
  for (const [text, type] of [
    ['<pad>', CONTROL],
    ['</s>', CONTROL],
    ['<unk>', UNKNOWN],
    ['<mask>', USER_DEFINED],
    ['<0x41>', BYTE],
  ] as const)
    tokens.add(text, type)
  for (let i = 0; i < 6; i++) tokens.add(pick.text(3).trim(), USER_DEFINED)
  for (let i = 0; i < 10; i++) tokens.add(pick.text(3), UNUSED)
  for (const character of CHARACTERS) if (pick.chance(80)) tokens.add(character)
  for (let i = 0; i < 300; i++) tokens.add((pick.chance(40) ? '▁' : '') + pick.text(4).replaceAll(' ', '▁'))
  tokens.add('▁')
  const rules = new Map<string, string>([
    ['\t', ' '],
    ['\n', ' '],
    ['\u3000', ' '],
    ['ﬁ', 'fi'],
    ['１', '1'],
    ['e\u0301', 'é'],
  ])
  for (let i = 0; i < 30; i++) rules.set(pick.text(3), pick.chance(15) ? '' : pick.text(3))
  return {
    model: str('t5'),
    ...tokens.keys(),
    scores: array(
      'f32',
      tokens.texts.map(() => -pick.below(24) / 2),
    ),
    add_space_prefix: bool(pick.chance(50)),
    remove_extra_whitespaces: bool(pick.chance(50)),
    ...(pick.chance(80) ? { precompiled_charsmap: array('u8', charsmapFile(rules)) } : {}),
    unknown_token_id: u32(2),
  }
}

/** WordPiece: beginnings and continuations of words, with every choice of normalisation. */
export function wordPieceKeys(seed: number): TokenizerKeys {
  const pick = new Picker(seed, 'wordpiece')
  const tokens = new Tokens()
  for (const [text, type] of [
    ['[PAD]', CONTROL],
    ['[UNK]', UNKNOWN],
    ['[CLS]', CONTROL],
    ['[SEP]', CONTROL],
    ['[MASK]', USER_DEFINED],
  ] as const)
    tokens.add(text, type)
  for (const character of CHARACTERS) {
    if (pick.chance(60)) tokens.add(`▁${character}`)
    if (pick.chance(60)) tokens.add(character)
  }
  for (let i = 0; i < 300; i++) tokens.add((pick.chance(50) ? '▁' : '') + pick.text(4))
  return {
    model: str('bert'),
    ...tokens.keys(),
    ...(pick.chance(50) ? { 'normalizer.lowercase': bool(pick.chance(50)) } : {}),
    ...(pick.chance(50) ? { 'normalizer.strip_accents': bool(pick.chance(50)) } : {}),
    unknown_token_id: u32(1),
    bos_token_id: u32(2),
    seperator_token_id: u32(3),
    padding_token_id: u32(0),
    mask_token_id: u32(4),
  }
}

/** BPE of characters: `gemma4`, or `whitespace` with either of two pre-tokenizers. */
export function characterBpeKeys(seed: number, model: 'gemma4' | 'whitespace'): TokenizerKeys {
  const pick = new Picker(seed, model)
  const tokens = new Tokens()
  for (const [text, type] of [
    ['<pad>', CONTROL],
    ['<eos>', CONTROL],
    ['<bos>', CONTROL],
    ['<unk>', CONTROL],
    ['<u>', USER_DEFINED],
  ] as const)
    tokens.add(text, type)
  for (let byte = 0; byte < 256; byte++) {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
    if (pick.chance(90)) tokens.add(name, BYTE)
  }
  const symbols: string[] = []
  for (const character of ['▁', ...CHARACTERS].flatMap((text) => Array.from(text))) {
    if (character === ' ' || !pick.chance(90)) continue
    tokens.add(character)
    symbols.push(character)
  }
  for (let length = 2; length < 6; length++) if (pick.chance(60)) tokens.add('\n'.repeat(length))
  const merges: string[] = []
  for (let i = 0; i < 300; i++) {
    const left = pick.of(symbols)
    const right = pick.of(symbols)
    if (left.length + right.length > 8) continue
    merges.push(`${left} ${right}`)
    if (pick.chance(95)) tokens.add(left + right)
    symbols.push(left + right)
  }
  return {
    model: str(model),
    ...(model === 'whitespace' ? { pre: str(pick.chance(50) ? 'whitespace' : 'gpt-2') } : {}),
    ...tokens.keys(),
    merges: array('string', merges),
    ...(pick.chance(30) ? { 'normalizer.lowercase': bool(pick.chance(50)) } : {}),
    bos_token_id: u32(2),
    eos_token_id: u32(1),
  }
}

/** A GGUF file with a vocabulary only. */
export function vocabularyFile(keys: TokenizerKeys, architecture = 'llama'): Uint8Array {
  const metadata: [string, TypedValue][] = [
    ['general.architecture', str(architecture)],
    ...[
      'context_length',
      'embedding_length',
      'block_count',
      'feed_forward_length',
      'attention.head_count',
    ].map((key): [string, TypedValue] => [`${architecture}.${key}`, u32(32)]),
    ...Object.entries(keys).map(([key, value]): [string, TypedValue] => [`tokenizer.ggml.${key}`, value]),
  ]
  return writeGguf({ metadata, tensors: [] })
}
