import { array, f32, u32 } from '../../../src/gguf/typed-value.js'
import { FORMATS, familyCases, LONG, MIXED, mixed, WINDOW } from './family-cases.js'

/** Gemma 3. */

const GEMMA3 = familyCases(
  'gemma3',
  {
    // A period of six and the beginning of the next.
    shape: { layers: 7, headDim: 64, context: 512 },
    ropeBase: 1e6,
    tied: true,
    gelu: true,
    hyperparameters: { 'attention.sliding_window': u32(WINDOW) },
  },
  [
    ['tied', { prompts: LONG }],
    ['its own output', { tied: false }],
    ['no window', { hyperparameters: { 'attention.sliding_window': u32(0) } }],
    ['12 layers, rope linear', { shape: { layers: 12 }, ropeScaling: { type: 'linear', factor: 8 } }],
    [
      'a window of one position in every other layer',
      {
        shape: { layers: 3 },
        prompts: LONG,
        hyperparameters: { 'attention.sliding_window': u32(1), 'attention.sliding_window_pattern': u32(2) },
      },
    ],
    [
      'windows said by layer, rope bases 500000 and 20000',
      {
        shape: { layers: 4 },
        prompts: LONG,
        ropeBase: 500_000,
        ropeScaling: { type: 'linear', factor: 2 },
        hyperparameters: {
          'attention.sliding_window': u32(130),
          'attention.sliding_window_pattern': array('bool', [false, true, true, false]),
          'rope.freq_base_swa': f32(20_000),
        },
      },
    ],
    [
      'windows in all layers',
      { shape: { layers: 2 }, hyperparameters: { 'attention.sliding_window_pattern': u32(0) } },
    ],
    ['a soft cap', { shape: { layers: 2 }, hyperparameters: { final_logit_softcapping: f32(5) } }],
    [
      'heads of 256, widths that no block divides',
      { shape: { embed: 60, heads: 2, kvHeads: 1, headDim: 256, feedForward: 100, vocab: 997 } },
    ],
    [
      '62 layers, whose scores are scaled by the embedding over the heads, as in 27B',
      {
        shape: { layers: 62, embed: 64, heads: 2, kvHeads: 1, headDim: 20, feedForward: 64 },
      },
    ],
    ['a mixture as in Q4_K_M', { format: mixed, shape: MIXED }],
    ['one matrix for queries, keys and values', { fused: ['attn_qkv'], shape: { layers: 6 } }],
  ],
  FORMATS,
)

export const GEMMA_CASES = GEMMA3
