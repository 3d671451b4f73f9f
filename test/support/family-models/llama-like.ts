import { array, bool, f32, str, u32 } from '../../../src/gguf/typed-value.js'
import { LONG, tinyCases, WIDE } from './family-cases.js'

/** Families that compute almost what llama does. */

const QKV_BIASES = ['attn_q', 'attn_k', 'attn_v']

/** Divisors for 8 pairs, as in Phi 3: near 1 for short contexts, large for long ones. */
const LONGROPE = {
  short: Array.from({ length: 8 }, (_, i) => 1 + 0.1 * i),
  long: Array.from({ length: 8 }, (_, i) => 1.1 + i * i * 0.8),
}

/** Longrope beyond 64 positions. */
const longrope = (attention: number) => ({
  'rope.scaling.type': str('longrope'),
  'rope.scaling.original_context_length': u32(64),
  'rope.scaling.attn_factor': f32(attention),
})
const LONGROPE_TENSORS = { ropeFactors: LONGROPE }

const LLAMA = tinyCases('llama', {}, [
  ['longrope', { hyperparameters: longrope(1.19), ...LONGROPE_TENSORS }],
  [
    'longrope in a short context',
    {
      hyperparameters: { ...longrope(1.19), 'rope.scaling.original_context_length': u32(256) },
      ...LONGROPE_TENSORS,
    },
  ],
])

/** Architectures whose cases differ in nothing but their name and rope type. */
const SAME = ['internlm2', 'ernie4_5', 'xverse', 'exaone'].flatMap((architecture) =>
  tinyCases(architecture, { shape: { layers: 3 } }, [['in its usual form', {}]]),
)

const EXAONE = tinyCases('exaone', { tied: true }, [
  ['rope factors', { ropeFactors: [1, 1, 1, 1, 8, 8, 8, 8] }],
])

const ARCEE = tinyCases('arcee', {}, [
  ['in its usual form', {}],
  ['YaRN', { ropeScaling: { type: 'yarn', factor: 4, originalContext: 64 }, tied: true }],
  ['in Q4_0', { format: 'Q4_0' }],
])

const SEED_OSS = tinyCases('seed_oss', { biases: QKV_BIASES }, [
  ['in its usual form', {}],
  ['heads wider than the stream, in Q4_0', { shape: { headDim: 32 }, format: 'Q4_0' }],
])

const BAICHUAN = tinyCases(
  'baichuan',
  { shape: { embed: 32, kvHeads: 4, feedForward: 48 }, prompts: [20, 3], deep: true },
  [
    ['7B, with rope', { shape: { layers: 32 } }],
    ['13B, with ALiBi', { shape: { layers: 40 } }],
    ['13B, with ALiBi in 6 heads', { shape: { layers: 40, embed: 24, heads: 6, kvHeads: 2 } }],
  ],
)

/** llama.cpp requires Phi 3's vocabulary of a model whose name contains `phi3`. */
const NAME = ['general.name', str('random')] as const

const PHI3 = tinyCases('phi3', { fused: ['attn_qkv', 'ffn_up'], metadata: [NAME] }, [
  ['fused', {}],
  ['a sliding window, which is not used', { hyperparameters: { 'attention.sliding_window': u32(8) } }],
  ['longrope', { hyperparameters: longrope(1.19), ...LONGROPE_TENSORS, tied: true }],
  [
    'longrope without its type, rotary embedding of part of each head',
    {
      hyperparameters: { ...longrope(1.1), 'rope.dimension_count': u32(12) },
      ...LONGROPE_TENSORS,
      ropeFactors: { short: LONGROPE.short.slice(2), long: LONGROPE.long.slice(2) },
      metadata: [NAME, ['phi3.rope.scaling.type', str('none')]],
    },
  ],
  ['split queries, keys and values', { fused: ['ffn_up'], shape: { heads: 2, kvHeads: 1, embed: 96 } }],
  ['in Q4_K', { format: 'Q4_K', shape: WIDE }],
])

const MISTRAL3_YARN = {
  'rope.scaling.yarn_beta_fast': f32(4),
  'rope.scaling.yarn_beta_slow': f32(0.5),
  'rope.scaling.yarn_log_multiplier': f32(1),
}

const MISTRAL3 = tinyCases(
  'mistral3',
  { tokenizer: 'bpe', ropeScaling: { type: 'yarn', factor: 16, originalContext: 40 } },
  [
    ['YaRN with a log multiplier of 1', { hyperparameters: MISTRAL3_YARN }],
    [
      'YaRN with a log multiplier of 0.5, an attention temperature',
      {
        hyperparameters: {
          ...MISTRAL3_YARN,
          'rope.scaling.yarn_log_multiplier': f32(0.5),
          'attention.temperature_scale': f32(0.4),
        },
      },
    ],
    ['neither', { ropeScaling: { type: 'none', factor: 1 }, tied: true, shape: { headDim: 64 } }],
    ['in Q4_0', { format: 'Q4_0', hyperparameters: { 'attention.temperature_scale': f32(0.1) } }],
  ],
)

const SMOLLM3 = tinyCases('smollm3', { shape: { layers: 5 }, ropeBase: 5e6, tied: true }, [
  ['in its usual form', {}],
  ['in Q4_0', { format: 'Q4_0' }],
])

const CHATGLM = tinyCases(
  'chatglm',
  {
    fused: ['attn_qkv', 'ffn_up'],
    biases: ['attn_qkv'],
    hyperparameters: { 'rope.dimension_count': u32(8) },
  },
  [
    ['in its usual form', {}],
    [
      'in Q8_0',
      {
        format: 'Q8_0',
        shape: { heads: 8, kvHeads: 2, headDim: 8 },
        hyperparameters: { 'rope.dimension_count': u32(4) },
        without: ['rope.freq_base'],
      },
    ],
  ],
)

const GRANITE_SCALES = {
  embedding_scale: f32(12),
  residual_scale: f32(0.22),
  logit_scale: f32(8),
  'attention.scale': f32(0.05),
}

const GRANITE = tinyCases('granite', { tokenizer: 'bpe', hyperparameters: GRANITE_SCALES }, [
  ['all scales', {}],
  ['no positions', { hyperparameters: { 'rope.scaling.finetuned': bool(false) } }],
  [
    'no scales but that of logits, biases',
    {
      hyperparameters: { embedding_scale: f32(0), residual_scale: f32(0), 'attention.scale': f32(0) },
      biases: ['attn_q', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'],
    },
  ],
  ['in Q4_K', { format: 'Q4_K', shape: WIDE }],
])

const GRANITE_SWA = tinyCases(
  'granite_swa',
  {
    shape: { layers: 3, context: 512 },
    prompts: LONG,
    hyperparameters: {
      ...GRANITE_SCALES,
      'attention.sliding_window': u32(20),
      'attention.sliding_window_pattern': array('bool', [true, false, true]),
    },
  },
  [
    ['windows and sinks', {}],
    [
      'a layer without positions',
      { hyperparameters: { 'attention.rope_pattern': array('bool', [true, false, true]) } },
    ],
  ],
)

const MINICPM = tinyCases(
  'minicpm',
  { hyperparameters: { embedding_scale: f32(8), residual_scale: f32(0.3), logit_scale: f32(4) } },
  [
    ['its scales', {}],
    ['longrope', { hyperparameters: longrope(1.1), ...LONGROPE_TENSORS }],
    [
      'default scales of embeddings and residuals',
      { hyperparameters: { logit_scale: f32(0.5) }, without: ['embedding_scale', 'residual_scale'] },
    ],
  ],
)

const HUNYUAN = tinyCases('hunyuan-dense', { tokenizer: 'bpe' }, [
  ['in its usual form', {}],
  [
    'NTK scaling, one expert',
    { hyperparameters: { 'rope.scaling.alpha': f32(100), expert_count: u32(1) }, tied: true },
  ],
  ['in Q8_0', { format: 'Q8_0', shape: { headDim: 64 } }],
])

const BITNET = tinyCases('bitnet', { tied: true }, [
  ['in its usual form', {}],
  [
    'factors of matrices',
    {
      optional: ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].map(
        (name) => `${name}.scale`,
      ),
    },
  ],
  ['in Q4_0', { format: 'Q4_0' }],
])

export const LLAMA_LIKE_CASES = [
  ...LLAMA,
  ...SAME,
  ...EXAONE,
  ...ARCEE,
  ...SEED_OSS,
  ...BAICHUAN,
  ...PHI3,
  ...MISTRAL3,
  ...SMOLLM3,
  ...CHATGLM,
  ...GRANITE,
  ...GRANITE_SWA,
  ...MINICPM,
  ...HUNYUAN,
  ...BITNET,
]
