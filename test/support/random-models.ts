import { array, f32, str, u32 } from '../../src/gguf/typed-value.js'
import type { GgufParts, TensorToWrite } from '../../src/gguf/writer.js'
import { RandomBits } from './random-model/random-bits.js'
import { type RandomModelOptions, randomModel } from './random-model/random-model.js'

/** A random model on which the engine is compared with the reference and with llama.cpp. */
export interface ModelCase {
  readonly name: string
  /** `general.architecture`. */
  readonly architecture: string
  /** The matrices' block format; the coarsest one where they differ. */
  readonly format: string
  readonly vocab: number
  readonly parts: GgufParts
  /** Lengths of prompts that exercise the model's features; by default the test chooses. */
  readonly prompts?: readonly number[]
  /** Whether it uses GELU, which llama.cpp rounds. Default false. */
  readonly gelu?: boolean
  /** Whether the reference follows it in one session only. Default false. */
  readonly brief?: boolean
  /** Whether it has so many layers (22 and more) that rounding adds up over them. Default false. */
  readonly deep?: boolean
  /** Why llama.cpp cannot run it, if it cannot. */
  readonly notInLlamaCpp?: string
}

/** Every block format that the engine supports. */
export const FORMATS = [
  ...['F32', 'F16', 'BF16', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0'],
  ...['Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K', 'IQ2_XXS'],
  ...['IQ2_XS', 'IQ2_S', 'IQ3_XXS', 'IQ3_S', 'IQ1_S', 'IQ1_M'],
  ...['IQ4_NL', 'IQ4_XS', 'TQ1_0', 'TQ2_0', 'MXFP4', 'NVFP4', 'Q1_0', 'Q2_0'],
]

export type CaseOptions = Partial<Omit<RandomModelOptions, 'shape'>> &
  Pick<ModelCase, 'prompts' | 'gelu' | 'brief' | 'deep' | 'notInLlamaCpp'> & {
    readonly shape?: Partial<RandomModelOptions['shape']>
    readonly extraTensors?: readonly TensorToWrite[]
  }

const SMALL_SHAPE = {
  embed: 128,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  feedForward: 224,
  vocab: 499,
  context: 256,
}

/** A random model in F32 of a small shape, unless `options` override this. */
export function modelCase(name: string, options: CaseOptions): ModelCase {
  const { extraTensors = [], prompts, gelu, brief, deep, notInLlamaCpp, ...rest } = options
  const format = options.format ?? 'F32'
  const shape = { ...SMALL_SHAPE, ...options.shape }
  const { metadata, tensors } = randomModel({ seed: 7, ...rest, shape, format })
  return {
    name,
    architecture: options.architecture ?? 'llama',
    format: typeof format === 'string' ? format : format(''),
    vocab: shape.vocab,
    parts: { metadata, tensors: [...tensors, ...extraTensors] },
    prompts,
    gelu,
    brief,
    deep,
    notInLlamaCpp,
  }
}

/** One model per format, completely in that format. */
export const FORMAT_CASES: readonly ModelCase[] = FORMATS.map((format) =>
  modelCase(format, {
    format,
    shape: { embed: 256, feedForward: 256, vocab: 389 },
  }),
)

/** Values of a small vector that `randomModel` does not generate: within ±0.2. */
function vector(name: string, length: number): TensorToWrite {
  const random = new RandomBits(7, name)
  const values = Float32Array.from({ length }, () => (random.fraction() - 0.5) * 0.4)
  return { name, shape: [length], format: 'F32', data: new Uint8Array(values.buffer) }
}

const FEED_FORWARD_BIASES = [0, 1].flatMap((layer) => [
  vector(`blk.${layer}.ffn_gate.bias`, SMALL_SHAPE.feedForward),
  vector(`blk.${layer}.ffn_up.bias`, SMALL_SHAPE.feedForward),
  vector(`blk.${layer}.ffn_down.bias`, SMALL_SHAPE.embed),
])

/** Divisors as in Llama 3.1: 1 for fast pairs, 8 for slow ones, a transition between. 16 pairs. */
const LLAMA3_FACTORS = [1, 1, 1, 1, 1, 1.4, 2.2, 3.7, 5.9, 8, 8, 8, 8, 8, 8, 8]

const YARN = { type: 'yarn', factor: 4, originalContext: 64 } as const

/** Shapes and settings, most in F32, where nothing is rounded and errors are most visible. */
export const VARIANTS: readonly ModelCase[] = [
  modelCase('a key/value head for each query head', { shape: { kvHeads: 4 } }),
  modelCase('3 query heads share a key/value head', { shape: { embed: 192, heads: 6 } }),
  modelCase('8 query heads share a key/value head', { shape: { heads: 8, kvHeads: 1 } }),
  modelCase('heads of 64', { shape: { heads: 2, kvHeads: 1 } }),
  modelCase('heads of 80', { shape: { embed: 160, heads: 2 } }),
  modelCase('heads of 128', { shape: { heads: 2, headDim: 128 } }),
  modelCase('heads wider than the stream', { shape: { embed: 64, headDim: 32 } }),
  modelCase('widths that no block divides', {
    shape: { embed: 60, heads: 3, kvHeads: 1, feedForward: 100, vocab: 997 },
  }),
  modelCase('1 layer, 1013 tokens', { shape: { layers: 1, vocab: 1013 } }),
  modelCase('5 layers', { shape: { layers: 5 } }),
  modelCase('tied embeddings', { tied: true }),
  modelCase('byte-level BPE vocabulary', { tokenizer: 'bpe' }),
  modelCase('attention biases', { biases: true }),
  modelCase('biases everywhere', { biases: true, extraTensors: FEED_FORWARD_BIASES }),
  modelCase('one matrix for queries, keys and values', { fused: ['attn_qkv'] }),
  modelCase('one matrix for queries, keys and values, with its bias', {
    fused: ['attn_qkv'],
    biases: ['attn_qkv', 'attn_output'],
    shape: { heads: 8, kvHeads: 2 },
  }),
  modelCase('one matrix for queries, keys and values, with a bias each', {
    format: 'Q8_0',
    fused: ['attn_qkv'],
    biases: true,
    shape: { heads: 4, kvHeads: 1 },
  }),
  modelCase('one matrix for gate and up', {
    fused: ['ffn_up'],
    notInLlamaCpp: 'it requires two in this architecture',
  }),
  modelCase('one matrix for gate and up, another for queries, keys and values, in Q6_K', {
    format: 'Q6_K',
    fused: ['attn_qkv', 'ffn_up'],
    shape: { embed: 256, feedForward: 256 },
    notInLlamaCpp: 'it requires two for gate and up in this architecture',
  }),
  modelCase('large epsilon', { metadata: [['llama.attention.layer_norm_rms_epsilon', f32(0.05)]] }),
  modelCase('attention scale', {
    metadata: [['llama.attention.scale', f32(0.3)]],
    notInLlamaCpp: 'it ignores the key in this architecture',
  }),
  modelCase('rope base 500000', { ropeBase: 500_000 }),
  modelCase('rope linear', { ropeScaling: { type: 'linear', factor: 4 } }),
  modelCase('rope factors', { ropeBase: 500_000, ropeFactors: LLAMA3_FACTORS }),
  modelCase('rope YaRN', { ropeScaling: YARN }),
  modelCase('rope YaRN, own magnitude', {
    ropeScaling: YARN,
    metadata: [['llama.rope.scaling.attn_factor', f32(1.2)]],
  }),
  modelCase('rope YaRN, own ramp', {
    ropeScaling: YARN,
    metadata: [
      ['llama.rope.scaling.yarn_beta_fast', f32(4)],
      ['llama.rope.scaling.yarn_beta_slow', f32(0.5)],
    ],
    notInLlamaCpp: 'it ignores the keys in this architecture',
  }),
  modelCase('rope YaRN with factors', { ropeScaling: YARN, ropeFactors: LLAMA3_FACTORS }),
  modelCase('rope llama3', {
    metadata: [
      ['llama.rope.scaling.type', str('llama3')],
      ['llama.rope.scaling.factor', f32(8)],
      ['llama.rope.scaling.original_context_length', u32(64)],
    ],
    notInLlamaCpp: 'it aborts: its files contain factors instead',
  }),
  modelCase('rope on half of each head', {
    metadata: [['llama.rope.dimension_count', u32(16)]],
    notInLlamaCpp: 'it requires whole heads in this architecture',
  }),
  modelCase('head counts given per layer', {
    metadata: [['llama.attention.head_count_kv', array('u32', [2, 2])]],
  }),
  modelCase('Q8_0 in rows of 96 and 288', {
    format: 'Q8_0',
    shape: { embed: 96, heads: 3, kvHeads: 1, feedForward: 288 },
  }),
  modelCase('Q5_1, tied, heads of 80', {
    format: 'Q5_1',
    tied: true,
    shape: { embed: 160, heads: 2, feedForward: 480 },
  }),
  modelCase('a mixture as in Q4_K_M', {
    format: (name) =>
      name === 'output.weight' || /attn_v|ffn_down/.test(name)
        ? 'Q6_K'
        : name === 'token_embd.weight'
          ? 'F16'
          : 'Q4_K',
    biases: true,
    shape: { embed: 256, heads: 8, feedForward: 512 },
  }),
  modelCase('a mixture of 32-blocks', {
    format: (name) => (/attn_/.test(name) ? 'Q5_0' : /ffn_/.test(name) ? 'Q4_1' : 'Q4_0'),
    ropeFactors: LLAMA3_FACTORS,
  }),
]

/** `count` random token ids; the same `label` gives the same ones. */
export function randomIds(count: number, vocab: number, label: string): number[] {
  const random = new RandomBits(7, label)
  return Array.from({ length: count }, () => random.next() % vocab)
}
