import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/** Keeps the `topK` largest logits; of equal ones the lower ids. Source: Fan et al. 2018. */
export function topK({ topK: k }: ResolvedSampling): Step | undefined {
  if (k <= 0) return undefined
  return (candidates) => {
    if (k >= candidates.size) return
    const { logits } = candidates
    const weakest = kthLargest(logits, candidates.size, k)
    candidates.keepFrom(weakest)
    // More than k only if several are as weak as the weakest: then the first of those.
    let equals = k
    for (let i = 0; i < candidates.size; i++) if (logits[i] > weakest) equals--
    candidates.filter((i) => logits[i] > weakest || equals-- > 0)
  }
}

/**
 * The k-th largest of `values[0 … n − 1]`, by a heap of k with the smallest on top: each value is seen once, and for
 * real logits few of them enter the heap.
 */
function kthLargest(values: Float32Array, n: number, k: number): number {
  const heap = values.slice(0, k)
  const sink = (from: number) => {
    const value = heap[from]
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= k) break
      if (child + 1 < k && heap[child + 1] < heap[child]) child++
      if (heap[child] >= value) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = value
  }
  for (let at = (k >> 1) - 1; at >= 0; at--) sink(at)
  let smallest = heap[0]
  for (let i = k; i < n; i++) {
    if (values[i] > smallest) {
      heap[0] = values[i]
      sink(0)
      smallest = heap[0]
    }
  }
  return smallest
}
