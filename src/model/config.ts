import type { RopeScaling } from '../backend/rope.js'
import { describeValue } from '../describe.js'
import { familyError } from './family.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'
import { type PoolingType, readPooling } from './pooling.js'
import type { Ranking } from './ranking.js'
import { readRopeScaling } from './rope-scaling.js'

/** The hyperparameters of every model; families add their own. */
export interface Config {
  /** `general.architecture`. */
  readonly architecture: string
  /** `general.name`, if the file has it. */
  readonly name: string | undefined
  /** Context length that the model was trained with. */
  readonly contextLength: number
  /** Tokens of the vocabulary: rows of the embedding matrix. */
  readonly vocabSize: number
  /** Width of the residual stream. */
  readonly embeddingLength: number
  /** Width of the feed-forward network's inner layer. */
  readonly feedForwardLength: number
  /** Layers that are run. */
  readonly layers: number
  /** Layers that follow in the file and belong to a draft head (multi-token prediction). Default 0. */
  readonly draftLayers?: number
  /** Query heads. */
  readonly heads: number
  /** Key/value heads; `heads` is a multiple of it. */
  readonly kvHeads: number
  /** Dimensions of each head's queries and keys. */
  readonly headDim: number
  /** Dimensions of each head's values; most often `headDim`. */
  readonly valueDim: number
  /** Which dimensions the rotary embedding pairs: neighbours (`norm`), or i with i + ropeDim / 2 (`neox`). */
  readonly ropeType: 'norm' | 'neox'
  /** Rotary dimensions: how many of a head's dimensions are rotated. */
  readonly ropeDim: number
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number
  /** How rotary frequencies are scaled for contexts longer than those first trained for. */
  readonly ropeScaling: RopeScaling
  /** Factor of the attention scores before the softmax; default 1/√headDim. */
  readonly attentionScale: number
  /** Of all norms. */
  readonly normEpsilon: number
  /** Whether attention goes in both directions: a model for embeddings, which does not generate. Default false. */
  readonly encoder?: boolean
  /**
   * Whether there is neither attention nor a feed-forward network, so that `heads`, `kvHeads`, `headDim`, `valueDim`, `ropeDim` and
   * `feedForwardLength` are 0. Default false.
   */
  readonly attentionFree?: boolean
  /** How a reranker makes scores, if it is one. */
  readonly ranking?: Ranking | undefined
  /** Pooling type for embeddings, if the file has one. */
  readonly pooling: PoolingType | undefined
}

/** Keys of `<architecture>.*` whose values must be positive integers, with the largest accepted value. */
const MAXIMUM = {
  context_length: 2 ** 24,
  embedding_length: 2 ** 17,
  block_count: 1024,
  feed_forward_length: 2 ** 20,
  'attention.head_count': 4096,
  'attention.head_count_kv': 4096,
  'attention.key_length': 4096,
  'attention.value_length': 4096,
  'rope.dimension_count': 4096,
  vocab_size: 2 ** 24,
} as const

/** What a family is like: which variants of a file it accepts. */
export interface FamilyTraits {
  /**
   * Which values of a head form a pair. Converters of `norm` families have permuted the rows of queries and keys accordingly.
   * Default `norm`, for families without rotary embeddings.
   */
  readonly ropeType?: Config['ropeType']
  /** Whose epsilon is read: that of RMS norms (default) or of layer norms. */
  readonly norm?: 'rms' | 'layer'
  /** Whether it has mixtures of experts. Default false: a file with experts is rejected. */
  readonly experts?: boolean
  /**
   * Whether attention goes in both directions: in every file, or where the file says so (`optional`). Default false: a file
   * that says so is rejected.
   */
  readonly encoder?: boolean | 'optional'
  /** Whether values may be narrower or wider than keys. Default false. */
  readonly valueWidths?: boolean
  /** Layers at the end of the file that are not run, such as a draft head's. Default 0. */
  readonly draftLayers?: number
  /**
   * Whether layers differ: `attention.head_count_kv` and `feed_forward_length` may be lists with a value per layer, 0 for one
   * without attention or without a feed-forward network. The configuration has the largest value. Default false.
   */
  readonly layered?: boolean
  /** `false`: there is neither attention nor a feed-forward network; what files say of them is not read. Default true. */
  readonly attention?: boolean
}

/**
 * Reads and checks the hyperparameters that all families share. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the
 * key.
 */
export function readConfig(reader: HyperparameterReader, traits: FamilyTraits): Config {
  const { ropeType = 'norm', norm = 'rms', experts, encoder, draftLayers = 0, attention = true } = traits
  const { metadata } = reader
  const count = (key: keyof typeof MAXIMUM, fallback?: number): number =>
    reader.count(key, { fallback, maximum: MAXIMUM[key] })

  if (!experts) rejectExperts(reader)
  const isEncoder = readDirection(reader, encoder)
  const vocabSize = count('vocab_size', reader.file.tensors.get('token_embd.weight')?.shape[1])
  rejectVocabularyMismatch(reader, vocabSize)
  const embeddingLength = count('embedding_length')
  const heads = attention ? readHeads(reader, traits, embeddingLength) : NO_HEADS
  return {
    architecture: reader.architecture,
    name: metadata.has('general.name') ? metadata.string('general.name') : undefined,
    contextLength: count('context_length'),
    vocabSize,
    embeddingLength,
    feedForwardLength: attention ? readFeedForward(reader, traits) : 0,
    layers: readLayers(reader, draftLayers),
    draftLayers,
    ...heads,
    ropeType,
    ropeTheta: readRopeTheta(reader, 'rope.freq_base'),
    ropeScaling: reader.note('rope.scaling', readRopeScaling(reader)),
    attentionScale: reader.real('attention.scale', 0) || 1 / Math.sqrt(heads.headDim || 1),
    normEpsilon: reader.real(`attention.layer_norm_${norm === 'rms' ? 'rms_' : ''}epsilon`),
    pooling: readPooling(reader),
    ...(isEncoder && { encoder: true }),
    ...(!attention && { attentionFree: true }),
  }
}

/** The largest width of the layers' feed-forward networks. Models of experts need not have the key. */
function readFeedForward(reader: HyperparameterReader, traits: FamilyTraits): number {
  return Math.max(...readPerLayer(reader, traits, 'feed_forward_length', traits.experts ? 1 : undefined))
}

const NO_HEADS = { heads: 0, kvHeads: 0, headDim: 0, valueDim: 0, ropeDim: 0 }
/** What a model with neither attention nor a feed-forward network has of them. */
const ATTENTION_FREE = { ...NO_HEADS, feedForwardLength: 0 }

function readHeads(
  reader: HyperparameterReader,
  traits: FamilyTraits,
  embeddingLength: number,
): Pick<Config, keyof typeof NO_HEADS> {
  const count = (key: keyof typeof MAXIMUM, fallback?: number): number =>
    reader.count(key, { fallback, maximum: MAXIMUM[key] })
  const heads = count('attention.head_count')
  const kvHeads = readPerLayer(reader, traits, 'attention.head_count_kv', heads)
  const headDim = count('attention.key_length', Math.floor(embeddingLength / heads))
  if (!reader.has('attention.key_length') && embeddingLength % heads !== 0) {
    throw reader.error(
      'BAD_FORMAT',
      `${embeddingLength} values ("${reader.key('embedding_length')}") cannot be split into ${heads} attention heads ("${reader.key('attention.head_count')}")`,
    )
  }
  const valueDim = count('attention.value_length', headDim)
  const ropeDim = count('rope.dimension_count', headDim)
  const unshared = kvHeads.find((shared) => shared > 0 && heads % shared !== 0)
  if (unshared !== undefined) {
    throw reader.error(
      'BAD_FORMAT',
      `${heads} attention heads cannot share ${unshared} key/value heads ("${reader.key('attention.head_count_kv')}")`,
    )
  }
  if (ropeDim > headDim || ropeDim % 2 !== 0) {
    throw reader.error(
      'BAD_FORMAT',
      `${ropeDim} rotary dimensions ("${reader.key('rope.dimension_count')}") in heads of ${headDim}; an even number up to ${headDim} is needed`,
    )
  }
  const { valueWidths } = traits
  if (headDim % 4 !== 0 || valueDim % 4 !== 0 || (valueDim !== headDim && !valueWidths)) {
    throw reader.error(
      'UNSUPPORTED',
      `heads of ${headDim} key and ${valueDim} value dimensions; both must be ${valueWidths ? 'multiples' : 'the same multiple'} of 4`,
    )
  }
  return { heads, kvHeads: Math.max(...kvHeads), headDim, valueDim, ropeDim }
}

/** The layers that are run: all but the last `unused`. */
function readLayers(reader: HyperparameterReader, unused: number): number {
  const all = reader.count('block_count', { maximum: MAXIMUM.block_count })
  if (unused < all) return all - unused
  throw reader.error('BAD_FORMAT', `${unused} of ${all} layers are not run; none is left`)
}

/** The value of each layer that is run, of which one at least is more than 0; of a family whose layers are alike, one value. */
function readPerLayer(
  reader: HyperparameterReader,
  { layered = false, draftLayers = 0 }: FamilyTraits,
  key: keyof typeof MAXIMUM,
  fallback: number | undefined,
): readonly number[] {
  const maximum = MAXIMUM[key]
  if (!layered) return [reader.count(key, { fallback, maximum })]
  const counts = reader.layerCounts(key, readLayers(reader, draftLayers), { fallback, maximum })
  if (counts.some((value) => value > 0)) return counts
  throw reader.error('BAD_FORMAT', `"${reader.key(key)}" is 0 in every layer`)
}

/** The layers of a draft head for multi-token prediction, at the end of the file. Source: DeepSeek-AI 2024 (V3). */
export function readDraftLayers(reader: HyperparameterReader): number {
  return reader.count('nextn_predict_layers', { fallback: 0, minimum: 0, maximum: MAXIMUM.block_count })
}

/**
 * A frozen copy of the configuration that a family returned. Throws `INVALID_ARGUMENT` for a hyperparameter that is missing or
 * outside the range that is accepted in files.
 */
export function checkedConfig<C extends Config>(returned: C, architecture: string): C {
  const config: C = Object.freeze({ ...returned })
  const invalid = (key: string, value: unknown, needed: string) =>
    familyError(
      architecture,
      `: hyperparameters() returns ${key} ${describeValue(value)}; ${needed} is needed`,
    )
  for (const [key, maximum] of COUNTS) {
    const value = config[key]
    const minimum = config.attentionFree && key in ATTENTION_FREE ? 0 : 1
    if (!(Number.isInteger(value) && value >= minimum && value <= maximum)) {
      throw invalid(key, value, `a whole number from ${minimum} to ${maximum}`)
    }
  }
  for (const key of REALS) {
    const value = config[key]
    if (!Number.isFinite(value)) throw invalid(key, value, 'a number')
  }
  if (config.architecture !== architecture) {
    throw invalid('architecture', config.architecture, "the file's")
  }
  return config
}

const COUNTS = [
  ['contextLength', MAXIMUM.context_length],
  ['vocabSize', MAXIMUM.vocab_size],
  ['embeddingLength', MAXIMUM.embedding_length],
  ['feedForwardLength', MAXIMUM.feed_forward_length],
  ['layers', MAXIMUM.block_count],
  ['heads', MAXIMUM['attention.head_count']],
  ['kvHeads', MAXIMUM['attention.head_count_kv']],
  ['headDim', MAXIMUM['attention.key_length']],
  ['valueDim', MAXIMUM['attention.value_length']],
  ['ropeDim', MAXIMUM['rope.dimension_count']],
] as const
const REALS = ['ropeTheta', 'attentionScale', 'normEpsilon'] as const

/** The rotary base frequency under `key`, more than 1. */
export function readRopeTheta(reader: HyperparameterReader, key: string, fallback = 10_000): number {
  const theta = reader.real(key, fallback)
  if (theta > 1) return theta
  throw reader.error('BAD_FORMAT', `"${reader.key(key)}" is ${theta}; more than 1 is needed`)
}

/** The tokenizer must not produce ids beyond the embedding's rows. */
function rejectVocabularyMismatch(reader: HyperparameterReader, vocabSize: number): void {
  const tokens = reader.metadata.strings('tokenizer.ggml.tokens', [])
  if (tokens.length === 0 || tokens.length === vocabSize) return
  throw reader.error('BAD_FORMAT', `the tokenizer has ${tokens.length} tokens, but the model ${vocabSize}`)
}

/** A single expert is a dense layer, which some converters write as such. */
function rejectExperts(reader: HyperparameterReader): void {
  const experts = reader.metadata.number(reader.key('expert_count'), 0)
  if (experts === 0 || experts === 1) return
  throw reader.error('UNSUPPORTED', `a mixture of ${experts} experts is not supported`, 'use a dense model')
}

/** Whether attention goes in both directions, by the family and by the file, which must not contradict it. */
function readDirection(reader: HyperparameterReader, encoder: FamilyTraits['encoder'] = false): boolean {
  const key = 'attention.causal'
  const isCausal = reader.metadata.boolean(reader.key(key), encoder !== true)
  // A causal model's identity is the same whether its family has encoders or not.
  if (!isCausal && encoder === 'optional') reader.note(key, isCausal)
  if (encoder === 'optional' || isCausal === !encoder) return !isCausal
  throw reader.error(
    'UNSUPPORTED',
    isCausal
      ? `causal attention ("${reader.key(key)}" is true) is not supported in this architecture`
      : 'non-causal attention is not supported',
    isCausal ? undefined : 'use a causal model, one without "attention.causal" in its file',
  )
}
