import { RandomBits } from '../support/random-model/random-bits.js'

/** Typical and unusual pieces of text; one source generates one string. */
type Source = (random: RandomBits) => string

const ZOO_OF_SPACES = [
  ' ',
  '  ',
  '   ',
  '\t',
  '\n',
  '\n\n',
  '\r\n',
  '\r',
  '\v',
  '\f',
  '\x1c',
  '\x85',
  '\xa0',
  '\u1680',
  '\u180e',
  '\u2003',
  '\u200b',
  '\u2028',
  '\u2029',
  '\u202f',
  '\u3000',
  '\ufeff',
]
const CONTRACTIONS = [
  "'s",
  "'S",
  "'t",
  "'T",
  "'re",
  "'RE",
  "'rE",
  "'ve",
  "'m",
  "'M",
  "'ll",
  "'LL",
  "'lL",
  "'d",
  "'D",
  '’s',
  '’ll',
  "'x",
  "''",
  "'",
  "'ſ",
  "'\u212a",
]
const MARKERS = [
  '<s>',
  '</s>',
  '<unk>',
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|eot_id|>',
  '<|begin_of_text|>',
  '<|start_header_id|>',
  '<|end|>',
  '<|user|>',
  '<|assistant|>',
  '<fim_prefix>',
  '<fim_suffix>',
  '<file_sep>',
  '<｜begin▁of▁sentence｜>',
  '<｜fim▁hole｜>',
  '<|EOT|>',
  '>>TITLE<<',
  '>>ABSTRACT<<',
  '<0x0A>',
  '<0xFF>',
  '[PAD151646]',
  '<|',
  '|>',
  '▁',
  'Ġ',
  'Ċ',
  'õ',
  'Á',
]
const EMOJI = ['👩‍👩‍👧‍👦', '🏳️‍🌈', '👍🏽', '🇨🇭', '☃️', '🤷🏻‍♂️', '1️⃣', '🫠']
const WORDS = [
  'the',
  'Hello',
  'WORLD',
  'tokenization',
  'naïve',
  'Straße',
  'здравствуй',
  'Ελληνικά',
  'قَالَ',
  'العربية',
  'שלום',
  'हिन्दी',
  'বাংলা',
  'ภาษาไทย',
  '你好世界',
  '日本語テキスト',
  'カタカナ',
  '한국어',
  'ក្មេង',
  'e\u0301e\u0301',
  'a\u0300\u0301\u0302b',
]
const PUNCTUATION = Array.from('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~§°·—“”…、。！（「€£¥±×÷≠→∀𝄞')
const DIGITS = Array.from('0123456789٠١٢३४५０１２²³½Ⅷ〇𝟗𐒠')
/** First and last code points of scripts whose letters, marks and digits pre-tokenizers distinguish. */
const BLOCKS = [
  [0x20, 0x7e],
  [0xa1, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x52f],
  [0x590, 0x6ff],
  [0x900, 0xdff],
  [0xe00, 0x10ff],
  [0x1780, 0x18af],
  [0x1e00, 0x218f],
  [0x2190, 0x2bff],
  [0x3000, 0x30ff],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xf900, 0xffff],
  [0x10000, 0x1ffff],
  [0x20000, 0x323af],
]

function below(random: RandomBits, n: number): number {
  return Math.floor(random.fraction() * n)
}

function pick<T>(random: RandomBits, from: readonly T[]): T {
  return from[below(random, from.length)]
}

function times(random: RandomBits, most: number, source: Source): string {
  return Array.from({ length: 1 + below(random, most) }, () => source(random)).join('')
}

function codePoint(random: RandomBits, first: number, last: number): string {
  return String.fromCodePoint(first + below(random, last - first + 1))
}

const asciiSoup: Source = (random) => times(random, 12, (r) => codePoint(r, 0, 0x7f))
/** Surrogates, which are not characters, among them: alone in the string or, by chance, as a pair. */
const anyPlane: Source = (random) => times(random, 6, (r) => codePoint(r, 0, 0x10ffff))
const basicPlane: Source = (random) => times(random, 6, (r) => codePoint(r, 0, 0xffff))
const oneScript: Source = (random) => {
  const [first, last] = pick(random, BLOCKS)
  return times(random, 8, (r) => codePoint(r, first, last))
}
const longRun: Source = (random) =>
  pick(random, [' ', '\n', '\t', 'a', '0', '=', '!', 'é', '字', '\u3000']).repeat(below(random, 200))

const SOURCES: readonly Source[] = [
  (random) => pick(random, WORDS),
  (random) => ` ${pick(random, WORDS)}`,
  (random) => pick(random, ZOO_OF_SPACES),
  (random) => times(random, 5, (r) => pick(r, ZOO_OF_SPACES)),
  (random) => pick(random, WORDS) + pick(random, CONTRACTIONS),
  (random) => pick(random, CONTRACTIONS),
  (random) => times(random, 7, (r) => pick(r, DIGITS)),
  (random) => times(random, 4, (r) => pick(r, PUNCTUATION)),
  (random) => pick(random, EMOJI),
  (random) => pick(random, MARKERS),
  (random) => pick(random, ['\ud83d', '\ude00', '\udc00\ud800']),
  asciiSoup,
  anyPlane,
  basicPlane,
  oneScript,
]

/** `count` strings, the same for the same seed: from one stretch to some fourteen each, now and then a long run. */
export function* randomTexts(seed: number, count: number): Generator<string> {
  const random = new RandomBits(seed, 'tokenizer texts')
  for (let i = 0; i < count; i++) {
    let text = times(random, 14, (r) => pick(r, SOURCES)(r))
    if (i % 16 === 0) text += longRun(random) + pick(random, WORDS)
    yield text
  }
}
