import { power } from '../../math/elementary.js'
import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/** Larger penalties have no further effect, and the power of a long repetition would overflow. */
const LARGEST_PENALTY = 1e30

/**
 * "Don't repeat yourself": a token that would continue a repetition of n ≥ `dryAllowedLength` tokens loses
 * dryMultiplier · dryBase^(n − dryAllowedLength). `dryBreakers` end a repetition and are never penalized. Source: p-e-w, text-generation-webui pull request 5677.
 */
export function dry(params: ResolvedStepParams): Step | undefined {
  const { dryMultiplier, dryBase, dryAllowedLength, dryPenaltyLastN } = params
  if (dryMultiplier <= 0 || dryPenaltyLastN === 0) return undefined
  const breakers = new Set(params.dryBreakers)
  return (candidates, { previousTokens }) => {
    candidates.applyTemperature()
    for (const [id, length] of repetitions(previousTokens, dryPenaltyLastN, breakers)) {
      const index = candidates.indexOf(id)
      if (index < 0 || length < dryAllowedLength || breakers.has(id)) continue
      const penalty = dryMultiplier * power(dryBase, length - dryAllowedLength)
      candidates.set(index, candidates.logits[index] - Math.min(penalty, LARGEST_PENALTY))
    }
  }
}

/**
 * For each token that followed an earlier copy of the text's suffix: the length of the longest such copy. Linear in the
 * window, by the Z algorithm on the reversed text (Gusfield 1997).
 */
function repetitions(
  previousTokens: ArrayLike<number>,
  lastN: number,
  breakers: ReadonlySet<number>,
): Map<number, number> {
  const size = Math.min(previousTokens.length, lastN)
  /** The i-th token from the end. */
  const back = (i: number) => previousTokens[previousTokens.length - 1 - i]
  let limit = 0
  while (limit < size && !breakers.has(back(limit))) limit++

  const longest = new Map<number, number>()
  const match = new Int32Array(size)
  // [left, right) is the window of the rightmost known match.
  for (let i = 1, left = 0, right = 0; i < size; i++) {
    if (i < right) match[i] = Math.min(right - i, match[i - left])
    while (i + match[i] < size && back(match[i]) === back(i + match[i])) match[i]++
    if (i + match[i] > right) {
      left = i
      right = i + match[i]
    }
    const length = Math.min(match[i], limit)
    const follower = back(i - 1)
    if (length > (longest.get(follower) ?? 0)) longest.set(follower, length)
  }
  return longest
}
