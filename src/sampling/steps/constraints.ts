import { DasllamaError } from '../../errors.js'
import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/**
 * What may be chosen at all, before any other step: biases, banned and forced ids, and when the end may come.
 * Throws `INVALID_ARGUMENT` for an id outside the vocabulary.
 */
export function constraints(params: ResolvedSampling, endIds: ReadonlySet<number>): Step | undefined {
  const { bannedIds, forcedIds, minTokens, ignoreEos } = params
  const biases = Object.entries(params.logitBias).map(([id, bias]) => [Number(id), bias] as const)
  const banned = new Set(bannedIds)
  const forced = forcedIds && new Set(forcedIds)
  const holdsEnd = endIds.size > 0 && (ignoreEos || minTokens > 0)
  if (biases.length === 0 && banned.size === 0 && !forced && !holdsEnd) return undefined
  const named = [...biases.map(([id]) => id), ...bannedIds, ...(forcedIds ?? [])]
  return (candidates, { recent }) => {
    const { logits } = candidates
    for (const id of named) if (candidates.indexOf(id) < 0) throw unknownId(id, candidates.size)
    for (const [id, bias] of biases) logits[candidates.indexOf(id)] += bias
    candidates.changed()
    const withoutEnd = holdsEnd && (ignoreEos || recent.length < minTokens)
    const { ids } = candidates
    candidates.filter(
      (i) =>
        !banned.has(ids[i]) &&
        (!forced || forced.has(ids[i])) &&
        !(withoutEnd && endIds.has(ids[i])) &&
        logits[i] !== Number.NEGATIVE_INFINITY,
    )
  }
}

function unknownId(id: number, vocabulary: number): DasllamaError {
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `the sampling parameters name token ${id}, which is not in the vocabulary (0 to ${vocabulary - 1})`,
  )
}
