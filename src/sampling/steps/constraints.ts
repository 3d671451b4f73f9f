import { DasllamaError } from '../../errors.js'
import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/**
 * Restricts the candidates before any other step: biases, banned and forced ids, and end-of-generation tokens that are
 * not allowed yet. Throws `INVALID_ARGUMENT` for an id outside the vocabulary.
 */
export function constraints(params: ResolvedStepParams, endIds: ReadonlySet<number>): Step | undefined {
  const { bannedIds, forcedIds, minTokens, ignoreEos } = params
  const biases = Object.entries(params.logitBias).map(([id, bias]) => [Number(id), bias] as const)
  const removed = biases.filter(([, bias]) => bias === Number.NEGATIVE_INFINITY).map(([id]) => id)
  const banned = ascending(bannedIds, removed)
  const bannedAndEnds = ascending(banned, endIds)
  const forced = forcedIds && ascending(forcedIds)
  const holdsEnd = endIds.size > 0 && (ignoreEos || minTokens > 0)
  if (biases.length === 0 && banned.length === 0 && !forced && !holdsEnd) return undefined
  const named = ascending(
    biases.map(([id]) => id),
    bannedIds,
    forcedIds ?? [],
  )
  const highest = named.at(-1) ?? -1
  return (candidates, { previousTokens }) => {
    if (highest >= candidates.vocabulary) throw unknownId(highest, candidates.vocabulary)
    for (const [id, bias] of biases) {
      const index = candidates.indexOf(id)
      if (index >= 0) candidates.set(index, candidates.logits[index] + bias)
    }
    if (forced) candidates.keep(forced)
    candidates.remove(holdsEnd && (ignoreEos || previousTokens.length < minTokens) ? bannedAndEnds : banned)
  }
}

/** The union of these ids, in ascending order. */
function ascending(...lists: readonly Iterable<number>[]): number[] {
  return [...new Set(lists.flatMap((list) => [...list]))].sort((a, b) => a - b)
}

function unknownId(id: number, vocabulary: number): DasllamaError {
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `the sampling parameters name token ${id}, which is not in the vocabulary (0 to ${vocabulary - 1})`,
  )
}
