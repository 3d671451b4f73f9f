import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import {
  afterOptionalSpace,
  isolate,
  lineBreak,
  run,
  runOfRanges,
  type Split,
  threeAsciiDigits,
  trailingSpace,
  upTo,
} from './splits.js'
import { LETTER, NUMBER, PUNCTUATION } from './unicode-classes.js'
import { casedWords, deepseekWord, gpt2Words, modernWords } from './words.js'

/** How a byte-level BPE tokenizer splits text into words before merging. */
export interface PreTokenizer {
  /** Applied in order, each to the pieces of the previous one. */
  readonly splits: readonly Split[]
  /** A word in the vocabulary becomes that token without merging. */
  readonly ignoreMerges: boolean
  /** Whether BOS is added if the file does not specify it. */
  readonly addBos: boolean
}

interface Entry {
  /** Values of `tokenizer.ggml.pre`. */
  readonly names: readonly string[]
  readonly splits: readonly Split[]
  readonly ignoreMerges?: boolean
  readonly addBos?: boolean
}

const llama3 = [modernWords({ digits: 3 })]
const digitwiseGpt2 = [isolate(upTo(1, NUMBER)), gpt2Words]

/** `[一-龥ࠀ-一가-퟿]+` */
const cjk = isolate(
  runOfRanges([
    [0x4e00, 0x9fa5],
    [0x800, 0x4e00],
    [0xac00, 0xd7ff],
  ]),
)

/** The cased letters that deepseek-llm enumerates: code points in hexadecimal. */
const CASED_LETTERS =
  '41-5a,61-7a,b5,c0-d6,d8-f6,f8-1ba,1bc-1bf,1c4-293,295-2af,370-373,376,377,37b-37d,37f,386,388-38a,38c,' +
  '38e-3a1,3a3-3f5,3f7-481,48a-52f,531-556,10a0-10c5,13a0-13f5,13f8-13fd,1c90-1cba,1cbd-1cbf,1d00-1d2b,' +
  '1d6b-1d77,1d79-1d9a,1e00-1f15,1f18-1f1d,1f20-1f45,1f48-1f4d,1f50-1f57,1f59,1f5b,1f5d,1f5f-1f7d,1f80-1fb4,' +
  '1fb6-1fbc,1fbe,1fc2-1fc4,1fc6-1fcc,1fd0-1fd3,1fd6-1fdb,1fe0-1fec,1ff2-1ff4,1ff6-1ffc,2102,2107,210a-2113,' +
  '2115,2119-211d,2124,2126,2128,212a-212d,212f-2134,2139,213c-213f,2145-2149,214e,2183,2184,2c00-2c7b,' +
  '2c7e-2ce4,2ceb-2cee,2cf2,2cf3,a640-a66d,a680-a69b,a722-a76f,a771-a787,a78b-a78e,ab70-abbf,fb00-fb06,' +
  'fb13-fb17,ff21-ff3a,ff41-ff5a,10400-1044f,104b0-104d3,104d8-104fb,10c80-10cb2,10cc0-10cf2,118a0-118df,' +
  '1e900-1e943'

const casedLetters = CASED_LETTERS.split(',').map((range): [number, number] => {
  const [first, last = first] = range.split('-').map((digits) => Number.parseInt(digits, 16))
  return [first, last]
})

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
    splits: llama3,
    ignoreMerges: true,
    addBos: true,
  },
  { names: ['dbrx', 'smaug-bpe', 'glm4', 'chatglm-bpe'], splits: llama3 },
  {
    names: [
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
    splits: [modernWords({ digits: 1 })],
  },
  { names: ['qwen35'], splits: [modernWords({ digits: 1, marks: true })] },
  {
    names: [
      'gpt-2',
      'phi-2',
      'mpt',
      'olmo',
      'jais',
      'gigachat',
      'a.x-4.0',
      'mellum',
      'exaone4',
      'trillion',
      'granite-docling',
    ],
    splits: [gpt2Words],
  },
  {
    names: ['starcoder', 'refact', 'command-r', 'smollm', 'codeshell', 'exaone', 'minerva-7b', 'mellum2'],
    splits: digitwiseGpt2,
  },
  {
    names: ['falcon'],
    splits: [isolate(run(PUNCTUATION, '$+<=>^~|`')), gpt2Words, isolate(threeAsciiDigits)],
  },
  {
    names: ['deepseek-coder'],
    splits: [
      isolate(lineBreak),
      isolate(afterOptionalSpace(run(LETTER))),
      isolate(afterOptionalSpace(run(PUNCTUATION))),
      cjk,
      isolate(upTo(1, NUMBER)),
    ],
  },
  {
    names: ['deepseek-llm'],
    splits: [
      isolate(lineBreak),
      isolate(afterOptionalSpace(runOfRanges(casedLetters))),
      isolate(
        afterOptionalSpace(
          runOfRanges([
            [0x21, 0x2f],
            [0x3a, 0x7e],
            [0xff01, 0xff0f],
            [0xff1a, 0xff5e],
            [0x2018, 0x201f],
            [0x3000, 0x3002],
          ]),
        ),
      ),
      trailingSpace,
      cjk,
      isolate(run(NUMBER)),
    ],
  },
  {
    names: ['deepseek-v3', 'hunyuan-dense', 'joyai-llm', 'hy_v4'],
    splits: [
      isolate(upTo(3, NUMBER)),
      isolate(
        runOfRanges([
          [0x4e00, 0x9fa5],
          [0x3040, 0x30ff],
        ]),
      ),
      isolate(deepseekWord),
    ],
  },
  {
    names: ['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2'],
    splits: [casedWords({ digits: 3, contractions: true })],
  },
  {
    names: ['tekken'],
    splits: [casedWords({ digits: 1, contractions: false })],
    ignoreMerges: true,
    addBos: true,
  },
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
    throw new DasllamaError(
      'UNSUPPORTED',
      `tokenizer.ggml.pre: pre-tokenizer ${describeValue(name)} is not supported`,
      {
        hint: `supported: ${[...byName.keys()].join(', ')}`,
      },
    )
  }
  return { splits: entry.splits, ignoreMerges: entry.ignoreMerges ?? false, addBos: entry.addBos ?? false }
}
