import { array, f32, u32 } from '../../../src/gguf/typed-value.js'
import type { TensorToWrite } from '../../../src/gguf/writer.js'
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
  [
    'per-layer embeddings, shared caches, wider layers',
    { ...SHARED, prompts: LONG, shape: { context: 512 } },
  ],
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

/** Layers before the first one that shares a cache. */
const OWN_CACHES = 20
const LAYERS_3N = 22

/** llama.cpp wants keys and values of all layers, also of those that read another layer's. */
function unusedKeys(): TensorToWrite[] {
  return Array.from({ length: LAYERS_3N - OWN_CACHES }, (_, i) => `blk.${OWN_CACHES + i}`).flatMap(
    (layer) => [
      zeros(`${layer}.attn_k.weight`, [32, LOCAL_HEAD]),
      zeros(`${layer}.attn_v.weight`, [32, LOCAL_HEAD]),
      zeros(`${layer}.attn_k_norm.weight`, [LOCAL_HEAD]),
    ],
  )
}

function zeros(name: string, shape: readonly number[]): TensorToWrite {
  const elements = shape.reduce((product, size) => product * size, 1)
  return { name, shape, format: 'F32', data: new Uint8Array(4 * elements) }
}

/** Gemma 3n, whose widths of per-layer embeddings and of low rank are fixed. */
const GEMMA3N = familyCases(
  'gemma3n',
  {
    shape: {
      embed: 32,
      layers: LAYERS_3N,
      heads: 2,
      kvHeads: 1,
      headDim: LOCAL_HEAD,
      // Enough values pass the sparse gates.
      feedForward: 512,
      vocab: 389,
    },
    ropeBase: 1e6,
    tied: true,
    gelu: true,
    deep: true,
    extraTensors: unusedKeys(),
    hyperparameters: {
      'attention.sliding_window': u32(WINDOW),
      'attention.sliding_window_pattern': array(
        'bool',
        Array.from({ length: LAYERS_3N }, (_, layer) => layer % 5 !== 4 && layer !== OWN_CACHES),
      ),
    },
  },
  [['four streams, sparse layers, shared caches', {}]],
)

export const GEMMA4_CASES = [...GEMMA4, ...GEMMA3N]
