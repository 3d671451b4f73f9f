import { array, f32, u32 } from '../../../src/gguf/typed-value.js'
import { LONG, tinyCases, WINDOW } from './family-cases.js'

/** Families whose norms, windows or caps differ from llama's. */

const GEMMA = tinyCases('gemma', { tied: true, gelu: true }, [
  ['in its usual form', { shape: { headDim: 32 } }],
  ['in Q8_0', { format: 'Q8_0' }],
])

const GEMMA2 = tinyCases(
  'gemma2',
  {
    shape: { layers: 3, headDim: 32, context: 512 },
    tied: true,
    gelu: true,
    prompts: LONG,
    hyperparameters: {
      'attention.sliding_window': u32(WINDOW),
      // Far below the real 50 and 30, so that they change something.
      attn_logit_softcapping: f32(1.5),
      final_logit_softcapping: f32(5),
    },
  },
  [
    ['windows and caps', {}],
    [
      'windows in pages, another base there, scaled rope',
      {
        hyperparameters: {
          'attention.sliding_window': u32(130),
          'attention.sliding_window_pattern': u32(3),
          'rope.freq_base_swa': f32(20_000),
        },
        ropeScaling: { type: 'linear', factor: 4 },
      },
    ],
    [
      'defaults',
      {
        prompts: [75, 3],
        without: ['attention.sliding_window', 'attn_logit_softcapping', 'final_logit_softcapping'],
      },
    ],
    [
      '46 layers, as in 27B',
      {
        deep: true,
        prompts: [40],
        shape: { layers: 46, embed: 32, heads: 2, kvHeads: 1, headDim: 20, feedForward: 48 },
      },
    ],
    ['in Q4_0', { format: 'Q4_0' }],
  ],
)

const OLMO2 = tinyCases('olmo2', { tokenizer: 'bpe', shape: { layers: 5, context: 512 } }, [
  ['in its usual form', {}],
  [
    'windows, YaRN in full layers',
    {
      prompts: LONG,
      hyperparameters: { 'attention.sliding_window': u32(WINDOW) },
      ropeScaling: { type: 'yarn', factor: 4, originalContext: 64 },
    },
  ],
  [
    'windows by layer',
    {
      prompts: LONG,
      hyperparameters: {
        'attention.sliding_window': u32(129),
        'attention.sliding_window_pattern': array('bool', [true, true, false, true, false]),
      },
    },
  ],
  ['in Q4_0', { format: 'Q4_0', shape: { embed: 128, layers: 3 } }],
])

const EXAONE4 = tinyCases('exaone4', { tokenizer: 'bpe' }, [
  ['in its usual form', { tied: true }],
  ['in Q8_0', { format: 'Q8_0', ropeFactors: [1, 1, 1, 1, 8, 8, 8, 8] }],
  [
    '64 layers, as in 32B',
    {
      deep: true,
      prompts: [40, 3],
      shape: { layers: 64, embed: 32, heads: 2, kvHeads: 1, feedForward: 48 },
      hyperparameters: { 'attention.sliding_window': u32(WINDOW) },
    },
  ],
])

const GLM4 = tinyCases(
  'glm4',
  {
    tokenizer: 'bpe',
    fused: ['ffn_up'],
    biases: ['attn_q', 'attn_k', 'attn_v'],
    hyperparameters: { 'rope.dimension_count': u32(8) },
  },
  [
    ['in its usual form', {}],
    [
      'sections of the rotary embedding',
      { hyperparameters: { 'rope.dimension_sections': array('i32', [2, 1, 1, 0]) } },
    ],
    ['in Q8_0', { format: 'Q8_0', tied: true }],
  ],
)

export const NORMED_CASES = [...GEMMA, ...GEMMA2, ...OLMO2, ...EXAONE4, ...GLM4]
