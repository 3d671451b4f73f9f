import { checkBoolean, checkCount, checkOneOf, checkOptions, checkSignal, checkTokens } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { pacer } from '../platform/pacer.js'
import { isA, isArray, readList } from '../read-list.js'
import { createPool, normalize, POOLINGS, type Pooling, pooledRows } from '../session/pool.js'
import type { EncodeOptions, TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { Model } from './model.js'

/** A text, or its token ids, which are taken without change. */
export type EmbedInput = string | ArrayLike<TokenId>

/** How to embed. `EncodeOptions` say how texts become tokens. */
export interface EmbedOptions extends EncodeOptions {
  /**
   * What becomes of the tokens' hidden states: `mean`, `cls` (the first token's), `last`, or `none`, which gives a vector
   * for each token. Default: what the file names, else `mean`.
   */
  pooling?: Pooling
  /** Scale each vector to the Euclidean length 1. Default true. */
  normalize?: boolean
  /**
   * Keep the first values of each vector only, before it is scaled; for models that were trained for it ("Matryoshka").
   * Default: all, `config.embeddingLength`.
   */
  dimensions?: number
  /**
   * What to do with a text of more tokens than `model.contextLength`: refuse it with `CONTEXT_FULL`, or leave its end
   * away, but not a closing EOS or separator. Default `error`.
   */
  truncate?: 'error' | 'end'
  /** Cancels; checked whenever the event loop runs, within texts too. The promise rejects with the signal's reason. */
  signal?: AbortSignal
}

type PerText = EmbedOptions & { pooling?: Exclude<Pooling, 'none'> }
type PerToken = EmbedOptions & { pooling: 'none' }

/**
 * Embeds texts as vectors of `model.config.embeddingLength` values: the hidden states after the model's output norm, pooled.
 * Dense layers that the file has after pooling are applied. A text has the same vector, to the last bit, whatever is embedded
 * with it or runs at the same time. Attention goes in both directions in encoders (`model.kind`), else it is causal, as in
 * generation.
 *
 * ```js
 * const [question, ...lines] = await embed(model, ['a small dog', 'a puppy', 'a truck'])
 * const scores = lines.map((line) => cosineSimilarity(question, line))
 * ```
 *
 * One text, or its ids, gives one vector (with `pooling: 'none'` one per token); an array of texts or of ids gives an array
 * with the result of each.
 *
 * Each text takes memory for its tokens while it is evaluated. Before anything is evaluated it rejects with
 * `INVALID_ARGUMENT` for bad options, values that are not strings and empty texts; `CONTEXT_FULL` for a text that is too long,
 * `UNSUPPORTED` for a reranker's pooling, `DISPOSED`; later with `OUT_OF_MEMORY`, `THREAD_LOST`, `DISPOSED` for a model that
 * is disposed meanwhile, or the signal's reason.
 */
export function embed(model: Model, text: EmbedInput, options?: PerText): Promise<Float32Array>
export function embed(model: Model, texts: readonly EmbedInput[], options?: PerText): Promise<Float32Array[]>
export function embed(model: Model, text: EmbedInput, options: PerToken): Promise<Float32Array[]>
export function embed(
  model: Model,
  texts: readonly EmbedInput[],
  options: PerToken,
): Promise<Float32Array[][]>
export async function embed(
  model: Model,
  input: EmbedInput | readonly EmbedInput[],
  options: EmbedOptions = {},
): Promise<Float32Array | Float32Array[] | Float32Array[][]> {
  if (!isA<Model>(Model as never, model)) {
    throw new DasllamaError('INVALID_ARGUMENT', 'embed needs a model as its first argument', {
      hint: 'await loadModel(…) gives one',
    })
  }
  const settings = resolve(options, model)
  const many = isList(input)
  // A copy, because the caller may change its list while the event loop runs.
  const texts = many ? readList('the list of texts', input, (text) => text as EmbedInput) : [input]
  const embedder = model.createEmbedder(options.signal)
  const { signal } = embedder
  try {
    const inputs: TokenId[][] = []
    for (const [i, text] of texts.entries()) {
      inputs.push(idsOf(text, many ? `text ${i + 1} of ${texts.length}` : 'the text', model, options))
      await pacer.yieldIfDue(signal)
    }
    signal.throwIfAborted()
    // Dense layers follow pooling, so single tokens do without.
    const hasDense = embedder.hasPooledHead && !model.config.ranking && settings.pooling !== 'none'
    const results: Float32Array[][] = []
    for (const ids of inputs) {
      const pool = createPool(settings.pooling, model.config.embeddingLength)
      await embedder.run(ids, pooledRows(settings.pooling, ids.length), pool.take)
      const vectors: Float32Array[] = []
      for (const vector of pool.vectors()) {
        vectors.push(hasDense ? await embedder.runPooledHead(vector) : vector)
      }
      results.push(vectors.map((vector) => finish(vector, settings)))
    }
    const given = settings.pooling === 'none' ? results : results.map(([vector]) => vector)
    return many ? (given as Float32Array[] | Float32Array[][]) : given[0]
  } finally {
    embedder.dispose()
  }
}

interface Settings {
  readonly pooling: Pooling
  readonly normalize: boolean
  readonly dimensions: number
}

/** The options with their defaults. Throws `INVALID_ARGUMENT`, `UNSUPPORTED`. */
function resolve(options: EmbedOptions, { config }: Model): Settings {
  checkOptions(options)
  const { normalize = true, dimensions = config.embeddingLength, truncate = 'error', signal } = options
  checkSignal(signal)
  checkBoolean('normalize', normalize)
  checkBoolean('addSpecial', options.addSpecial ?? true)
  checkBoolean('parseSpecial', options.parseSpecial ?? false)
  checkCount('dimensions', dimensions, 1, config.embeddingLength)
  checkOneOf('truncate', truncate, ['error', 'end'])
  if (options.pooling !== undefined) checkOneOf('pooling', options.pooling, POOLINGS)
  else if (config.pooling === 'rank') {
    throw new DasllamaError('UNSUPPORTED', 'the model is a reranker: it scores pairs of texts', {
      hint: `call rerank(model, query, documents); or, for its hidden states, pass pooling, one of ${POOLINGS.join(', ')}`,
    })
  }
  const named = config.pooling === 'none' || config.pooling === 'rank' ? undefined : config.pooling
  return { pooling: options.pooling ?? named ?? 'mean', normalize, dimensions }
}

/** An array of numbers is one text's ids; any other array is a list of texts. */
function isList(input: EmbedInput | readonly EmbedInput[]): input is readonly EmbedInput[] {
  return isArray(input) && typeof input[0] !== 'number'
}

/** The tokens of one text, as many as fit; `name` is for messages. */
function idsOf(
  text: EmbedInput,
  name: string,
  { tokenizer, config, contextLength }: Model,
  { addSpecial, parseSpecial, truncate }: EmbedOptions,
): TokenId[] {
  if (typeof text !== 'string' && (text === null || typeof text !== 'object')) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${name} must be a string or token ids, not ${describeValue(text)}`,
    )
  }
  const ids =
    typeof text !== 'string'
      ? checkTokens(name, text, config.vocabSize)
      : // A BOS alone would have a vector, but one of nothing.
        text === ''
        ? []
        : tokenizer.encode(text, { addSpecial, parseSpecial })
  if (ids.length === 0) {
    throw new DasllamaError('INVALID_ARGUMENT', `${name} is empty: there is nothing to embed`)
  }
  const excess = ids.length - contextLength
  if (excess <= 0) return ids
  if (truncate !== 'end') {
    throw new DasllamaError(
      'CONTEXT_FULL',
      `${name} has ${ids.length} tokens, ${excess} more than the context of ${contextLength} holds`,
      { hint: "split it, pass truncate: 'end', or load the model with a larger contextLength" },
    )
  }
  return truncated(ids, contextLength, tokenizer)
}

/** The first `length` ids, but the closing EOS or separator stays: models were trained to read a whole text at it. */
function truncated(ids: TokenId[], length: number, { eosId, separatorId }: Tokenizer): TokenId[] {
  const closing = ids[ids.length - 1]
  const kept = ids.slice(0, length)
  if (closing === eosId || closing === separatorId) kept[length - 1] = closing
  return kept
}

function finish(vector: Float32Array, { normalize: isUnit, dimensions }: Settings): Float32Array {
  const cut = dimensions < vector.length ? vector.slice(0, dimensions) : vector
  return isUnit ? normalize(cut) : cut
}
