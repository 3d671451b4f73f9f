import { array, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'
import type { CaseOptions } from '../random-models.js'
import { familyCases, WINDOW } from './family-cases.js'

/** Gated DeltaNets with gated attention (Qwen 3.5 and 3 Next), and short convolutions with attention (LFM2). */

/** More than a page of the cache and a batch; a batch and the beginning of another; short enough for the decode path. */
const PROMPTS = [140, 75, 3]

const SHAPE = { embed: 64, layers: 4, heads: 4, kvHeads: 2, headDim: 32, feedForward: 96, vocab: 389 }

/** `valueHeads` heads of `headDim` share `keyHeads`. */
function deltaNet(
  [valueHeads, keyHeads, headDim]: readonly number[],
  more: Readonly<Record<string, TypedValue>> = {},
) {
  return {
    'ssm.conv_kernel': u32(4),
    'ssm.inner_size': u32(valueHeads * headDim),
    'ssm.state_size': u32(headDim),
    'ssm.time_step_rank': u32(valueHeads),
    'ssm.group_count': u32(keyHeads),
    'rope.dimension_count': u32(16),
    ...more,
  }
}

const SECTIONS = { 'rope.dimension_sections': array('i32', [3, 3, 2, 0]) }

const QWEN35_BASIS: CaseOptions = {
  shape: SHAPE,
  tokenizer: 'bpe',
  ropeBase: 1e7,
  prompts: PROMPTS,
  hyperparameters: deltaNet([4, 2, 16], SECTIONS),
}

const QWEN35 = familyCases('qwen35', QWEN35_BASIS, [
  ['attention in the last of four layers', {}],
  [
    'tied, a key head for each value head',
    {
      tied: true,
      brief: true,
      shape: { layers: 2 },
      hyperparameters: { ...deltaNet([2, 2, 32]), full_attention_interval: u32(2) },
    },
  ],
  [
    'attention said by layer, a kernel of 3 taps',
    {
      brief: true,
      shape: { layers: 3 },
      hyperparameters: {
        'attention.recurrent_layers': array('bool', [true, false, true]),
        'ssm.conv_kernel': u32(3),
      },
    },
  ],
  [
    'Q4_K',
    {
      format: 'Q4_K',
      prompts: [75, 3],
      shape: { embed: 256, layers: 2, headDim: 64, feedForward: 256 },
      hyperparameters: { ...deltaNet([4, 2, 64], SECTIONS), full_attention_interval: u32(2) },
    },
  ],
])

function experts(count: number, used: number): Readonly<Record<string, TypedValue>> {
  return {
    expert_count: u32(count),
    expert_used_count: u32(used),
    expert_feed_forward_length: u32(32),
    expert_shared_feed_forward_length: u32(48),
  }
}

const EXPERT_BASIS: CaseOptions = {
  ...QWEN35_BASIS,
  shape: { ...SHAPE, layers: 2 },
  prompts: [75, 3],
  brief: true,
}

const QWEN35_EXPERTS = familyCases(
  'qwen35moe',
  {
    ...EXPERT_BASIS,
    hyperparameters: {
      ...deltaNet([4, 2, 16], SECTIONS),
      ...experts(8, 3),
      full_attention_interval: u32(2),
    },
  },
  [['a shared expert with a gate', {}]],
)

const QWEN3_NEXT = familyCases(
  'qwen3next',
  {
    ...EXPERT_BASIS,
    hyperparameters: { ...deltaNet([6, 2, 16]), ...experts(8, 3), full_attention_interval: u32(2) },
  },
  [
    ['value heads by key head', {}],
    ['one matrix for a key head and all that belongs to it', { optional: ['ssm_in.weight'] }],
  ],
)

/** Key/value heads by layer. */
function kvHeads(...counts: readonly number[]) {
  return { 'attention.head_count_kv': array('i32', counts) }
}

const LFM2_BASIS: CaseOptions = {
  shape: { ...SHAPE, headDim: 16, layers: 3 },
  tokenizer: 'bpe',
  ropeBase: 1e6,
  tied: true,
  prompts: PROMPTS,
  hyperparameters: { 'shortconv.l_cache': u32(3), ...kvHeads(0, 2, 0) },
}

const LFM2 = familyCases('lfm2', LFM2_BASIS, [
  ['convolutions before and after attention', {}],
  [
    'windows, its own output, a kernel of 4 taps',
    {
      tied: false,
      hyperparameters: {
        'attention.sliding_window': u32(WINDOW),
        'shortconv.l_cache': u32(4),
        ...kvHeads(2, 0, 2),
      },
    },
  ],
  ['Q8_0', { format: 'Q8_0', tied: false, prompts: [75, 3] }],
])

const LFM2_EXPERTS = familyCases(
  'lfm2moe',
  {
    ...LFM2_BASIS,
    prompts: [75, 3],
    brief: true,
    optional: ['exp_probs_b.bias'],
    hyperparameters: {
      'shortconv.l_cache': u32(3),
      ...kvHeads(0, 2, 0),
      expert_count: u32(8),
      expert_used_count: u32(3),
      expert_feed_forward_length: u32(32),
      expert_gating_func: u32(2),
      leading_dense_block_count: u32(1),
    },
  },
  [['sigmoid gating, a dense first layer', {}]],
)

export const HYBRID_QWEN_CASES = [...QWEN35, ...QWEN35_EXPERTS, ...QWEN3_NEXT, ...LFM2, ...LFM2_EXPERTS]
