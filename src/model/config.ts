import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import type { ModelFile } from '../gguf/model-file.js'
import type { Family } from './family.js'
import { type PoolingType, readPooling } from './pooling.js'
import { familyOf } from './registry.js'
import { type RopeScaling, readRopeScaling } from './rope-scaling.js'

/** The numbers that a model is built from. */
export interface Config {
  readonly architecture: string
  /** `general.name`, where the file has one. */
  readonly name: string | undefined
  /** Positions that the model was trained for. */
  readonly contextLength: number
  readonly vocabSize: number
  /** Width of the residual stream. */
  readonly embeddingLength: number
  readonly feedForwardLength: number
  readonly layers: number
  readonly heads: number
  /** Heads of keys and values; `heads` is a multiple. */
  readonly kvHeads: number
  /** Values in one head. */
  readonly headDim: number
  /** How many of a head's values turn with the position. */
  readonly ropeDim: number
  readonly ropeTheta: number
  readonly ropeScaling: RopeScaling
  /** What scores are multiplied with before the softmax; 1/√headDim unless the file says otherwise. */
  readonly attentionScale: number
  readonly rmsEpsilon: number
  /** How the file wants embeddings to be pooled, where it says so. */
  readonly pooling: PoolingType | undefined
  readonly family: Family
}

/** Keys of `architecture.*`, whose values must be positive integers, with the range that is accepted. */
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

/** Reads and checks a file's configuration. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key. */
export function readConfig(file: ModelFile): Config {
  const { metadata } = file
  const architecture = metadata.string('general.architecture')
  const family = familyOf(architecture, file.name)
  const count = (key: keyof typeof MAXIMUM, fallback?: number): number =>
    positiveInteger(metadata, file.name, `${architecture}.${key}`, MAXIMUM[key], fallback)
  const real = (key: string, fallback?: number): number => {
    const value = metadata.number(`${architecture}.${key}`, fallback)
    if (Number.isFinite(value) && value >= 0) return value
    throw new DasllamaError('BAD_FORMAT', `${displayName(file.name)}: "${architecture}.${key}" is ${value}`)
  }

  refuseExperts(metadata, architecture, file.name)
  refuseBothWays(metadata, architecture, file.name)
  const vocabSize = count('vocab_size', vocabularySize(file))
  refuseOtherVocabulary(metadata, vocabSize, file.name)
  const embeddingLength = count('embedding_length')
  const heads = count('attention.head_count')
  const kvHeads = count('attention.head_count_kv', heads)
  const headDim = count('attention.key_length', Math.floor(embeddingLength / heads))
  const valueDim = count('attention.value_length', headDim)
  const ropeDim = count('rope.dimension_count', headDim)
  if (heads % kvHeads !== 0) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(file.name)}: ${heads} attention heads cannot share ${kvHeads} key/value heads`,
    )
  }
  if (ropeDim > headDim || ropeDim % 2 !== 0) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(file.name)}: ${ropeDim} rotary dimensions in heads of ${headDim}: an even number within the head is needed`,
    )
  }
  const ropeTheta = real('rope.freq_base', 10_000)
  if (ropeTheta <= 1) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(file.name)}: "${architecture}.rope.freq_base" is ${ropeTheta}; more than 1 is needed`,
    )
  }
  if (headDim % 4 !== 0 || valueDim !== headDim) {
    throw new DasllamaError(
      'UNSUPPORTED',
      `${displayName(file.name)}: heads of ${headDim} key and ${valueDim} value dimensions; both must be the same multiple of 4`,
    )
  }
  return {
    architecture,
    name: metadata.has('general.name') ? metadata.string('general.name') : undefined,
    contextLength: count('context_length'),
    vocabSize,
    embeddingLength,
    feedForwardLength: count('feed_forward_length'),
    layers: count('block_count'),
    heads,
    kvHeads,
    headDim,
    ropeDim,
    ropeTheta,
    ropeScaling: readRopeScaling(metadata, architecture, file.name),
    attentionScale: real('attention.scale', 0) || 1 / Math.sqrt(headDim),
    rmsEpsilon: real('attention.layer_norm_rms_epsilon'),
    pooling: readPooling(metadata, architecture, file.name),
    family,
  }
}

/** The embedding's rows, of which there is one a token. */
function vocabularySize(file: ModelFile): number | undefined {
  return file.tensors.get('token_embd.weight')?.shape[1]
}

/** A key that some writers give per layer is accepted when all layers agree. */
function positiveInteger(
  metadata: Metadata,
  fileName: string,
  key: string,
  maximum: number,
  fallback?: number,
): number {
  const raw = metadata.get(key)
  let value: number
  if (ArrayBuffer.isView(raw)) {
    const each = metadata.numbers(key)
    value = each[0]
    if (Array.prototype.some.call(each, (other) => other !== value)) {
      throw new DasllamaError('UNSUPPORTED', `${displayName(fileName)}: "${key}" differs from layer to layer`)
    }
  } else {
    value = metadata.number(key, fallback)
  }
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return value
  throw new DasllamaError(
    'BAD_FORMAT',
    `${displayName(fileName)}: "${key}" is ${value}; 1 to ${maximum} is accepted`,
  )
}

/** Ids must mean the same to the tokenizer and to the weights: one too many would be a row that is not there. */
function refuseOtherVocabulary(metadata: Metadata, vocabSize: number, fileName: string): void {
  const tokens = metadata.strings('tokenizer.ggml.tokens', [])
  if (tokens.length === 0 || tokens.length === vocabSize) return
  throw new DasllamaError(
    'BAD_FORMAT',
    `${displayName(fileName)}: the tokenizer has ${tokens.length} tokens, the model ${vocabSize}`,
  )
}

function refuseExperts(metadata: Metadata, architecture: string, fileName: string): void {
  const experts = metadata.number(`${architecture}.expert_count`, 0)
  if (experts === 0) return
  throw new DasllamaError(
    'UNSUPPORTED',
    `${displayName(fileName)}: a mixture of ${experts} experts is not supported`,
    {
      hint: 'use a dense model',
    },
  )
}

/** Some embedding models were trained to see the tokens after a token too. */
function refuseBothWays(metadata: Metadata, architecture: string, fileName: string): void {
  if (metadata.boolean(`${architecture}.attention.causal`, true)) return
  throw new DasllamaError(
    'UNSUPPORTED',
    `${displayName(fileName)}: attention to later tokens is not supported`,
    {
      hint: 'use a causal model, one without "attention.causal" in its file',
    },
  )
}
