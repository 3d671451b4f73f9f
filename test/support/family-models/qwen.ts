import { FORMATS, familyCases, MIXED, mixed } from './family-cases.js'

/** Qwen 2 and 3, dense. */

const QWEN_VARIANTS = [
  ['its own output', {}],
  ['tied', { tied: true }],
  ['a key/value head for each query head', { shape: { kvHeads: 4 } }],
  ['heads of 64, 7 to a key/value head', { shape: { embed: 448, heads: 7, kvHeads: 1 } }],
  [
    'widths that no block divides',
    { shape: { embed: 60, heads: 3, kvHeads: 1, feedForward: 100, vocab: 997 } },
  ],
  ['YaRN', { ropeScaling: { type: 'yarn', factor: 4, originalContext: 64 } }],
  ['a mixture as in Q4_K_M', { format: mixed, tied: true, shape: MIXED }],
  [
    'Q8_0 in rows of 96 and 288',
    { format: 'Q8_0', shape: { embed: 96, heads: 3, kvHeads: 1, feedForward: 288 } },
  ],
  ['one matrix for queries, keys and values', { fused: ['attn_qkv'] }],
] as const

const QWEN2 = familyCases(
  'qwen2',
  { tokenizer: 'bpe', ropeBase: 1e6, biases: ['attn_q', 'attn_k', 'attn_v'] },
  [
    ...QWEN_VARIANTS,
    ['without biases', { biases: false }],
    ['an output bias', { biases: ['attn_q', 'attn_k', 'attn_v', 'output'] }],
  ],
  FORMATS,
)

const QWEN3 = familyCases(
  'qwen3',
  { tokenizer: 'bpe', ropeBase: 1e6 },
  [
    ...QWEN_VARIANTS,
    ['heads wider than the stream', { shape: { embed: 64, headDim: 32 } }],
    ['heads of 128', { shape: { heads: 2, kvHeads: 1, headDim: 128 } }],
  ],
  FORMATS,
)

export const QWEN_CASES = [...QWEN2, ...QWEN3]
