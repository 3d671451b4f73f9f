/** A model of middle size for each kind of family: random weights in a published model's shape, with fewer layers or tokens. */
import { array, bool, f32, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import type { RandomModelOptions } from '../../test/support/random-model/random-model.js'

export interface FamilyModel {
  readonly name: string
  readonly what: string
  readonly options: RandomModelOptions
}

/** Routers are F32 in published files. */
function besideRouters(format: string): RandomModelOptions['format'] {
  return (name) => (/ffn_gate_inp|position_embd|token_types/.test(name) ? 'F32' : format)
}

const experts = (count: number, used: number, rows: number): Record<string, TypedValue> => ({
  expert_count: u32(count),
  expert_used_count: u32(used),
  expert_feed_forward_length: u32(rows),
})

const VOCAB = { vocab: 32_000, context: 2048 }

/** Dense, as Qwen 3 0.6B. */
const QWEN3: Omit<RandomModelOptions, 'format'> = {
  architecture: 'qwen3',
  tokenizer: 'bpe',
  ropeBase: 1e6,
  tied: true,
  shape: { embed: 1024, layers: 14, heads: 16, kvHeads: 8, headDim: 128, feedForward: 3072, ...VOCAB },
}

/** Windowed, as Gemma 3 1B. */
const GEMMA3: Omit<RandomModelOptions, 'format'> = {
  architecture: 'gemma3',
  ropeBase: 1e6,
  tied: true,
  shape: { embed: 1152, layers: 12, heads: 4, kvHeads: 1, headDim: 256, feedForward: 6912, ...VOCAB },
  hyperparameters: { 'attention.sliding_window': u32(128) },
}

/** Granite 3.1 1B-A400M: 32 experts, 8 used. */
const GRANITEMOE: Omit<RandomModelOptions, 'format'> = {
  architecture: 'granitemoe',
  tokenizer: 'bpe',
  tied: true,
  shape: { embed: 1024, layers: 12, heads: 16, kvHeads: 8, headDim: 64, feedForward: 512, ...VOCAB },
  hyperparameters: {
    ...experts(32, 8, 512),
    embedding_scale: f32(12),
    residual_scale: f32(0.22),
    logit_scale: f32(6),
    'attention.scale': f32(0.015625),
  },
}

/** Qwen 3 30B-A3B: 128 experts, 8 used. */
const QWEN3MOE: Omit<RandomModelOptions, 'format'> = {
  architecture: 'qwen3moe',
  tokenizer: 'bpe',
  ropeBase: 1e6,
  shape: { embed: 2048, layers: 2, heads: 32, kvHeads: 4, headDim: 128, feedForward: 6144, ...VOCAB },
  hyperparameters: experts(128, 8, 768),
}

/** A hybrid of gated DeltaNets and gated attention, as Qwen 3.5 0.8B. */
const QWEN35: Omit<RandomModelOptions, 'format'> = {
  architecture: 'qwen35',
  tokenizer: 'bpe',
  ropeBase: 1e7,
  tied: true,
  shape: { embed: 1024, layers: 12, heads: 8, kvHeads: 2, headDim: 256, feedForward: 3584, ...VOCAB },
  hyperparameters: {
    'ssm.conv_kernel': u32(4),
    'ssm.inner_size': u32(2048),
    'ssm.state_size': u32(128),
    'ssm.time_step_rank': u32(16),
    'ssm.group_count': u32(16),
    'rope.dimension_count': u32(64),
    'rope.dimension_sections': array('i32', [11, 11, 10, 0]),
  },
}

/** A hybrid of short convolutions and attention, as LFM2 350M. */
const LFM2: Omit<RandomModelOptions, 'format'> = {
  architecture: 'lfm2',
  tokenizer: 'bpe',
  ropeBase: 1e6,
  tied: true,
  shape: { embed: 1024, layers: 16, heads: 16, kvHeads: 8, headDim: 64, feedForward: 4608, ...VOCAB },
  hyperparameters: {
    'shortconv.l_cache': u32(3),
    'attention.head_count_kv': array('i32', [0, 0, 8, 0, 0, 8, 0, 0, 8, 0, 8, 0, 8, 0, 8, 0]),
  },
}

/** Encoder, as BGE base, without its vocabulary. */
const BERT: Omit<RandomModelOptions, 'format'> = {
  architecture: 'bert',
  tokenizer: 'bpe',
  tokenTypes: 2,
  optional: ['token_types.weight'],
  biases: [
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_up', 'ffn_down'],
    ...['token_embd_norm', 'attn_output_norm', 'layer_output_norm'],
  ],
  hyperparameters: { 'attention.layer_norm_epsilon': f32(1e-12), 'attention.causal': bool(false) },
  shape: {
    embed: 768,
    layers: 12,
    heads: 12,
    kvHeads: 12,
    headDim: 64,
    feedForward: 3072,
    vocab: 32_000,
    context: 512,
  },
}

export const FAMILY_MODELS: readonly FamilyModel[] = [
  of('qwen3', 'Q4_K', QWEN3, 'dense: half of the layers of Qwen 3 0.6B'),
  of('gemma3', 'Q8_0', GEMMA3, 'windowed: twelve layers of Gemma 3 1B, windows of 128 positions'),
  of('granitemoe', 'Q4_K', GRANITEMOE, 'experts: half of the layers of Granite 3.1 1B-A400M'),
  of('granitemoe', 'Q8_0', GRANITEMOE, 'experts: half of the layers of Granite 3.1 1B-A400M'),
  of('qwen3moe', 'Q4_K', QWEN3MOE, 'experts: two layers of Qwen 3 30B-A3B'),
  of('qwen3moe', 'Q8_0', QWEN3MOE, 'experts: two layers of Qwen 3 30B-A3B'),
  of('qwen35', 'Q8_0', QWEN35, 'recurrent: half of the layers of Qwen 3.5 0.8B'),
  of('qwen35', 'Q4_K', QWEN35, 'recurrent: half of the layers of Qwen 3.5 0.8B'),
  of('lfm2', 'Q8_0', LFM2, 'recurrent: LFM2 350M'),
  of('lfm2', 'Q4_K', LFM2, 'recurrent: LFM2 350M'),
  of('bert', 'Q8_0', BERT, 'encoder: BGE base; a prompt is a text that is embedded'),
]

function of(
  family: string,
  format: string,
  options: Omit<RandomModelOptions, 'format'>,
  what: string,
): FamilyModel {
  return {
    name: `${family}-${format}`,
    what: `random weights, ${what}; 32,000 tokens`,
    options: { ...options, format: besideRouters(format) },
  }
}
