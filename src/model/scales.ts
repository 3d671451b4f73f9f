import type { HyperparameterReader } from './hyperparameter-reader.js'

/**
 * Constants of maximal-update parametrisation that a file gives: embeddings, the results of sublayers and logits are
 * multiplied with them. 1: not scaled. Source: Yang et al. 2022 (μP).
 */
export interface Scales {
  readonly embeddingScale: number
  readonly residualScale: number
  readonly logitScale: number
}

/** A positive factor; a file that does not scale lacks the key or has 0. */
export function readScale(reader: HyperparameterReader, key: string, fallback = 1): number {
  return reader.real(key, fallback) || 1
}

/**
 * The factor of logits from `logit_scale`, by which they are divided. Throws `MISSING` or `BAD_FORMAT`, naming the key.
 * `fallback`: default of the key.
 */
export function readLogitDivisor(reader: HyperparameterReader, fallback?: number): number {
  const divisor = reader.real('logit_scale', fallback)
  if (divisor > 0) return 1 / divisor
  throw reader.error('BAD_FORMAT', `"${reader.key('logit_scale')}" is 0; logits are divided by it`)
}
