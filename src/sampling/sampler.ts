import { argmax } from './argmax.js'
import { draw } from './draw.js'
import { resolveSampling, type SamplingParams } from './params.js'
import { applyPenalty } from './penalty.js'
import type { Rng } from './rng.js'
import { selectTopK } from './top-k.js'

/** Chooses tokens from logits by fixed parameters. */
export interface Sampler {
  readonly params: Readonly<Required<SamplingParams>>
  /**
   * The next token's id. `logits` is f32[vocabulary] and stays as it is; `recent` holds the tokens generated so far,
   * the latest last. `rng` is asked only when `temp` is above 0.
   */
  pick(logits: Float32Array, recent: ArrayLike<number>, rng: Rng): number
}

/**
 * The chain, in this order: repetition penalty, then temperature, top-k, softmax and draw; with `temp` of 0 the
 * largest logit instead of those. Throws what `resolveSampling` throws.
 */
export function createSampler(params?: SamplingParams): Sampler {
  const resolved = resolveSampling(params)
  const { temp, topK, penalty, penaltyLastN } = resolved
  const penalises = penalty !== 1 && penalty > 0 && penaltyLastN > 0
  let copy = new Float32Array(0)
  let everyId = new Int32Array(0)
  return {
    params: resolved,
    pick(logits, recent, rng) {
      let work = logits
      if (penalises) {
        if (copy.length !== logits.length) copy = new Float32Array(logits.length)
        copy.set(logits)
        applyPenalty(copy, recent, penalty, penaltyLastN)
        work = copy
      }
      if (temp <= 0) return argmax(work)
      if (topK > 0 && topK < work.length) return draw(work, selectTopK(work, topK), temp, rng)
      if (everyId.length !== work.length) everyId = Int32Array.from(work, (_, id) => id)
      return draw(work, everyId, temp, rng)
    },
  }
}
