import { array, bool, f32, str, u32 } from '../../../src/gguf/typed-value.js'
import type { CaseOptions, ModelCase } from '../random-models.js'
import { familyCases, type Variant, WIDE } from './family-cases.js'

/** Random encoders, which have hidden states only. */

const IN_BOTH_DIRECTIONS = { 'attention.causal': bool(false) }
const LAYER_NORM = { ...IN_BOTH_DIRECTIONS, 'attention.layer_norm_epsilon': f32(1e-5) }

/** Over several batches and pages of 128; a single token; fewer than a tile has. */
const LENGTHS = [300, 129, 5, 1]

const basis: CaseOptions = {
  tokenizer: 'bpe',
  tied: true,
  prompts: LENGTHS,
  shape: { kvHeads: 4, context: 512, embed: 64, feedForward: 96, vocab: 331 },
}

/** Norms' biases, and those of linear layers. */
const BERT_BIASES = [
  ...['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_up', 'ffn_down'],
  ...['token_embd_norm', 'attn_output_norm', 'layer_output_norm'],
]
const bertLike: CaseOptions = {
  ...basis,
  biases: BERT_BIASES,
  gelu: true,
  hyperparameters: LAYER_NORM,
  optional: ['token_types.weight'],
  tokenTypes: 2,
}

const RERANKER = { pooling_type: u32(4) }
const HEADS = ['cls.weight', 'cls.bias', 'cls.output.weight', 'cls.output.bias']

function reranker(
  options: CaseOptions,
  optional: readonly string[],
  labels?: readonly string[],
): CaseOptions {
  const keys = labels ? { ...RERANKER, 'classifier.output_labels': array('string', [...labels]) } : RERANKER
  return {
    ...options,
    hyperparameters: { ...options.hyperparameters, ...keys },
    optional: [...(options.optional ?? []), ...optional],
  }
}

const BERT = familyCases('bert', bertLike, [
  ['layer norms, learned positions', {}],
  ['one matrix for queries, keys and values', { fused: ['attn_qkv'], biases: [...BERT_BIASES, 'attn_qkv'] }],
  [
    'no token types, 3 layers, heads of 12',
    { optional: [], shape: { layers: 3, embed: 36, heads: 3, kvHeads: 3 } },
  ],
  formatted('Q8_0'),
  formatted('Q4_K'),
])

/** A format of matrices other than those of types and positions, which files keep in F32. */
function formatted(format: string): Variant {
  return [
    format,
    { format: (name) => (/^(token_types|position_embd)/.test(name) ? 'F32' : format), shape: WIDE },
  ]
}

const ROTARY: readonly Variant[] = [
  ['rotary embeddings', {}],
  ['no token types', { optional: [] }],
]

const NOMIC = familyCases(
  'nomic-bert',
  { ...bertLike, gelu: false, biases: ['token_embd_norm', 'attn_output_norm', 'layer_output_norm'] },
  ROTARY,
)
const NOMIC_MOE = familyCases(
  'nomic-bert-moe',
  {
    ...bertLike,
    shape: { ...bertLike.shape, layers: 4 },
    hyperparameters: {
      ...LAYER_NORM,
      expert_count: u32(5),
      expert_used_count: u32(2),
      moe_every_n_layers: u32(2),
    },
  },
  [['a mixture in every other layer', {}]],
)
const JINA_V2 = familyCases('jina-bert-v2', bertLike, [
  ['ALiBi', { biases: BERT_BIASES.filter((name) => name !== 'ffn_up') }],
  [
    'ALiBi, 6 heads',
    { biases: BERT_BIASES.filter((name) => name !== 'ffn_up'), shape: { embed: 72, heads: 6, kvHeads: 6 } },
  ],
  [
    'normed queries and keys, a second norm, one matrix for gate and up',
    {
      fused: ['ffn_up'],
      biases: [
        ...BERT_BIASES.filter((name) => name !== 'ffn_up'),
        'attn_q_norm',
        'attn_k_norm',
        'attn_norm_2',
      ],
      optional: ['token_types.weight', 'attn_q_norm.weight', 'attn_k_norm.weight', 'attn_norm_2.weight'],
    },
  ],
])
const JINA_V3 = familyCases('jina-bert-v3', bertLike, ROTARY)

const modern: CaseOptions = {
  ...basis,
  gelu: true,
  fused: ['attn_qkv', 'ffn_up'],
  shape: { ...basis.shape, layers: 4 },
  hyperparameters: {
    ...LAYER_NORM,
    'attention.sliding_window': u32(32),
    'attention.sliding_window_pattern': u32(3),
    'rope.freq_base_swa': f32(5000),
  },
}
const MODERN = familyCases('modern-bert', { ...modern, ropeBase: 160_000 }, [
  ['symmetric windows, two rope bases', {}],
  [
    'no windows, silu',
    { hyperparameters: { 'attention.sliding_window': u32(0), hidden_activation: str('silu') } },
  ],
])

const NEO = familyCases(
  'neo-bert',
  { ...basis, fused: ['attn_qkv', 'ffn_up'], hyperparameters: IN_BOTH_DIRECTIONS },
  [['RMS norms', {}]],
)
const LLAMA_LIKE = [
  ...familyCases('eurobert', { ...basis, hyperparameters: IN_BOTH_DIRECTIONS }, [
    ['2 key/value heads', { shape: { kvHeads: 2 } }],
  ]),
  ...familyCases('llama-embed', { ...basis, hyperparameters: IN_BOTH_DIRECTIONS }, [
    ['2 key/value heads', { shape: { kvHeads: 2 } }],
  ]),
  ...familyCases('qwen2', { ...basis, tied: false, hyperparameters: IN_BOTH_DIRECTIONS }, [
    ['in both directions', { biases: ['attn_q', 'attn_k', 'attn_v'] }],
  ]),
  ...familyCases('qwen3', { ...basis, hyperparameters: IN_BOTH_DIRECTIONS }, [
    ['in both directions', { shape: { headDim: 32, kvHeads: 2 } }],
  ]),
]

const GEMMA = familyCases(
  'gemma-embedding',
  {
    ...basis,
    gelu: true,
    ropeBase: 1e6,
    shape: { ...basis.shape, layers: 7, headDim: 32, kvHeads: 1 },
    hyperparameters: { 'attention.sliding_window': u32(20) },
  },
  [
    ['symmetric windows', {}],
    [
      'dense layers after pooling',
      {
        notInLlamaCpp: 'it aborts where its dense layers have no buffer',
        shape: { layers: 2 },
        optional: ['dense_2.weight', 'dense_3.weight'],
        hyperparameters: {
          dense_2_feat_in: u32(64),
          dense_2_feat_out: u32(160),
          dense_3_feat_in: u32(160),
          dense_3_feat_out: u32(64),
          pooling_type: u32(1),
        },
      },
    ],
  ],
)

const T5 = familyCases(
  't5encoder',
  {
    ...basis,
    hyperparameters: { ...IN_BOTH_DIRECTIONS, 'attention.relative_buckets_count': u32(32) },
  },
  [
    ['a bias that layers share', {}],
    [
      'a bias in each layer, gated, heads wider than the stream',
      {
        gelu: true,
        shape: { headDim: 32 },
        optional: ['enc.blk.1.attn_rel_b.weight', 'enc.blk.0.ffn_gate.weight', 'enc.blk.1.ffn_gate.weight'],
      },
    ],
  ],
)

/** Every encoder family, without ranking heads. */
export const ENCODER_CASES: readonly ModelCase[] = [
  ...BERT,
  ...NOMIC,
  ...NOMIC_MOE,
  ...JINA_V2,
  ...JINA_V3,
  ...MODERN,
  ...NEO,
  ...LLAMA_LIKE,
  ...GEMMA,
  ...T5,
]

/** Models with ranking heads. */
export const RERANKER_CASES: readonly ModelCase[] = [
  ...familyCases('bert', bertLike, [
    ['a dense layer and an output', reranker(bertLike, HEADS)],
    ['an output with two labels', reranker(bertLike, ['cls.output.weight'], ['relevant', 'irrelevant'])],
  ]),
  ...familyCases('jina-bert-v2', bertLike, [
    [
      'a score by one row',
      reranker({ ...bertLike, biases: BERT_BIASES.filter((name) => name !== 'ffn_up') }, [
        'cls.weight',
        'cls.bias',
      ]),
    ],
  ]),
  ...familyCases('modern-bert', modern, [
    [
      'a normed dense layer',
      reranker(modern, ['cls.weight', 'cls.norm.weight', 'cls.output.weight', 'cls.output.bias']),
    ],
  ]),
  ...familyCases('qwen3', basis, [['yes or no', reranker(basis, ['cls.output.weight'], ['yes', 'no'])]]),
]
