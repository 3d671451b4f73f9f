import { array, bool, f32, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'
import type { CaseOptions } from '../random-models.js'
import { familyCases, LONG, type Variant, WINDOW } from './family-cases.js'

/** Mixtures of experts. Routers are F32, as in published files. */

function experts(count: number, used: number, more: Readonly<Record<string, TypedValue>> = {}) {
  return { expert_count: u32(count), expert_used_count: u32(used), ...more }
}

/** Everything in `format` but the routers. */
function besideRouters(format: string) {
  return (name: string) => (name.includes('ffn_gate_inp') ? 'F32' : format)
}

const SMALL = { embed: 64, heads: 2, kvHeads: 1, feedForward: 96, vocab: 400 }
const WIDE = { embed: 256, heads: 4, kvHeads: 2, feedForward: 256, vocab: 389, layers: 1 }

/** One model in each of these formats. */
function inFormats(...formats: readonly string[]): Variant[] {
  return formats.map((format): Variant => [format, { format: besideRouters(format), shape: WIDE }])
}

const LLAMA = familyCases('llama', { shape: SMALL, hyperparameters: experts(8, 2) }, [
  ['experts as in Mixtral', { prompts: LONG, shape: { context: 512 } }],
  ...inFormats('Q8_0'),
])

const GRANITE = familyCases(
  'granitemoe',
  {
    shape: SMALL,
    tied: true,
    hyperparameters: {
      ...experts(16, 4),
      embedding_scale: f32(12),
      residual_scale: f32(0.22),
      logit_scale: f32(6),
      'attention.scale': f32(0.0625),
    },
  },
  [
    ['tied', { prompts: LONG, shape: { context: 512 } }],
    ['a shared expert', { tied: false, hyperparameters: { expert_shared_feed_forward_length: u32(128) } }],
    ['all experts used', { hyperparameters: experts(4, 4) }],
    ...inFormats('Q4_K', 'Q4_0'),
  ],
)

const OLMOE = familyCases(
  'olmoe',
  { shape: { ...SMALL, kvHeads: 2 }, tokenizer: 'bpe', hyperparameters: experts(16, 4) },
  [
    ['its own output', {}],
    ['one expert used', { hyperparameters: experts(16, 1) }],
  ],
)

const QWEN2 = familyCases(
  'qwen2moe',
  {
    shape: SMALL,
    tokenizer: 'bpe',
    biases: ['attn_q', 'attn_k', 'attn_v'],
    hyperparameters: experts(8, 3, {
      expert_feed_forward_length: u32(64),
      expert_shared_feed_forward_length: u32(160),
    }),
  },
  [
    ['a shared expert with a gate', {}],
    [
      'widths that the file does not give',
      {
        hyperparameters: experts(8, 2),
        without: ['expert_feed_forward_length', 'expert_shared_feed_forward_length'],
      },
    ],
  ],
)

const QWEN3 = familyCases(
  'qwen3moe',
  {
    shape: { ...SMALL, headDim: 64 },
    tokenizer: 'bpe',
    hyperparameters: experts(32, 8, { expert_feed_forward_length: u32(32) }),
  },
  [['32 experts', {}], ...inFormats('Q4_K').map(wide)],
)

/** Experts whose rows a block of 256 divides. */
function wide([name, options]: Variant): Variant {
  return [name, { ...options, hyperparameters: experts(32, 8, { expert_feed_forward_length: u32(256) }) }]
}

const GPT_OSS = familyCases(
  'gpt-oss',
  {
    shape: { ...SMALL, layers: 3, headDim: 32, context: 512 },
    tokenizer: 'bpe',
    ropeScaling: { type: 'yarn', factor: 32, originalContext: 64 },
    biases: [
      ...['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate_inp'],
      ...['ffn_gate_exps', 'ffn_up_exps', 'ffn_down_exps'],
    ],
    hyperparameters: {
      ...experts(8, 4, { expert_feed_forward_length: u32(96) }),
      'attention.sliding_window': u32(WINDOW),
    },
  },
  [
    ['sinks and windows', { prompts: LONG }],
    [
      'windows said by layer, with a rope base of their own',
      {
        hyperparameters: {
          'attention.sliding_window_pattern': array('bool', [false, true, true]),
          'rope.freq_base_swa': f32(20_000),
        },
      },
    ],
    [
      'MXFP4',
      {
        format: (name) => (name === '' || name.includes('_exps') ? 'MXFP4' : 'F32'),
        shape: { layers: 1 },
      },
    ],
  ],
)

const ERNIE = familyCases(
  'ernie4_5-moe',
  {
    shape: { ...SMALL, layers: 3 },
    optional: ['exp_probs_b.bias'],
    hyperparameters: experts(8, 3, {
      expert_feed_forward_length: u32(64),
      expert_shared_feed_forward_length: u32(64),
      leading_dense_block_count: u32(1),
      interleave_moe_layer_step: u32(1),
    }),
  },
  [
    ['a selection bias, a dense first layer', {}],
    [
      'neither bias nor shared experts',
      // With the default seed, llama.cpp's router chooses another expert at a near-tie; the f64 reference does as we do.
      { seed: 11, optional: [], hyperparameters: { expert_shared_feed_forward_length: u32(0) } },
    ],
  ],
)

const GLM4: CaseOptions = {
  shape: { ...SMALL, layers: 3 },
  tokenizer: 'bpe',
  biases: ['attn_q', 'attn_k', 'attn_v'],
  optional: ['exp_probs_b.bias'],
  hyperparameters: experts(8, 3, {
    expert_feed_forward_length: u32(64),
    expert_shared_count: u32(1),
    leading_dense_block_count: u32(1),
    expert_weights_scale: f32(2.5),
    expert_weights_norm: bool(true),
    'rope.dimension_count': u32(16),
  }),
}

const GLM = familyCases('glm4moe', GLM4, [
  ['sigmoid gating', {}],
  [
    'norms of heads, softmax gating, weights not normalised',
    {
      optional: ['exp_probs_b.bias', 'attn_q_norm.weight', 'attn_k_norm.weight'],
      hyperparameters: { expert_gating_func: u32(1), expert_weights_norm: bool(false) },
    },
  ],
  [
    'groups of experts',
    {
      hyperparameters: experts(16, 4, { expert_group_count: u32(4), expert_group_used_count: u32(2) }),
    },
  ],
])

const PHI = familyCases(
  'phimoe',
  {
    shape: SMALL,
    biases: ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'output'],
    hyperparameters: experts(8, 2),
  },
  [['norms with biases', {}]],
)

const DEEPSEEK = familyCases(
  'deepseek',
  {
    shape: { ...SMALL, kvHeads: 2, layers: 3 },
    hyperparameters: experts(8, 3, {
      expert_feed_forward_length: u32(64),
      expert_shared_count: u32(2),
      leading_dense_block_count: u32(1),
      expert_weights_scale: f32(1.5),
    }),
  },
  [['two shared experts, a dense first layer', {}]],
)

export const EXPERT_CASES = [
  ...[...LLAMA, ...GRANITE, ...OLMOE, ...QWEN2, ...QWEN3],
  ...[...GPT_OSS, ...ERNIE, ...GLM, ...PHI, ...DEEPSEEK],
]
