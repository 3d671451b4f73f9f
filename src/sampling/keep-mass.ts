import { log } from '../math/elementary.js'
import type { CandidateSet } from './candidate-set.js'

/** Bins of the histogram. */
const BINS = 4096

/** Kept, because allocating 32 KB per token costs ten times as much as all the rest with few candidates. */
const bins = /* @__PURE__ */ new Float64Array(BINS)

/**
 * Keeps the candidates whose logits are nearest to `center` (lower ids on ties) until they hold `share` of the
 * probability; always at least one. Avoids sorting the vocabulary: candidates too improbable to matter are dropped first,
 * then probabilities are summed in a histogram by distance, and only the bin in which the share is reached is sorted.
 */
export function keepMass(candidates: CandidateSet, share: number, center: number): void {
  const { softmax } = candidates
  const wanted = share * softmax.mass
  const reach = maxDistance(candidates, 1 - share, center)
  if (isWorthCompacting(candidates, center - reach)) candidates.keepFrom(center - reach)

  const { logits, ids, size } = candidates
  const scale = reach > 0 ? (BINS - 1) / reach : 0
  softmax.addToHistogram(logits, size, center, scale, bins.fill(0))
  let before = 0
  let last = 0
  for (let bin = 0, sum = 0; bin < BINS && (sum < wanted || !sum); bin++) {
    if (!bins[bin]) continue
    before = sum
    last = bin
    sum += bins[bin]
  }

  const edge: number[] = []
  candidates.shrink(keepBins(logits, ids, size, center, scale, last, edge))
  const distance = (i: number) => Math.abs(logits[i] - center)
  edge.sort((a, b) => distance(a) - distance(b) || a - b)
  let kept = 1
  for (; kept < edge.length; kept++) {
    before += softmax.weight(logits[edge[kept - 1]])
    if (before >= wanted) break
  }
  const surplus = edge.slice(kept).map((i) => ids[i])
  candidates.remove(surplus.sort((a, b) => a - b))
}

/**
 * A distance from `center` beyond which nothing can be kept. All tokens with a probability below `rest` / n together
 * hold less than `rest`; so candidates farther away than the first of them, and than the likeliest token on the other
 * side, are never reached.
 */
function maxDistance({ largest, softmax, size }: CandidateSet, rest: number, center: number): number {
  return Math.max(largest - center, center - softmax.logitOf(log(rest / size)))
}

/** Whether most candidates are below `threshold`, estimated from every 16th: otherwise dropping them costs more than it saves. */
function isWorthCompacting({ logits, size }: CandidateSet, threshold: number): boolean {
  let below = 0
  for (let i = 0; i < size; i += 16) if (logits[i] < threshold) below += 16
  return 2 * below > size
}

/**
 * A loop like those of passes.ts. Moves the logits of the bins up to `last`, with their ids, to the front and returns how
 * many there are. `edge` receives the new indices of those in bin `last`.
 */
function keepBins(
  logits: Float32Array,
  ids: Int32Array,
  n: number,
  center: number,
  scale: number,
  last: number,
  edge: number[],
): number {
  let kept = 0
  for (let i = 0; i < n; i++) {
    const logit = logits[i]
    const bin = Math.min(Math.abs(logit - center) * scale, 4095) | 0
    if (bin === last) edge.push(kept)
    logits[kept] = logit
    ids[kept] = ids[i]
    // Counted without a branch, which would be unpredictable in a flat distribution.
    kept = (kept + +(bin <= last)) | 0
  }
  return kept
}
