import { array, bool, f32, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'
import { tinyCases } from './family-cases.js'

/** Families with state spaces. Prompts over two batches, over one, and short enough for the decode path. */
const PROMPTS = [140, 75, 3]

interface StateSpaceShape {
  readonly inner: number
  readonly heads: number
  readonly states: number
  readonly groups?: number
  readonly taps?: number
}

function stateSpace({ inner, heads, states, groups, taps = 4 }: StateSpaceShape): Record<string, TypedValue> {
  return {
    'ssm.conv_kernel': u32(taps),
    'ssm.inner_size': u32(inner),
    'ssm.state_size': u32(states),
    'ssm.time_step_rank': u32(heads),
    ...(groups !== undefined && { 'ssm.group_count': u32(groups) }),
  }
}

/** As converters write it for models without attention. */
const ATTENTION_FREE = { 'attention.head_count': u32(0), feed_forward_length: u32(0) }
const NO_ATTENTION_KEYS = [
  ...['attention.head_count_kv', 'attention.key_length', 'attention.value_length'],
  ...['rope.dimension_count', 'rope.freq_base'],
]

const MAMBA = tinyCases(
  'mamba',
  {
    prompts: PROMPTS,
    shape: { embed: 32 },
    biases: ['ssm_conv1d', 'ssm_dt'],
    without: NO_ATTENTION_KEYS,
    hyperparameters: { ...ATTENTION_FREE, ...stateSpace({ inner: 64, heads: 6, states: 16 }) },
  },
  [
    ['in its usual form', {}],
    ['tied, as in Falcon Mamba', { tied: true, hyperparameters: { 'ssm.dt_b_c_rms': bool(true) } }],
    [
      'in Q8_0',
      { format: 'Q8_0', hyperparameters: stateSpace({ inner: 64, heads: 32, states: 8, taps: 3 }) },
    ],
  ],
)

const MAMBA2 = tinyCases(
  'mamba2',
  {
    prompts: PROMPTS,
    shape: { embed: 48 },
    biases: ['ssm_conv1d'],
    without: NO_ATTENTION_KEYS,
    hyperparameters: {
      ...ATTENTION_FREE,
      ...stateSpace({ inner: 96, heads: 6, states: 16, groups: 2 }),
    },
  },
  [
    ['in its usual form', {}],
    [
      'one group, heads of 4',
      { hyperparameters: stateSpace({ inner: 80, heads: 20, states: 12, groups: 1, taps: 2 }) },
    ],
    [
      'in Q4_0',
      {
        format: 'Q4_0',
        shape: { embed: 64 },
        hyperparameters: stateSpace({ inner: 128, heads: 4, states: 32, groups: 2 }),
      },
    ],
  ],
)

const SCALES = {
  embedding_scale: f32(12),
  residual_scale: f32(0.5),
  logit_scale: f32(6),
  'attention.scale': f32(0.0625),
}

const GRANITE = tinyCases(
  'granitehybrid',
  {
    prompts: PROMPTS,
    shape: { layers: 3 },
    tokenizer: 'bpe',
    biases: ['ssm_conv1d'],
    hyperparameters: {
      ...SCALES,
      ...stateSpace({ inner: 128, heads: 8, states: 16, groups: 1 }),
      'attention.head_count_kv': array('u32', [0, 2, 0]),
      'rope.scaling.finetuned': bool(false),
    },
  },
  [
    ['dense', {}],
    [
      'experts and a shared one',
      {
        hyperparameters: {
          expert_count: u32(8),
          expert_used_count: u32(3),
          expert_shared_feed_forward_length: u32(64),
        },
      },
    ],
    [
      'positions, no scales, as in Bamba',
      {
        without: ['embedding_scale', 'residual_scale', 'logit_scale', 'attention.scale'],
        hyperparameters: { 'rope.scaling.finetuned': bool(true) },
      },
    ],
    ['in Q4_0', { format: 'Q4_0' }],
  ],
)

const FALCON = tinyCases(
  'falcon-h1',
  {
    prompts: PROMPTS,
    tokenizer: 'bpe',
    ropeBase: 1e11,
    biases: ['ssm_conv1d'],
    hyperparameters: stateSpace({ inner: 96, heads: 6, states: 16, groups: 1 }),
  },
  [
    ['in its usual form', {}],
    [
      'a norm of two groups',
      {
        tied: true,
        optional: ['ssm_norm.weight'],
        hyperparameters: stateSpace({ inner: 96, heads: 6, states: 16, groups: 2 }),
      },
    ],
    ['in Q4_0', { format: 'Q4_0' }],
  ],
)

/** One layer of each kind, and another of Mamba-2. */
const NEMOTRON_LAYERS = {
  'attention.head_count_kv': array('u32', [0, 0, 2, 0]),
  feed_forward_length: array('u32', [0, 96, 0, 0]),
}

const NEMOTRON = tinyCases(
  'nemotron_h',
  {
    prompts: PROMPTS,
    shape: { layers: 4, headDim: 32 },
    tokenizer: 'bpe',
    biases: ['ssm_conv1d'],
    hyperparameters: {
      ...stateSpace({ inner: 96, heads: 6, states: 16, groups: 2 }),
      ...NEMOTRON_LAYERS,
      'attention.layer_norm_epsilon': f32(1e-5),
    },
  },
  [
    ['in its usual form', {}],
    [
      'the epsilon of layer norms only, biases',
      {
        without: ['attention.layer_norm_rms_epsilon'],
        biases: ['ssm_conv1d', 'attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_up', 'ffn_down'],
        hyperparameters: { 'attention.layer_norm_epsilon': f32(0.01) },
      },
    ],
    ['in Q4_0', { format: 'Q4_0' }],
  ],
)

const NEMOTRON_MOE = tinyCases(
  'nemotron_h_moe',
  {
    prompts: PROMPTS,
    shape: { layers: 4, headDim: 32 },
    tokenizer: 'bpe',
    biases: ['ssm_conv1d'],
    optional: ['exp_probs_b.bias'],
    hyperparameters: {
      ...stateSpace({ inner: 96, heads: 6, states: 16, groups: 2 }),
      ...NEMOTRON_LAYERS,
      'attention.layer_norm_epsilon': f32(1e-5),
      expert_count: u32(8),
      expert_used_count: u32(3),
      expert_feed_forward_length: u32(96),
      expert_shared_feed_forward_length: u32(64),
      expert_weights_norm: bool(true),
      expert_weights_scale: f32(2.5),
    },
  },
  [
    ['in its usual form', {}],
    ['latent experts', { hyperparameters: { moe_latent_size: u32(32) } }],
  ],
)

export const HYBRID_MAMBA_CASES = [...MAMBA, ...MAMBA2, ...GRANITE, ...FALCON, ...NEMOTRON, ...NEMOTRON_MOE]
