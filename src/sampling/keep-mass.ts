import type { Candidates } from './candidates.js'

/** Buckets of the first pass. */
const BUCKETS = 4096
/** Distances from this on share the last bucket; they are rare where there is anything to choose. */
const FARTHEST = 32

/**
 * Keeps the candidates whose logits are nearest to `center`, of equally near ones the lower ids, until they hold
 * `share` of the probability; always one at least. Instead of sorting the vocabulary the probabilities are added up in
 * buckets by distance, and only the bucket in which the share is reached is sorted.
 */
export function keepMass(candidates: Candidates, share: number, center: number): void {
  const { logits, size } = candidates
  const { weights, mass } = candidates.weigh()
  const wanted = share * mass
  const inBucket = new Float64Array(BUCKETS)
  for (let i = 0; i < size; i++) inBucket[bucketOf(Math.abs(logits[i] - center))] += weights[i]
  let before = 0
  let last = 0
  while (last < BUCKETS - 1 && before + inBucket[last] < wanted) before += inBucket[last++]

  const edge: number[] = []
  for (let i = 0; i < size; i++) if (bucketOf(Math.abs(logits[i] - center)) === last) edge.push(i)
  const distance = (i: number) => Math.abs(logits[i] - center)
  edge.sort((a, b) => distance(a) - distance(b) || a - b)
  let at = 0
  for (; at < edge.length - 1; at++) {
    before += weights[edge[at]]
    if (before >= wanted) break
  }
  candidates.keepNear(center, distance(edge[at]), edge[at])
}

function bucketOf(distance: number): number {
  return distance < FARTHEST ? (distance * (BUCKETS / FARTHEST)) | 0 : BUCKETS - 1
}
