import { exp } from '../../math/elementary.js'
import { argmax, argmaxOf, seek } from '../../sampling/passes.js'
import type { DraftedToken } from './draft-source.js'

/** Logits that are so much smaller than the largest add nothing to the sum of probabilities. */
const NEGLIGIBLE = 16

/** The most likely of the first `vocabSize` tokens, and of those `allowed`; `undefined` if there is none. */
export function mostLikely(
  logits: Float32Array,
  vocabSize: number,
  allowed: Uint32Array | undefined,
): DraftedToken | undefined {
  const size = Math.min(vocabSize, logits.length)
  const id = allowed ? argmaxOf(logits.subarray(0, size), allowed) : argmax(logits, size)
  if (id < 0) return undefined
  const largest = logits[id]
  let sum = 0
  const floor = largest - NEGLIGIBLE
  const { length } = logits
  for (let i = seek(logits, 0, length, floor); i < length; i = seek(logits, i + 1, length, floor)) {
    if (allowed && ((allowed[i >>> 5] >>> (i & 31)) & 1) === 0) continue
    sum += exp(logits[i] - largest)
  }
  return { id, confidence: 1 / sum }
}
