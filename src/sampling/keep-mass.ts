import { log } from '../math/elementary.js'
import type { Candidates } from './candidates.js'

/** Bars of the histogram. */
const BUCKETS = 4096

/**
 * Keeps the candidates whose logits are nearest to `center`, of equally near ones the lower ids, until they hold
 * `share` of the probability; always one at least. Instead of sorting the vocabulary, what is too light to matter goes
 * first; then the probabilities are added up in a histogram by distance, and only the bucket in which the share is
 * reached is sorted.
 */
export function keepMass(candidates: Candidates, share: number, center: number): void {
  const { mass } = candidates.weigh()
  const wanted = share * mass
  const reach = reachOf(candidates, (1 - share) * mass, center)
  if (pays(candidates, center - reach)) candidates.keepFrom(center - reach)

  const { weights } = candidates.weigh()
  const { logits, ids, size } = candidates
  const scale = reach > 0 ? (BUCKETS - 1) / reach : 0
  const heights = new Float64Array(BUCKETS)
  fillHistogram(logits, weights, size, center, scale, heights)
  let before = 0
  let last = 0
  for (let bucket = 0, sum = 0; bucket < BUCKETS && (sum < wanted || sum === 0); bucket++) {
    if (heights[bucket] === 0) continue
    before = sum
    last = bucket
    sum += heights[bucket]
  }

  const distance = (i: number) => Math.abs(logits[i] - center)
  const edge = findBucket(logits, size, center, scale, last)
  edge.sort((a, b) => distance(a) - distance(b) || a - b)
  let at = 0
  for (; at < edge.length - 1; at++) {
    before += weights[edge[at]]
    if (before >= wanted) break
  }
  const farthest = distance(edge[at])
  const surplus = edge.slice(at + 1).filter((i) => distance(i) === farthest)
  const surplusIds = surplus.map((i) => ids[i])
  candidates.shrink(keepNear(logits, ids, size, center, farthest))
  candidates.remove(surplusIds)
}

/**
 * A distance from `center` beyond which nothing can be kept. Tokens lighter than `rest` divided by their number hold less
 * than `rest` even all together; so what is farther than the first of them, and than the likeliest token on the other
 * side, never comes to its turn.
 */
function reachOf(candidates: Candidates, rest: number, center: number): number {
  const { largest, temperature, size } = candidates
  const lightest = largest + temperature * log(rest / size)
  return Math.max(largest - center, center - lightest)
}

/** Whether most candidates are below `threshold`, judged by every 16th: otherwise leaving them out costs more than it saves. */
function pays({ logits, size }: Candidates, threshold: number): boolean {
  let below = 0
  for (let i = 0; i < size; i += 16) if (logits[i] < threshold) below += 16
  return 2 * below > size
}

// What follows are passes as those of passes.ts.

/** Adds each weight to its bucket: that of distance · `scale`, the last for all that is beyond. */
function fillHistogram(
  logits: Float32Array,
  weights: Float64Array,
  n: number,
  center: number,
  scale: number,
  heights: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    heights[Math.min(Math.abs(logits[i] - center) * scale, 4095) | 0] += weights[i]
  }
}

/** Indices of the logits in `bucket`. */
function findBucket(
  logits: Float32Array,
  n: number,
  center: number,
  scale: number,
  bucket: number,
): number[] {
  const found: number[] = []
  for (let i = 0; i < n; i++) {
    if ((Math.min(Math.abs(logits[i] - center) * scale, 4095) | 0) === bucket) found.push(i)
  }
  return found
}

/** Moves the logits within `distance` of `center` to the front, and their ids with them. How many there are. */
function keepNear(
  logits: Float32Array,
  ids: Int32Array,
  n: number,
  center: number,
  distance: number,
): number {
  let kept = 0
  for (let i = 0; i < n; i++) {
    const logit = logits[i]
    logits[kept] = logit
    ids[kept] = ids[i]
    // Counted without a branch, which nobody could predict in a flat distribution.
    kept = (kept + +(Math.abs(logit - center) <= distance)) | 0
  }
  return kept
}
