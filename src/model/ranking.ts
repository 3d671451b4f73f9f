import type { ActivationFunction, Value } from '../backend/program.js'
import type { Builder } from './builder/builder.js'
import type { Config } from './config.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/** How a reranker makes scores of a pair of texts. */
export interface Ranking {
  /** Which hidden state the ranking head reads. */
  readonly pooling: 'cls' | 'mean' | 'last'
  /** Names of the scores, the first of which ranks; one without a name if the file has none. */
  readonly labels: readonly string[]
  /** Whether scores are probabilities, by a softmax over the labels. */
  readonly softmax: boolean
}

/** Limit on the number of labels. */
const MAX_LABELS = 1000

/**
 * A reranker's scores, from `classifier.output_labels`; `undefined` if the file's pooling is not that of a reranker. Throws
 * `BAD_FORMAT`, naming the key.
 */
export function readRanking(
  reader: HyperparameterReader,
  { pooling: filePooling }: Pick<Config, 'pooling'>,
  { pooling = 'cls', softmax = false }: Partial<Omit<Ranking, 'labels'>> = {},
): Ranking | undefined {
  if (filePooling !== 'rank') return undefined
  const key = 'classifier.output_labels'
  const labels = reader.has(key) ? Array.from(reader.metadata.strings(reader.key(key))) : ['']
  if (labels.length < 1 || labels.length > MAX_LABELS) {
    throw reader.error(
      'BAD_FORMAT',
      `"${reader.key(key)}" has ${labels.length} labels; 1 to ${MAX_LABELS} are accepted`,
    )
  }
  return reader.note('ranking', { pooling, labels, softmax })
}

/**
 * Records the head that makes scores of a pooled hidden state, if the model is a reranker: a dense layer `cls` with an
 * activation and, if the file has one, a norm; then `cls.output`. Both are optional. Source: Devlin et al. 2019, Liu et al.
 * 2019. `denseRows`: default the embedding length.
 */
export function rankingHead(
  b: Builder,
  h: Config,
  {
    activation = 'tanh',
    denseRows = h.embeddingLength,
  }: { activation?: ActivationFunction; denseRows?: number } = {},
): void {
  const [hasDense, hasOutput] = [b.has('cls.weight'), b.has('cls.output.weight')]
  if (!h.ranking || !(hasDense || hasOutput)) return
  const { labels } = h.ranking
  b.afterPooling((pooled) => {
    let x: Value = pooled
    if (hasDense) {
      x = b.activation(b.linear(x, 'cls', denseRows), activation)
      if (b.has('cls.norm.weight')) x = b.layerNorm(x, 'cls.norm')
    }
    return hasOutput ? b.linear(x, 'cls.output', labels.length) : x
  })
}
