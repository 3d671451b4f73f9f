import { checkCount, checkOneOf, checkOptions, checkSignal } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { exp } from '../math/elementary.js'
import type { Ranking } from '../model/ranking.js'
import { pacer } from '../platform/pacer.js'
import { isA, readList } from '../read-list.js'
import { createPool, pooledRows } from '../session/pool.js'
import { Model } from './model.js'
import { PairEncoder } from './rerank-pair.js'

/** How to rank documents. */
export interface RerankOptions {
  /** Return only the best documents. Default: all. */
  topN?: number
  /**
   * What to do with a pair of more tokens than `model.contextLength`: refuse it with `CONTEXT_FULL`, or leave the document's
   * end away. Default `error`.
   */
  truncate?: 'error' | 'end'
  /** Cancels; checked whenever the event loop runs. The promise rejects with the signal's reason. */
  signal?: AbortSignal
}

/** A document's place in the ranking. */
export interface RankedDocument {
  /** Index in the list of documents. */
  readonly index: number
  /**
   * The model's score, larger for more relevant documents: a logit or, of models that say so, such as Qwen3-Reranker, a
   * probability. Comparable for one query and model only.
   */
  readonly score: number
}

/**
 * Ranks documents by their relevance to a query, with a reranker: each pair of query and document goes through the model
 * together. The most relevant comes first; of equal scores, the earlier document. A document's score does not depend on the
 * others, to the last bit.
 *
 * ```js
 * const [best] = await rerank(model, 'What do pandas eat?', documents, { topN: 1 })
 * console.log(documents[best.index], best.score)
 * ```
 *
 * Pairs are written as the file's template `rerank` says, or with the separators of its tokenizer. Before anything is evaluated
 * it rejects with `UNSUPPORTED` for a model without a ranking head, `INVALID_ARGUMENT` for bad options and for what is not a
 * text, `CONTEXT_FULL` for a pair that is too long, `DISPOSED`; later as `embed` does.
 */
export async function rerank(
  model: Model,
  query: string,
  documents: readonly string[],
  options: RerankOptions = {},
): Promise<RankedDocument[]> {
  if (!isA<Model>(Model as never, model)) {
    throw new DasllamaError('INVALID_ARGUMENT', 'rerank needs a model as its first argument', {
      hint: 'await loadModel(…) gives one',
    })
  }
  checkOptions(options)
  const { topN, truncate = 'error', signal } = options
  checkSignal(signal)
  if (topN !== undefined) checkCount('topN', topN, 1, Number.MAX_SAFE_INTEGER)
  checkOneOf('truncate', truncate, ['error', 'end'])
  const ranking = rankingOf(model)
  const texts = readList('the list of documents', documents, (text, index) =>
    checkText(text, `document ${index + 1}`),
  )
  const pairs = new PairEncoder(model, checkText(query, 'the query'), truncate)
  const embedder = model.createEmbedder(signal)
  try {
    if (!embedder.hasPooledHead) throw noRankingHead(model)
    const inputs: number[][] = []
    for (const [index, text] of texts.entries()) {
      inputs.push(pairs.encode(text, `document ${index + 1} of ${texts.length}`))
      await pacer.yieldIfDue(embedder.signal)
    }
    embedder.signal.throwIfAborted()
    const ranked: RankedDocument[] = []
    for (const [index, ids] of inputs.entries()) {
      const pool = createPool(ranking.pooling, model.config.embeddingLength)
      await embedder.run(ids, pooledRows(ranking.pooling, ids.length), pool.take)
      const scores = await embedder.runPooledHead(pool.vectors()[0])
      ranked.push({ index, score: scoreOf(scores, ranking) })
    }
    ranked.sort((a, b) => b.score - a.score || a.index - b.index)
    return ranked.slice(0, topN)
  } finally {
    embedder.dispose()
  }
}

/** The first label's score. */
function scoreOf(scores: Float32Array, { softmax }: Ranking): number {
  if (!softmax) return scores[0]
  const most = scores.reduce((a, b) => Math.max(a, b))
  let sum = 0
  for (const score of scores) sum += exp(score - most)
  return exp(scores[0] - most) / sum
}

function rankingOf(model: Model): Ranking {
  const { ranking } = model.config
  if (ranking) return ranking
  throw noRankingHead(model)
}

function noRankingHead({ architecture }: Model): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    `the model is not a reranker: its file (architecture ${describeValue(architecture)}) has no ranking head`,
    {
      hint: 'use a reranker such as bge-reranker, or compare vectors: embed(model, texts) and cosineSimilarity',
    },
  )
}

function checkText(text: unknown, name: string): string {
  if (typeof text === 'string') return text
  throw new DasllamaError('INVALID_ARGUMENT', `${name} must be a string, not ${describeValue(text)}`)
}
