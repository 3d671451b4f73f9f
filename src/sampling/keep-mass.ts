import { log } from '../math/elementary.js'
import type { CandidateSet } from './candidate-set.js'

/** Bars of the histogram. */
const BUCKETS = 4096

/**
 * Keeps the candidates whose logits are nearest to `center`, of equally near ones the lower ids, until they hold
 * `share` of the probability; always one at least. Instead of sorting the vocabulary, what is too light to matter goes
 * first; then the probabilities are added up in a histogram by distance, and only the bucket in which the share is
 * reached is sorted.
 */
export function keepMass(candidates: CandidateSet, share: number, center: number): void {
  const { softmax } = candidates
  const wanted = share * softmax.mass
  const reach = reachOf(candidates, 1 - share, center)
  if (pays(candidates, center - reach)) candidates.keepFrom(center - reach)

  const { logits, ids, size } = candidates
  const scale = reach > 0 ? (BUCKETS - 1) / reach : 0
  const heights = new Float64Array(BUCKETS)
  softmax.addUpByDistance(logits, size, center, scale, heights)
  let before = 0
  let last = 0
  for (let bucket = 0, sum = 0; bucket < BUCKETS && (sum < wanted || sum === 0); bucket++) {
    if (heights[bucket] === 0) continue
    before = sum
    last = bucket
    sum += heights[bucket]
  }

  const edge: number[] = []
  candidates.shrink(keepBuckets(logits, ids, size, center, scale, last, edge))
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
 * A distance from `center` beyond which nothing can be kept. Tokens less probable than `rest` divided by their number hold
 * less than `rest` even all together; so what is farther than the first of them, and than the likeliest token on the
 * other side, never comes to its turn.
 */
function reachOf({ largest, softmax, size }: CandidateSet, rest: number, center: number): number {
  return Math.max(largest - center, center - softmax.logitOf(log(rest / size)))
}

/** Whether most candidates are below `threshold`, judged by every 16th: otherwise leaving them out costs more than it saves. */
function pays({ logits, size }: CandidateSet, threshold: number): boolean {
  let below = 0
  for (let i = 0; i < size; i += 16) if (logits[i] < threshold) below += 16
  return 2 * below > size
}

/**
 * A pass as those of passes.ts. Moves the logits of the buckets up to `last` to the front, and their ids with them. How many
 * there are; `edge` takes the new indices of those of bucket `last`.
 */
function keepBuckets(
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
    const bucket = Math.min(Math.abs(logit - center) * scale, 4095) | 0
    if (bucket === last) edge.push(kept)
    logits[kept] = logit
    ids[kept] = ids[i]
    // Counted without a branch, which nobody could predict in a flat distribution.
    kept = (kept + +(bucket <= last)) | 0
  }
  return kept
}
