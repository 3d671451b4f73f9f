/**
 * The hot loops of the sampling chain over whole vocabularies, 0.1 ms each for 151,936 tokens in V8 (2026-11). They take
 * plain numbers and arrays and load nothing else before the loop: V8 compiles a long loop during its first run (on-stack
 * replacement) without feedback for the code before it, so it would deoptimize at the next call and run half as fast from
 * then on.
 */

/** The first index from `i` on whose value is at least `threshold` (NaN is not), or `n`. */
export function seek(values: Float32Array, i: number, n: number, threshold: number): number {
  // Eight per iteration, because nearly all of a vocabulary is skipped.
  while (
    i + 8 <= n &&
    !(
      values[i] >= threshold ||
      values[i + 1] >= threshold ||
      values[i + 2] >= threshold ||
      values[i + 3] >= threshold ||
      values[i + 4] >= threshold ||
      values[i + 5] >= threshold ||
      values[i + 6] >= threshold ||
      values[i + 7] >= threshold
    )
  ) {
    i += 8
  }
  while (i < n && !(values[i] >= threshold)) i++
  return i
}

/** Index of the largest of the first `n` values, the lowest on ties; NaN is skipped. -1 if none is above −Infinity. */
export function argmax(values: Float32Array, n: number): number {
  let best = -1
  let largest = -1.7976931348623157e308
  for (let i = seek(values, 0, n, largest); i < n; i = seek(values, i + 1, n, largest)) {
    if (values[i] === largest) continue
    largest = values[i]
    best = i
  }
  return best
}

/**
 * Index of the largest of the values whose bit is set in `allowed` (bit `i & 31` of word `i >>> 5`), the lowest on ties;
 * -1 if none is above −Infinity.
 */
export function argmaxOf(values: Float32Array, allowed: Uint32Array): number {
  let best = -1
  let largest = Number.NEGATIVE_INFINITY
  const words = Math.min(allowed.length, Math.ceil(values.length / 32))
  for (let word = 0; word < words; word++) {
    const bits = allowed[word]
    if (bits === 0) continue
    const end = Math.min(32 * word + 32, values.length)
    // Test the value before the bit, because few values exceed the maximum so far.
    for (let i = 32 * word; i < end; i++) {
      if (!(values[i] > largest) || ((bits >>> (i & 31)) & 1) === 0) continue
      largest = values[i]
      best = i
    }
  }
  return best
}

/** Compacts the values whose bit is set in `allowed`, and their indices. Returns how many there are. */
export function gather(
  values: Float32Array,
  allowed: Uint32Array,
  targetValues: Float32Array,
  indices: Int32Array,
): number {
  const { length } = values
  const words = Math.min(allowed.length, Math.ceil(length / 32))
  let count = 0
  for (let word = 0; word < words; word++) {
    const bits = allowed[word]
    if (bits === 0) continue
    const end = Math.min(32 * word + 32, length)
    for (let i = 32 * word; i < end; i++) {
      // Branch-free: written in any case, but kept only if the bit is set.
      targetValues[count] = values[i]
      indices[count] = i
      count += (bits >>> (i & 31)) & 1
    }
  }
  return count
}

/** 0, 1, 2 … */
export function fillAscending(ids: Int32Array): void {
  const { length } = ids
  for (let i = 0; i < length; i++) ids[i] = i
}

/** The largest of the first `n` values; NaN if any of them is NaN or infinite. */
export function largestFinite(values: Float32Array, n: number): number {
  let largest = -3.4028234663852886e38
  for (let i = 0; i < n; i++) {
    for (; i + 8 <= n; i += 8) {
      const a = values[i]
      const b = values[i + 1]
      const c = values[i + 2]
      const d = values[i + 3]
      const e = values[i + 4]
      const f = values[i + 5]
      const g = values[i + 6]
      const h = values[i + 7]
      const four = a <= largest && b <= largest && c <= largest && d <= largest
      const eight = four && e <= largest && f <= largest && g <= largest && h <= largest
      // A sum of eight f32 is below this bound only if one of them is −Infinity.
      if (!(eight && a + b + (c + d) + (e + f + (g + h)) > -2.8e39)) break
    }
    if (i >= n) break
    const value = values[i]
    if (value - value !== 0) return Number.NaN
    if (value > largest) largest = value
  }
  return largest
}

/** Moves the values of at least `threshold`, with their ids, to the front. Returns how many there are. */
export function compact(values: Float32Array, ids: Int32Array, n: number, threshold: number): number {
  let kept = 0
  for (let i = seek(values, 0, n, threshold); i < n; i = seek(values, i, n, threshold)) {
    // Hits cluster, so the next ones are counted without an unpredictable branch.
    for (const end = Math.min(i + 16, n); i < end; i++) {
      const value = values[i]
      values[kept] = value
      ids[kept] = ids[i]
      kept = (kept + +(value >= threshold)) | 0
    }
  }
  return kept
}

/**
 * The k-th largest of the first `n` values, 1 ≤ k ≤ n, none of them NaN. `heap` holds the first k of them: each other
 * value is compared with the smallest in the heap, and few logits of a large vocabulary enter a small one.
 */
export function kthLargest(values: Float32Array, n: number, heap: Float32Array, k: number): number {
  for (let at = k - 1; at >= 0; at--) sink(heap, at, heap[at], k)
  for (let i = seek(values, k, n, heap[0]); i < n; i = seek(values, i + 1, n, heap[0])) {
    sink(heap, 0, values[i], k)
  }
  return heap[0]
}

/** Places `value` at node `at` of the heap or sinks it to its position below. */
function sink(heap: Float32Array, at: number, value: number, k: number): void {
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

/** Indices of the `n` largest of the first `size` logits, in descending order, the lower index first on ties. */
export function topIndices(logits: Float32Array, size: number, n: number): number[] {
  if (n === 0) return []
  const weakest = kthLargest(logits, size, logits.slice(0, n), n)
  const top: number[] = []
  for (let i = 0; i < size; i++) if (logits[i] >= weakest) top.push(i)
  return top.sort((a, b) => logits[b] - logits[a] || a - b).slice(0, n)
}

/**
 * Standard deviation of the first `n` values, whose maximum is `largest`, in one pass over the distances to it: the
 * squared mean, subtracted at the end, is at most `n` times the variance, so enough digits remain.
 */
export function deviation(values: Float32Array, n: number, largest: number): number {
  // Two sums each, because an addition waits for the previous one.
  let evenSum = 0
  let oddSum = 0
  let evenSquares = 0
  let oddSquares = 0
  for (let i = 1; i < n; i += 2) {
    const even = largest - values[i - 1]
    const odd = largest - values[i]
    evenSum += even
    oddSum += odd
    evenSquares += even * even
    oddSquares += odd * odd
  }
  const last = n % 2 === 0 ? 0 : largest - values[n - 1]
  const mean = (evenSum + oddSum + last) / n
  return Math.sqrt(Math.max(0, (evenSquares + oddSquares + last * last) / n - mean * mean))
}

/** Multiplies the first `n` values and clamps them to finite f32. */
export function multiply(values: Float32Array, n: number, factor: number): void {
  let i = 0
  for (; i + 4 <= n; i += 4) {
    const a = values[i] * factor
    const b = values[i + 1] * factor
    const c = values[i + 2] * factor
    const d = values[i + 3] * factor
    // Rarely needed, and clamping every value would double the cost.
    if (!(Math.abs(a) + Math.abs(b) + (Math.abs(c) + Math.abs(d)) < 3.4028234663852886e38)) break
    values[i] = a
    values[i + 1] = b
    values[i + 2] = c
    values[i + 3] = d
  }
  for (; i < n; i++) {
    const value = values[i] * factor
    values[i] = Math.max(-3.4028234663852886e38, Math.min(value, 3.4028234663852886e38))
  }
}
