import { checkCount } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { readOptions } from '../read-list.js'

/** What happens when the context is full: see `SessionOptions.contextShift`. */
export interface ContextShift {
  /** Tokens at the beginning that stay. Default 4, or one less than the context if that is smaller. */
  keep?: number
}

/** Keeps the attention sinks of a model, its first tokens. Source: Xiao et al. 2024. */
const DEFAULT_KEEP = 4

/** How many tokens stay at the beginning; `undefined` without context shift. Throws `INVALID_ARGUMENT`. */
export function resolveContextShift(
  option: ContextShift | boolean | undefined,
  contextLength: number,
): number | undefined {
  if (option === undefined || option === false) return undefined
  const fallback = Math.min(DEFAULT_KEEP, contextLength - 1)
  if (option === true) return fallback
  if (typeof option !== 'object' || option === null) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `contextShift must be true, false or { keep }, not ${describeValue(option)}`,
    )
  }
  const { keep = fallback } = readOptions('contextShift', option)
  return checkCount('contextShift.keep', keep, 0, contextLength - 1)
}

/**
 * How many tokens to drop after the first `keep` so that `count` more fit: half of those after `keep`, or more if needed.
 * 0 if they fit; `undefined` if they never will.
 */
export function tokensToDrop(
  keep: number,
  position: number,
  count: number,
  contextLength: number,
): number | undefined {
  const missing = position + count - contextLength
  if (missing <= 0) return 0
  const most = position - keep
  if (missing > most) return undefined
  return Math.max(missing, Math.ceil(most / 2))
}
