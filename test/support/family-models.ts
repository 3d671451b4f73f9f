import { array, f32, u32 } from '../../src/gguf/typed-value.js'
import { type CaseOptions, type ModelCase, modelCase } from './random-models.js'

/** Random models of each family except llama, whose models are in random-models.ts. */

const FORMATS = ['F16', 'Q8_0', 'Q4_0', 'Q4_K']

/** Row lengths that are multiples of 256. */
const WIDE = { embed: 256, feedForward: 512, vocab: 389 }

/** llama-quantize's mix for Q4_K_M when the embedding length is not a multiple of 256, but the feed-forward length is. */
function mixed(name: string): string {
  if (name === 'token_embd.weight' || name === 'output.weight') return 'Q8_0'
  return /attn_|ffn_gate|ffn_up/.test(name) ? 'Q5_0' : 'Q4_K'
}
const MIXED = { embed: 160, heads: 5, kvHeads: 1, feedForward: 512 }

/** A family's cases: `basis` for all of them, and one model per format. */
function familyCases(
  architecture: string,
  basis: CaseOptions,
  variants: readonly (readonly [name: string, options: CaseOptions])[],
): ModelCase[] {
  const one = (name: string, options: CaseOptions) => {
    const shape = { ...basis.shape, ...options.shape }
    const hyperparameters = { ...basis.hyperparameters, ...options.hyperparameters }
    return modelCase(`${architecture}, ${name}`, {
      architecture,
      ...basis,
      ...options,
      shape,
      hyperparameters,
    })
  }
  return [
    ...variants.map(([name, options]) => one(name, options)),
    ...FORMATS.map((format) => one(format, { format, shape: WIDE })),
  ]
}

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
)

const QWEN3 = familyCases('qwen3', { tokenizer: 'bpe', ropeBase: 1e6 }, [
  ...QWEN_VARIANTS,
  ['heads wider than the stream', { shape: { embed: 64, headDim: 32 } }],
  ['heads of 128', { shape: { heads: 2, kvHeads: 1, headDim: 128 } }],
])

/** Much shorter than the prompts. */
const WINDOW = 16

/** Prompts over several pages of the cache, which leave windows of more than one page. */
const LONG = [300, 75, 3]

const GEMMA3 = familyCases(
  'gemma3',
  {
    // A period of six and the beginning of the next.
    shape: { layers: 7, headDim: 64, context: 512 },
    ropeBase: 1e6,
    tied: true,
    gelu: true,
    hyperparameters: { 'attention.sliding_window': u32(WINDOW) },
  },
  [
    ['tied', { prompts: LONG }],
    ['its own output', { tied: false }],
    ['no window', { hyperparameters: { 'attention.sliding_window': u32(0) } }],
    ['12 layers, rope linear', { shape: { layers: 12 }, ropeScaling: { type: 'linear', factor: 8 } }],
    [
      'a window of one position in every other layer',
      {
        shape: { layers: 3 },
        prompts: LONG,
        hyperparameters: { 'attention.sliding_window': u32(1), 'attention.sliding_window_pattern': u32(2) },
      },
    ],
    [
      'windows said by layer, rope bases 500000 and 20000',
      {
        shape: { layers: 4 },
        prompts: LONG,
        ropeBase: 500_000,
        ropeScaling: { type: 'linear', factor: 2 },
        hyperparameters: {
          'attention.sliding_window': u32(130),
          'attention.sliding_window_pattern': array('bool', [false, true, true, false]),
          'rope.freq_base_swa': f32(20_000),
        },
      },
    ],
    [
      'windows in all layers',
      { shape: { layers: 2 }, hyperparameters: { 'attention.sliding_window_pattern': u32(0) } },
    ],
    ['a soft cap', { shape: { layers: 2 }, hyperparameters: { final_logit_softcapping: f32(5) } }],
    [
      'heads of 256, widths that no block divides',
      { shape: { embed: 60, heads: 2, kvHeads: 1, headDim: 256, feedForward: 100, vocab: 997 } },
    ],
    [
      '62 layers, whose scores are scaled by the embedding over the heads, as in 27B',
      {
        shape: { layers: 62, embed: 64, heads: 2, kvHeads: 1, headDim: 20, feedForward: 64 },
      },
    ],
    ['a mixture as in Q4_K_M', { format: mixed, shape: MIXED }],
    ['one matrix for queries, keys and values', { fused: ['attn_qkv'], shape: { layers: 6 } }],
  ],
)

export const FAMILY_CASES: readonly ModelCase[] = [...QWEN2, ...QWEN3, ...GEMMA3]
