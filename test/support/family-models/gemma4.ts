import { array, f32, u32 } from '../../../src/gguf/typed-value.js'
import type { CaseOptions } from '../random-models.js'
import { familyCases, LONG, type Variant, WINDOW } from './family-cases.js'

/** Gemma 4: dense, with per-layer embeddings and shared caches, and as a mixture of experts. */

/** Five local layers for each global one. */
function pattern(layers: number, period = 3) {
  return array(
    'bool',
    Array.from({ length: layers }, (_, layer) => layer % period !== period - 1),
  )
}

/** A quarter of the pairs turns, as published. */
function proportional(headDim: number): number[] {
  return Array.from({ length: headDim / 2 }, (_, pair) => (pair < headDim / 8 ? 1 : 1e30))
}

const HEAD = 32
const LOCAL_HEAD = 16

const BASIS: CaseOptions = {
  shape: { embed: 64, layers: 6, heads: 4, kvHeads: 2, headDim: HEAD, feedForward: 96, vocab: 389 },
  ropeBase: 1e6,
  ropeFactors: proportional(HEAD),
  tied: true,
  gelu: true,
  brief: true,
  optional: ['attn_v.weight'],
  hyperparameters: {
    'attention.sliding_window': u32(WINDOW),
    'attention.sliding_window_pattern': pattern(6),
    'attention.key_length_swa': u32(LOCAL_HEAD),
    'attention.value_length_swa': u32(LOCAL_HEAD),
    'rope.dimension_count_swa': u32(LOCAL_HEAD),
    embedding_length_per_layer_input: u32(0),
    final_logit_softcapping: f32(30),
  },
}

const SHARED: CaseOptions = {
  optional: ['attn_v.weight', 'layer_output_scale.weight'],
  hyperparameters: {
    embedding_length_per_layer_input: u32(32),
    'attention.shared_kv_layers': u32(3),
    feed_forward_length: array('i32', [96, 96, 96, 192, 192, 192]),
  },
}

const VARIANTS: Variant[] = [
  [
    'values from keys, few global heads, its own output',
    {
      prompts: LONG,
      brief: false,
      tied: false,
      optional: ['layer_output_scale.weight'],
      shape: { context: 512, layers: 3 },
      hyperparameters: {
        'attention.sliding_window_pattern': pattern(3),
        'attention.head_count_kv': array('i32', [2, 2, 1]),
      },
    },
  ],
  ['one matrix for queries, keys and values', { fused: ['attn_qkv'] }],
  ['per-layer embeddings, shared caches, wider layers', { ...SHARED, prompts: LONG, shape: { context: 512 } }],
  ['shared caches beside one matrix for queries, keys and values', { ...SHARED, fused: ['attn_qkv'] }],
  [
    'a mixture of experts',
    {
      optional: [
        'attn_v.weight',
        'layer_output_scale.weight',
        'ffn_gate_inp.weight',
        'ffn_gate_inp.scale',
        'ffn_down_exps.scale',
      ],
      shape: { layers: 3 },
      hyperparameters: {
        'attention.sliding_window_pattern': pattern(3),
        expert_count: u32(8),
        expert_used_count: u32(2),
        expert_feed_forward_length: u32(64),
      },
    },
  ],
  [
    'a mixture of experts, gate and up in one matrix',
    {
      optional: ['ffn_gate_inp.weight', 'ffn_gate_inp.scale', 'ffn_gate_up_exps.weight'],
      shape: { layers: 3 },
      hyperparameters: {
        'attention.sliding_window_pattern': pattern(3),
        expert_count: u32(4),
        expert_used_count: u32(4),
        expert_feed_forward_length: u32(64),
      },
    },
  ],
  [
    'Q8_0',
    {
      ...SHARED,
      format: 'Q8_0',
      shape: { feedForward: 96 },
    },
  ],
  [
    'Q4_K',
    {
      ...SHARED,
      format: (name) => (/proj\.weight|ffn_down/.test(name) && !/model_proj/.test(name) ? 'Q8_0' : 'Q4_K'),
      shape: { embed: 256, feedForward: 256, heads: 2, kvHeads: 1, headDim: 256 },
      ropeFactors: proportional(256),
      hyperparameters: {
        ...SHARED.hyperparameters,
        feed_forward_length: array('i32', [256, 256, 256, 512, 512, 512]),
        'attention.key_length_swa': u32(128),
        'attention.value_length_swa': u32(128),
        'rope.dimension_count_swa': u32(128),
        embedding_length_per_layer_input: u32(128),
      },
    },
  ],
]

const GEMMA4 = familyCases('gemma4', BASIS, VARIANTS)

export const GEMMA4_CASES = GEMMA4
