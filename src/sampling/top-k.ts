/**
 * Partial selection: the ids of the `k` largest logits in ascending order of id; of equal logits the lower ids stay,
 * and NaN only where nothing else is left.
 * A heap of k with the weakest on top sees each logit once: O(n log k) at worst, and close to n compares for real
 * logits.
 */
export function selectTopK(logits: Float32Array, k: number): Int32Array {
  const heap = new Int32Array(k)
  /** Whether id a is weaker than b: smaller logit (NaN below all), or the same and a higher id. */
  const weaker = (a: number, b: number) => {
    const [left, right] = [logits[a], logits[b]]
    if (left === right || Object.is(left, right)) return a > b
    return left < right || Number.isNaN(left)
  }

  const sink = (from: number, size: number): void => {
    const id = heap[from]
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && weaker(heap[child + 1], heap[child])) child++
      if (!weaker(heap[child], id)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = id
  }

  for (let id = 0; id < k; id++) heap[id] = id
  for (let at = (k >> 1) - 1; at >= 0; at--) sink(at, k)
  for (let id = k; id < logits.length; id++) {
    // An equal logit with a higher id is weaker: only a larger one enters, or any where the weakest is NaN.
    if (logits[id] <= logits[heap[0]] || !weaker(heap[0], id)) continue
    heap[0] = id
    sink(0, k)
  }
  return heap.sort()
}
