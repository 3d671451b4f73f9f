/** The index of the largest logit, the lowest on ties; NaN never wins. */
export function argmax(logits: Float32Array): number {
  let best = 0
  let largest = Number.NEGATIVE_INFINITY
  for (let id = 0; id < logits.length; id++) {
    if (logits[id] > largest) {
      largest = logits[id]
      best = id
    }
  }
  return best
}
