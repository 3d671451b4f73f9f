import { DasllamaError } from '../../../src/errors.js'
import { f32, str, type TypedValue, u32 } from '../../../src/gguf/typed-value.js'
import type { GgufParts, TensorToWrite } from '../../../src/gguf/writer.js'
import { type RopeFactors, randomTensors } from './random-tensors.js'
import { recordedProgram } from './recorded-program.js'
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
  /**
   * Linear layers and norms, such as `attn_q`, that have biases; `true`: queries, keys, values and the attention's output.
   * Default none.
   */
  readonly biases?: boolean | readonly string[]
  /** One matrix for queries, keys and values, or for gate and up. Default none. */
  readonly fused?: readonly ('attn_qkv' | 'ffn_up')[]
  /** Optional tensors that exist, such as `cls.weight`, named without their layer. Default none. */
  readonly optional?: readonly string[]
  /** Default 10000. */
  readonly ropeBase?: number
  readonly ropeScaling?: {
    readonly type: 'none' | 'linear' | 'yarn'
    readonly factor: number
    readonly originalContext?: number
  }
  /**
   * Per-frequency divisors, half as many as rotary dimensions: for `rope_freqs.weight` (Llama 3.1), or for the two tensors of
   * longrope.
   */
  readonly ropeFactors?: RopeFactors
  /** Default 'llama'; also the prefix of the metadata keys. One without a family is generated as llama. */
  readonly architecture?: string
  /** A draft head after the layers. Its optional tensors are named in `optional`. Default false. */
  readonly draftHead?: boolean
  /** `tokenizer.ggml.token_type_count`. Default: the file does not have it. */
  readonly tokenTypes?: number
  /** More keys `<architecture>.*`, which the family reads before it records its tensors. */
  readonly hyperparameters?: Readonly<Record<string, TypedValue>>
  /** Keys `<architecture>.*` that are not written, named without the architecture, such as `attention.head_count_kv`. Default none. */
  readonly without?: readonly string[]
  /** Added last and not seen by the family, so that a key given here overrides others. */
  readonly metadata?: Iterable<readonly [key: string, value: TypedValue]>
  readonly alignment?: number
}

/** Linear layers with a bias where there are attention biases. */
const ATTENTION = ['attn_q', 'attn_k', 'attn_v', 'attn_output']

/**
 * The parts of a model of any family and size with random weights, scaled like trained ones, so that activations
 * neither vanish nor explode. The tensors and their shapes come from the program that the architecture's
 * family records. Data is generated when it is written; a tensor does not depend on what is written before it. Throws
 * `INVALID_ARGUMENT` for a shape that does not fit the format, and the family's errors for hyperparameters.
 */
export function randomModel(options: RandomModelOptions): GgufParts & { tensors: TensorToWrite[] } {
  const { format, seed = 0, ropeFactors = [], tokenizer = 'spm', shape, draftHead = false } = options
  const hyperparameters = hyperparametersOf(options)
  const program = recordedProgram(hyperparameters, { has: (name) => isMade(name, options) }, { draftHead })
  const vocabulary = tokenizer === 'spm' ? spmVocabulary(shape.vocab) : bpeVocabulary(shape.vocab)
  return {
    metadata: new Map([...hyperparameters, ...vocabulary, ...(options.metadata ?? [])]),
    tensors: randomTensors(program, {
      seed,
      ropeFactors,
      format: typeof format === 'string' ? () => format : format,
    }),
    alignment: options.alignment,
  }
}

/** Whether an optional tensor of the family exists. */
function isMade(name: string, options: RandomModelOptions): boolean {
  const { tied = false, biases = false, fused = [], optional = [], ropeFactors } = options
  const part = name.replace(/^blk\.\d+\./, '')
  if (optional.includes(part)) return true
  if (part === 'output.weight') return !tied
  if (part === 'rope_freqs.weight') return Array.isArray(ropeFactors)
  if (/^rope_factors_(short|long)\.weight$/.test(part)) return ropeFactors !== undefined
  if (part === 'attn_qkv.weight') return fused.includes('attn_qkv')
  if (part === 'ffn_gate.weight') return !fused.includes('ffn_up')
  if (part === 'ffn_up.weight') return true
  const biased = biases === true ? ATTENTION : biases || []
  return part.endsWith('.bias') && biased.includes(part.slice(0, -'.bias'.length))
}

/** The metadata that the family reads, and the model's name. */
function hyperparametersOf(options: RandomModelOptions): Map<string, TypedValue> {
  const {
    architecture = 'llama',
    ropeBase = 10_000,
    ropeScaling,
    hyperparameters = {},
    without = [],
  } = options
  const { embed, layers, heads, kvHeads, headDim, feedForward, vocab, context } = resolveShape(options.shape)
  const draftLayers = options.draftHead ? 1 : 0
  const metadata = new Map<string, TypedValue>()
  metadata.set('general.architecture', str(architecture))
  metadata.set('general.name', str(`random ${architecture}`))
  const set = (key: string, value: TypedValue) => metadata.set(`${architecture}.${key}`, value)
  set('vocab_size', u32(vocab))
  set('context_length', u32(context))
  set('embedding_length', u32(embed))
  set('block_count', u32(layers + draftLayers))
  if (draftLayers > 0) set('nextn_predict_layers', u32(draftLayers))
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
  for (const [key, value] of Object.entries(hyperparameters)) set(key, value)
  if (options.tokenTypes !== undefined)
    metadata.set('tokenizer.ggml.token_type_count', u32(options.tokenTypes))
  for (const key of without) metadata.delete(`${architecture}.${key}`)
  return metadata
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
