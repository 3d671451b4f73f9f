import { bool, f32, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'
import { familyCases, LONG } from './family-cases.js'

/** Latent attention, with and without experts. */

const SHAPE = { embed: 64, heads: 2, kvHeads: 2, feedForward: 96, vocab: 400, layers: 2, context: 512 }

/** Heads of 32 key dimensions, 16 of them rotated, and `valueDim` of values. */
function plain(valueDim: number): Record<string, TypedValue> {
  return {
    'attention.key_length': u32(32),
    'attention.value_length': u32(valueDim),
    'attention.q_lora_rank': u32(48),
    'attention.kv_lora_rank': u32(40),
    'rope.dimension_count': u32(16),
  }
}

/** The same heads, with 40 latent dimensions in the cache. */
const ABSORBED = {
  ...plain(20),
  'attention.key_length': u32(56),
  'attention.value_length': u32(40),
  'attention.key_length_mla': u32(32),
  'attention.value_length_mla': u32(20),
}

const EXPERTS = {
  expert_count: u32(8),
  expert_used_count: u32(3),
  expert_feed_forward_length: u32(64),
  expert_shared_count: u32(1),
  leading_dense_block_count: u32(1),
}

const DEEPSEEK2 = familyCases('deepseek2', { shape: SHAPE, hyperparameters: { ...EXPERTS, ...plain(32) } }, [
  ['keys and values of a latent vector', { prompts: LONG }],
  ['values narrower than keys', { hyperparameters: plain(20) }],
  [
    'YaRN, groups of experts, a selection bias, weights normalised and scaled',
    {
      ropeScaling: { type: 'yarn', factor: 8, originalContext: 64 },
      optional: ['exp_probs_b.bias'],
      hyperparameters: {
        'rope.scaling.yarn_log_multiplier': f32(0.0707),
        expert_group_count: u32(4),
        expert_group_used_count: u32(2),
        expert_gating_func: u32(2),
        expert_weights_norm: bool(true),
        expert_weights_scale: f32(2.5),
      },
    },
  ],
  ['YaRN without a multiplier', { ropeScaling: { type: 'yarn', factor: 8, originalContext: 64 } }],
  ['latent vectors in the cache', { shape: { kvHeads: 1 }, prompts: LONG, hyperparameters: ABSORBED }],
  [
    'an attention temperature',
    {
      hyperparameters: {
        'attention.temperature_scale': f32(0.1),
        'attention.temperature_length': u32(32),
      },
    },
  ],
  [
    '26 dense layers, queries of one matrix',
    {
      shape: { layers: 26, embed: 32, feedForward: 32 },
      hyperparameters: { leading_dense_block_count: u32(26) },
      without: ['attention.q_lora_rank'],
    },
  ],
])

const MINICPM3 = familyCases('minicpm3', { shape: SHAPE, hyperparameters: plain(32) }, [
  ['heads of one width', {}],
  ['values narrower than keys', { hyperparameters: plain(20) }],
])

export const LATENT_CASES = [...DEEPSEEK2, ...MINICPM3]
