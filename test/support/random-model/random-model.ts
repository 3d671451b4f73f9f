import { DasllamaError } from '../../../src/errors.js'
import { blockFormat } from '../../../src/gguf/block-formats.js'
import { quantizeF32 } from '../../../src/gguf/quantize.js'
import { f32, str, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'
import type { GgufParts, TensorToWrite } from '../../../src/gguf/writer.js'
import { RandomBits } from './random-bits.js'
import { randomBlocks } from './random-blocks.js'
import { bpeVocabulary, spmVocabulary } from './synthetic-vocabulary.js'

/** Sizes of a random model. Row lengths must be multiples of the block of the format that holds them. */
export interface RandomModelShape {
  readonly embed: number
  readonly layers: number
  readonly heads: number
  /** Default: as many as `heads`. */
  readonly kvHeads?: number
  /** Default `embed / heads`. */
  readonly headDim?: number
  readonly feedForward: number
  readonly vocab: number
  readonly context: number
}

export interface RandomModelOptions {
  readonly shape: RandomModelShape
  /** ggml's name of the matrices' block format, or a function of the tensor's name. Vectors are always F32. */
  readonly format: string | ((tensorName: string) => string)
  /** The same seed and options give the same bytes. Default 0. */
  readonly seed?: number
  /** Default 'spm'. */
  readonly tokenizer?: 'spm' | 'bpe'
  /** No `output.weight`: the embedding matrix is used for both. Default false. */
  readonly tied?: boolean
  /** Biases on the query, key, value and attention output projections. Default false. */
  readonly biases?: boolean
  /** Default 10000. */
  readonly ropeBase?: number
  readonly ropeScaling?: {
    readonly type: 'none' | 'linear' | 'yarn'
    readonly factor: number
    readonly originalContext?: number
  }
  /** Per-frequency divisors for `rope_freqs.weight`, `headDim / 2` of them (Llama 3.1). */
  readonly ropeFactors?: readonly number[]
  /** Default 'llama'; also the prefix of the metadata keys. */
  readonly architecture?: string
  /** Added last, so that a key given here wins. */
  readonly metadata?: Iterable<readonly [key: string, value: TypedValue]>
  readonly alignment?: number
}

/**
 * Logits of a random model scatter with about this standard deviation, as those of trained models do, so that the
 * best token is usually clearly ahead.
 */
const LOGIT_SPREAD = 3.5

/** Biases and the norms' distance from 1. */
const SMALL = 0.1

/**
 * The parts of a llama-architecture model of any size with random weights, scaled as trained ones are, so that
 * activations neither vanish nor explode. Data is made when it is written; the same tensor is the same whatever is
 * written before it. Throws `INVALID_ARGUMENT` for a shape that does not fit the format.
 */
export function randomModel(options: RandomModelOptions): GgufParts & { tensors: TensorToWrite[] } {
  return {
    metadata: metadataOf(options),
    tensors: tensorsOf(options),
    alignment: options.alignment,
  }
}

function metadataOf(options: RandomModelOptions): Map<string, TypedValue> {
  const { architecture = 'llama', tokenizer = 'spm', ropeBase = 10_000, ropeScaling } = options
  const { embed, layers, heads, kvHeads, headDim, feedForward, vocab, context } = resolveShape(options.shape)
  const metadata = new Map<string, TypedValue>()
  metadata.set('general.architecture', str(architecture))
  metadata.set('general.name', str(`random ${architecture}`))
  const set = (key: string, value: TypedValue) => metadata.set(`${architecture}.${key}`, value)
  set('vocab_size', u32(vocab))
  set('context_length', u32(context))
  set('embedding_length', u32(embed))
  set('block_count', u32(layers))
  set('feed_forward_length', u32(feedForward))
  set('attention.head_count', u32(heads))
  set('attention.head_count_kv', u32(kvHeads))
  set('attention.key_length', u32(headDim))
  set('attention.value_length', u32(headDim))
  set('attention.layer_norm_rms_epsilon', f32(1e-5))
  set('rope.dimension_count', u32(headDim))
  set('rope.freq_base', f32(ropeBase))
  if (ropeScaling) {
    set('rope.scaling.type', str(ropeScaling.type))
    set('rope.scaling.factor', f32(ropeScaling.factor))
    set('rope.scaling.original_context_length', u32(ropeScaling.originalContext ?? context))
  }
  const vocabulary = tokenizer === 'spm' ? spmVocabulary(vocab) : bpeVocabulary(vocab)
  for (const [key, value] of [...vocabulary, ...(options.metadata ?? [])]) metadata.set(key, value)
  return metadata
}

function tensorsOf(options: RandomModelOptions): TensorToWrite[] {
  const { tied = false, biases = false, seed = 0, ropeFactors } = options
  const { embed, layers, heads, kvHeads, headDim, feedForward, vocab } = resolveShape(options.shape)
  const tensors: TensorToWrite[] = []

  const matrix = (name: string, columns: number, rows: number, standardDeviation: number) => {
    const format = blockFormat(typeof options.format === 'string' ? options.format : options.format(name))
    if (columns % format.blockElements !== 0) {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `${name}: a row of ${columns} is not a multiple of ${format.name}'s block of ${format.blockElements}`,
        { hint: 'change the shape, or give this tensor another format' },
      )
    }
    const data = () => randomBlocks(format, columns * rows, new RandomBits(seed, name), standardDeviation)
    tensors.push({ name, shape: [columns, rows], format, data })
  }
  const vector = (name: string, length: number, mean: number) => {
    const data = () => {
      const random = new RandomBits(seed, name)
      const values = Float32Array.from({ length }, () => mean + (random.fraction() - 0.5) * 2 * SMALL)
      return quantizeF32(values)
    }
    tensors.push({ name, shape: [length], format: 'F32', data })
  }
  /** A projection that keeps the size of what it is given, as its input is normalised to about 1. */
  const projection = (name: string, columns: number, rows: number) => {
    matrix(`${name}.weight`, columns, rows, 1 / Math.sqrt(columns))
  }

  const logitDeviation = LOGIT_SPREAD / Math.sqrt(embed)
  matrix('token_embd.weight', embed, vocab, tied ? logitDeviation : 1)
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}`
    vector(name('attn_norm.weight'), embed, 1)
    projection(name('attn_q'), embed, heads * headDim)
    projection(name('attn_k'), embed, kvHeads * headDim)
    projection(name('attn_v'), embed, kvHeads * headDim)
    projection(name('attn_output'), heads * headDim, embed)
    if (biases) {
      vector(name('attn_q.bias'), heads * headDim, 0)
      vector(name('attn_k.bias'), kvHeads * headDim, 0)
      vector(name('attn_v.bias'), kvHeads * headDim, 0)
      vector(name('attn_output.bias'), embed, 0)
    }
    vector(name('ffn_norm.weight'), embed, 1)
    projection(name('ffn_gate'), embed, feedForward)
    projection(name('ffn_up'), embed, feedForward)
    projection(name('ffn_down'), feedForward, embed)
  }
  vector('output_norm.weight', embed, 1)
  if (!tied) matrix('output.weight', embed, vocab, logitDeviation)
  if (ropeFactors) {
    if (ropeFactors.length !== headDim / 2) {
      throw new DasllamaError(
        'INVALID_ARGUMENT',
        `ropeFactors has ${ropeFactors.length} values, not headDim / 2 = ${headDim / 2}`,
      )
    }
    const data = quantizeF32(Float32Array.from(ropeFactors))
    tensors.push({ name: 'rope_freqs.weight', shape: [ropeFactors.length], format: 'F32', data })
  }
  return tensors
}

function resolveShape(shape: RandomModelShape): Required<RandomModelShape> {
  const resolved = { kvHeads: shape.heads, headDim: shape.embed / shape.heads, ...shape }
  for (const [name, value] of Object.entries(resolved)) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new DasllamaError('INVALID_ARGUMENT', `${name} must be a positive integer, not ${value}`)
    }
  }
  const { heads, kvHeads, headDim } = resolved
  if (heads % kvHeads !== 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${heads} heads cannot share ${kvHeads} key/value heads evenly`,
    )
  }
  if (headDim % 2 !== 0) {
    throw new DasllamaError('INVALID_ARGUMENT', `headDim ${headDim} is odd; rotary positions need pairs`)
  }
  return resolved
}
