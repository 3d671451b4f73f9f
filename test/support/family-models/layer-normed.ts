import { bool, f32, u32 } from '../../../src/gguf/typed-value.js'
import { LONG, tinyCases, WINDOW } from './family-cases.js'

/** Families with layer norms. */

const LAYER_NORM = { 'attention.layer_norm_epsilon': f32(1e-5) }
const NORMS = ['attn_norm', 'output_norm']
const BIASES = [...NORMS, 'ffn_norm', 'attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_up', 'ffn_down']
const FUSED_BIASES = [...NORMS, 'ffn_norm', 'attn_qkv', 'attn_output', 'ffn_up', 'ffn_down']
/** Rotary embedding of half of each head. */
const PARTIAL = { ...LAYER_NORM, 'rope.dimension_count': u32(8) }

const PHI2 = tinyCases(
  'phi2',
  { tokenizer: 'bpe', gelu: true, biases: [...BIASES, 'output'], hyperparameters: PARTIAL },
  [
    ['in its usual form', {}],
    ['one matrix for queries, keys and values', { fused: ['attn_qkv'], biases: [...FUSED_BIASES, 'output'] }],
    ['in Q8_0', { format: 'Q8_0' }],
  ],
)

const STABLELM = tinyCases(
  'stablelm',
  {
    tokenizer: 'bpe',
    hyperparameters: { ...LAYER_NORM, 'rope.dimension_count': u32(4) },
    biases: [...NORMS, 'ffn_norm', 'attn_q', 'attn_k', 'attn_v'],
    optional: ['ffn_norm.weight'],
  },
  [
    ['in its usual form', {}],
    [
      'parallel, norms of each head',
      {
        optional: ['attn_q_norm.weight', 'attn_k_norm.weight'],
        biases: NORMS,
        shape: { embed: 96, heads: 6 },
      },
    ],
    ['in Q4_0', { format: 'Q4_0' }],
  ],
)

const STARCODER2 = tinyCases(
  'starcoder2',
  { tokenizer: 'bpe', gelu: true, hyperparameters: LAYER_NORM, biases: BIASES },
  [
    ['in its usual form', {}],
    ['in Q8_0', { format: 'Q8_0', tied: true }],
  ],
)

const GPT2 = tinyCases(
  'gpt2',
  {
    tokenizer: 'bpe',
    gelu: true,
    hyperparameters: LAYER_NORM,
    biases: FUSED_BIASES,
    fused: ['attn_qkv'],
    shape: { kvHeads: 4, context: 512 },
    without: [
      'attention.head_count_kv',
      'attention.key_length',
      'attention.value_length',
      'rope.dimension_count',
      'rope.freq_base',
    ],
  },
  [
    ['in its usual form', { prompts: LONG }],
    ['in Q8_0', { format: 'Q8_0', tied: true }],
  ],
)

const STARCODER = tinyCases(
  'starcoder',
  {
    tokenizer: 'bpe',
    gelu: true,
    hyperparameters: LAYER_NORM,
    biases: FUSED_BIASES,
    fused: ['attn_qkv'],
    shape: { kvHeads: 1 },
  },
  [['in its usual form', {}]],
)

const GPTNEOX = tinyCases(
  'gptneox',
  {
    tokenizer: 'bpe',
    gelu: true,
    biases: FUSED_BIASES,
    fused: ['attn_qkv'],
    hyperparameters: { ...PARTIAL, use_parallel_residual: bool(true) },
    shape: { kvHeads: 4 },
  },
  [
    ['parallel', {}],
    ['sequential', { hyperparameters: { use_parallel_residual: bool(false) } }],
    ['in Q8_0', { format: 'Q8_0' }],
  ],
)

const FALCON = tinyCases(
  'falcon',
  {
    tokenizer: 'bpe',
    gelu: true,
    biases: [...NORMS, 'attn_norm_2'],
    fused: ['attn_qkv'],
    hyperparameters: LAYER_NORM,
    shape: { kvHeads: 1 },
  },
  [
    ['in its usual form', {}],
    ['two norms, as in 40B', { optional: ['attn_norm_2.weight'], tied: true }],
    ['in Q8_0', { format: 'Q8_0' }],
  ],
)

const COMMAND_R = tinyCases(
  'command-r',
  { tokenizer: 'bpe', tied: true, hyperparameters: { ...LAYER_NORM, logit_scale: f32(0.5) } },
  [
    ['in its usual form', {}],
    ['no scale', { without: ['logit_scale'] }],
    [
      '64 layers, as in Plus',
      { deep: true, prompts: [40], shape: { layers: 64, embed: 32, heads: 4, kvHeads: 2, feedForward: 48 } },
    ],
    ['in Q8_0', { format: 'Q8_0' }],
  ],
)

const COHERE2 = tinyCases(
  'cohere2',
  {
    tokenizer: 'bpe',
    tied: true,
    prompts: LONG,
    shape: { layers: 5, context: 512 },
    hyperparameters: { ...LAYER_NORM, logit_scale: f32(0.5), 'attention.sliding_window': u32(WINDOW) },
  },
  [
    ['windows', {}],
    [
      'windows in pages, every other layer',
      {
        hyperparameters: { 'attention.sliding_window': u32(128), 'attention.sliding_window_pattern': u32(2) },
      },
    ],
    ['in Q4_0', { format: 'Q4_0', prompts: [75, 3] }],
  ],
)

const NEMOTRON = tinyCases(
  'nemotron',
  { tokenizer: 'bpe', hyperparameters: PARTIAL, biases: [...NORMS, 'ffn_norm'] },
  [
    ['in its usual form', {}],
    ['biases everywhere, in Q8_0', { format: 'Q8_0', biases: BIASES }],
  ],
)

export const LAYER_NORMED_CASES = [
  ...PHI2,
  ...STABLELM,
  ...STARCODER2,
  ...GPT2,
  ...STARCODER,
  ...GPTNEOX,
  ...FALCON,
  ...COMMAND_R,
  ...COHERE2,
  ...NEMOTRON,
]
