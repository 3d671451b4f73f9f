import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { nearest } from '../nearest.js'
import { casedWords, kimiWords, markedWords } from './cased-words.js'
import { imageToken, sentinel } from './chameleon.js'
import { deepseekWord, sparkWord } from './deepseek-words.js'
import {
  afterOptionalSpace,
  anyOf,
  asciiThousands,
  isolate,
  lineBreak,
  lines,
  literal,
  one,
  run,
  runOfRanges,
  runOutsideRanges,
  type Split,
  threeAsciiDigits,
  threesFromRight,
  trailingSpace,
  upTo,
} from './splits.js'
import { LETTER, NUMBER, PUNCTUATION, SPACE } from './unicode-classes.js'
import * as ranges from './unicode-ranges.js'
import { afterOptionalBlank, noTail } from './word-parts.js'
import { exaoneMoeWords, gpt2Words, jais2Words, modernWords } from './words.js'

/** How a BPE tokenizer splits text into words before merging. */
export interface PreTokenizer {
  /** Applied in order, each to the pieces of the previous one. */
  readonly splits: readonly Split[]
  /** A word in the vocabulary becomes that token without merging. */
  readonly ignoreMerges: boolean
  /** Whether BOS is added if the file does not specify it. */
  readonly addBos: boolean
  /** Whether BOS is added whatever the file specifies. */
  readonly forcesBos: boolean
  /** Whether a separator stands between two texts if the file does not specify it. */
  readonly addSeparator: boolean
  /** How tokens are spelled: in GPT-2's byte alphabet, directly, or with U+2581 for spaces. */
  readonly spelling: 'byte-level' | 'raw' | 'sentencepiece'
  /** Whether a word of line breaks only becomes one token without merging if the vocabulary has it. */
  readonly joinsLineBreaks: boolean
  /** Whether the file may have no merges. */
  readonly mergesOptional: boolean
}

type Entry = Pick<PreTokenizer, 'splits'> & Partial<PreTokenizer> & { readonly names: readonly string[] }

const DEFAULTS = {
  ignoreMerges: false,
  addBos: false,
  forcesBos: false,
  addSeparator: false,
  spelling: 'byte-level',
  joinsLineBreaks: false,
  mergesOptional: false,
} as const

const llama3 = modernWords({ digits: 3 })
const qwen2 = modernWords({ digits: 1 })
const digit = isolate(upTo(1, NUMBER))
const threeDigits = isolate(upTo(3, NUMBER))
const eastAsian = isolate(runOfRanges(ranges.EAST_ASIAN))
const hanAndKana = isolate(runOfRanges(ranges.HAN_AND_KANA))
const bloomWords = isolate(afterOptionalBlank(runOutsideRanges(ranges.BLOOM_SIGNS)))
const ASCII_SYMBOLS = '$+<=>^`|~'

/** Source: `llama_vocab::impl::load` and `llm_tokenizer_bpe` of llama.cpp (src/llama-vocab.cpp). */
const ENTRIES: readonly Entry[] = [
  {
    names: [
      'llama3',
      'llama-v3',
      'llama-bpe',
      'falcon3',
      'falcon-h1',
      'pixtral',
      'midm-2.0',
      'lfm2',
      'jina-v5-nano',
    ],
    splits: [llama3],
    ignoreMerges: true,
    addBos: true,
  },
  { names: ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'], splits: [llama3] },
  {
    names: [
      ...[
        'qwen2',
        'deepseek-r1-qwen',
        'kormo',
        'f2llmv2',
        'megrez',
        'stablelm2',
        'hunyuan',
        'solar-open',
        'grok-2',
      ],
      ...['bailingmoe', 'bailingmoe2', 'llada-moe'],
    ],
    splits: [qwen2],
  },
  { names: ['qwen35'], splits: [modernWords({ digits: 1, marks: true })] },
  { names: ['laguna'], splits: [lines, qwen2] },
  { names: ['minicpm5'], splits: [threeDigits, llama3], ignoreMerges: true },
  { names: ['seed-coder'], splits: [modernWords({ digits: 1, tail: noTail })] },
  { names: ['ufakzeka'], splits: [modernWords({ digits: 1, contractions: false })] },
  { names: ['jais-2'], splits: [jais2Words] },
  { names: ['exaone-moe'], splits: [exaoneMoeWords] },
  {
    names: [
      ...['gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'gigachat', 'a.x-4.0', 'mellum', 'exaone4', 'trillion'],
      ...['granite-docling', 'jina-es', 'jina-de', 'jina-v2-es', 'jina-v2-de', 'modern-bert'],
    ],
    splits: [gpt2Words],
  },
  { names: ['jina-v1-en', 'jina-v2-code', 'roberta-bpe'], splits: [gpt2Words], addSeparator: true },
  {
    names: ['starcoder', 'refact', 'command-r', 'smollm', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
    splits: [digit, gpt2Words],
  },
  {
    names: ['chameleon'],
    splits: [
      isolate(sentinel),
      isolate(imageToken),
      isolate(anyOf(literal('\t'), literal('\n'), literal('    '), literal('  '))),
      digit,
      isolate(one(PUNCTUATION, ASCII_SYMBOLS)),
      gpt2Words,
    ],
    addBos: true,
  },
  { names: ['bloom', 'poro-chat', 'gpt3-finnish'], splits: [bloomWords] },
  { names: ['viking'], splits: [bloomWords, digit] },
  { names: ['superbpe'], splits: [isolate(run(NUMBER)), asciiThousands] },
  {
    names: ['falcon'],
    splits: [isolate(run(PUNCTUATION, ASCII_SYMBOLS)), gpt2Words, isolate(threeAsciiDigits)],
  },
  {
    names: ['deepseek-coder'],
    splits: [
      isolate(lineBreak),
      isolate(afterOptionalSpace(run(LETTER))),
      isolate(afterOptionalSpace(run(PUNCTUATION))),
      eastAsian,
      digit,
    ],
  },
  {
    names: ['deepseek-llm'],
    splits: [
      isolate(lineBreak),
      isolate(afterOptionalSpace(runOfRanges(ranges.CASED_LETTERS))),
      isolate(afterOptionalSpace(runOfRanges(ranges.DEEPSEEK_SIGNS))),
      trailingSpace,
      eastAsian,
      isolate(run(NUMBER)),
    ],
  },
  {
    names: ['deepseek-v3', 'hunyuan-dense', 'joyai-llm', 'hy_v4'],
    splits: [threeDigits, hanAndKana, isolate(deepseekWord)],
  },
  { names: ['spark2_5'], splits: [threeDigits, hanAndKana, isolate(sparkWord), digit] },
  {
    names: ['afmoe'],
    splits: [threesFromRight, isolate(runOfRanges(ranges.AFMOE_SCRIPTS)), isolate(deepseekWord)],
  },
  { names: ['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2'], splits: [casedWords({ digits: 3 })] },
  {
    names: ['granite-embed-multi-97m'],
    splits: [casedWords({ digits: 3, marks: true })],
    ignoreMerges: true,
  },
  {
    names: ['tekken'],
    splits: [casedWords({ digits: 1, contractions: false })],
    ignoreMerges: true,
    addBos: true,
  },
  { names: ['tiny_aya', 'cohere2moe'], splits: [threesFromRight, markedWords({ digits: 3 })] },
  {
    names: ['youtu'],
    splits: [
      isolate(
        anyOf(
          runOfRanges(ranges.YOUTU_HANGUL),
          runOfRanges(ranges.YOUTU_SIGNS),
          runOfRanges(ranges.YOUTU_BOPOMOFO),
          runOfRanges(ranges.HAN_AND_KANA),
        ),
      ),
      markedWords({ digits: 1 }),
    ],
    ignoreMerges: true,
  },
  { names: ['kimi-k2'], splits: [kimiWords], mergesOptional: true },
  {
    names: ['gemma4', 'granite-embed-multi-311m'],
    splits: [lines],
    spelling: 'sentencepiece',
    forcesBos: true,
    joinsLineBreaks: true,
  },
  { names: ['sarvam-moe'], splits: [lines], spelling: 'sentencepiece' },
  { names: ['whitespace'], splits: [isolate(run(~SPACE))], spelling: 'raw' },
  {
    names: ['default'],
    splits: [
      isolate(run(PUNCTUATION, '$+<=>^~|')),
      gpt2Words,
      isolate(run(NUMBER)),
      isolate(threeAsciiDigits),
    ],
  },
]

const byName = new Map(ENTRIES.flatMap((entry) => entry.names.map((name) => [name, entry] as const)))

/** Throws `UNSUPPORTED` for an unknown name. */
export function preTokenizerOf(name: string): PreTokenizer {
  const entry = byName.get(name)
  if (!entry) {
    const similar = nearest(name, byName.keys())
    throw new DasllamaError(
      'UNSUPPORTED',
      `tokenizer.ggml.pre: pre-tokenizer ${describeValue(name)} is not supported`,
      {
        hint: `${similar === undefined ? '' : `the nearest supported one is ${similar}; `}${byName.size} are supported, all that llama.cpp had in September 2026`,
      },
    )
  }
  return { ...DEFAULTS, ...entry }
}
