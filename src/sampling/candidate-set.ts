import { Softmax } from '../math/softmax.js'
import { rejectNaN } from './nan.js'
import { argmax, compact, fillAscending, gather, largestFinite, multiply } from './passes.js'

/** The largest f32: replaces Infinity, so that differences of logits are never NaN. */
const LARGEST = 3.4028234663852886e38

/** Below this mass, rounding errors and weights that count as 0 could be a significant share. */
const LEAST_MASS = 2 ** -40

/** Allocated once, because they are passed for every token. */
const WITH_MOMENT = { withMoment: true }
const WITHOUT_MOMENT = { withMoment: false }

/**
 * The remaining candidate tokens and their logits, on which the steps of the chain operate. The buffers have the size of
 * the vocabulary and are reused for every token; only the first `size` entries are valid, in ascending order of id. Every
 * logit is finite: tokens that are impossible are not candidates.
 *
 * A pass over a large vocabulary costs 0.1 ms or more, so passes are deferred where possible: ids are written only when
 * candidates are dropped, and the temperature is only a number until a step needs divided logits.
 */
export class CandidateSet {
  ids = new Int32Array(0)
  /** Not yet divided by `temperature`. */
  logits = new Float32Array(0)
  size = 0
  temperature = 1
  #allIds = new Int32Array(0)
  /** From this index on, `ids` still holds every id. */
  #overwritten = 0
  /** NaN while unknown. */
  #largest = Number.NaN
  #softmax = new Softmax()
  /** Whether `#softmax` matches the current candidates. */
  #isSoftmaxValid = false

  /** Size of the vocabulary. */
  get vocabulary(): number {
    return this.ids.length
  }

  /**
   * Starts with every token of `logits` (f32[vocabulary]) whose logit is not −Infinity and, if `allowed` is given, whose
   * bit is set in it. Does not modify `logits`. Throws `NOT_A_NUMBER` if a logit is NaN.
   */
  reset(logits: Float32Array, allowed?: Uint32Array): void {
    const { length } = logits
    if (this.ids.length === length) {
      this.ids.set(this.#allIds.subarray(0, this.#overwritten))
    } else {
      this.#allIds = new Int32Array(length)
      fillAscending(this.#allIds)
      this.ids = this.#allIds.slice()
      this.logits = new Float32Array(length)
    }
    this.#overwritten = 0
    this.size = length
    this.temperature = 1
    if (allowed) this.shrink(gather(logits, allowed, this.logits, this.ids))
    else this.logits.set(logits)
    this.dropInvalid(rejectNaN)
  }

  /**
   * Call after writing to `logits`: drops the tokens whose logit is −Infinity or NaN and replaces Infinity by the largest
   * f32. `onNaN` is called with each id whose logit is NaN.
   */
  dropInvalid(onNaN?: (id: number) => void): void {
    this.#isSoftmaxValid = false
    this.#largest = largestFinite(this.logits, this.size)
    if (!Number.isNaN(this.#largest)) return
    const { ids, logits, size } = this
    let kept = 0
    for (let i = 0; i < size; i++) {
      const logit = logits[i]
      if (Number.isNaN(logit)) onNaN?.(ids[i])
      if (!(logit >= -LARGEST)) continue
      ids[kept] = ids[i]
      logits[kept++] = Math.min(logit, LARGEST)
    }
    this.shrink(kept)
  }

  /** Changes one logit, clamped to finite f32. */
  set(index: number, logit: number): void {
    const { logits } = this
    const before = logits[index]
    logits[index] = Math.max(-LARGEST, Math.min(logit, LARGEST))
    if (logits[index] >= this.#largest) this.#largest = logits[index]
    else if (before === this.#largest) this.#largest = Number.NaN
    this.#isSoftmaxValid = false
  }

  /**
   * Call after writing −Infinity to a logit, or anything but NaN to several. Until `dropInvalid` or `remove` has dropped
   * the tokens with −Infinity, only `set`, `indexOf` and the weights of the others may be used.
   */
  invalidate(): void {
    this.#largest = Number.NaN
    this.#isSoftmaxValid = false
  }

  /** Carries out the deferred division, for steps that depend on the logits' scale. */
  applyTemperature(): void {
    if (this.temperature === 1) return
    // Capped, because 0 × Infinity is NaN.
    multiply(this.logits, this.size, Math.min(1 / this.temperature, Number.MAX_VALUE))
    this.temperature = 1
    this.#largest = Number.NaN
    this.#isSoftmaxValid = false
  }

  /** Multiplies the temperature. */
  scaleTemperature(factor: number): void {
    this.temperature *= factor
    this.#isSoftmaxValid = false
  }

  /** The largest logit. Requires at least one candidate. */
  get largest(): number {
    if (Number.isNaN(this.#largest)) this.#largest = this.logits[this.likeliest()]
    return this.#largest
  }

  /** Index of the largest logit, the lowest id on ties; -1 without candidates. */
  likeliest(): number {
    return argmax(this.logits, this.size)
  }

  /** softmax(logits / temperature) of the candidates. Valid until the next use of this getter or `meanLogit`. */
  get softmax(): Softmax {
    return this.#computeSoftmax(WITHOUT_MOMENT)
  }

  /** Σ p · logit: the logit at which the surprise equals its expectation. */
  meanLogit(): number {
    const { reference, mass, moment } = this.#computeSoftmax(WITH_MOMENT)
    return reference - moment / mass
  }

  #computeSoftmax(options: { readonly withMoment: boolean }): Softmax {
    const softmax = this.#softmax
    const lacks = softmax.mass < LEAST_MASS || (options.withMoment && Number.isNaN(softmax.moment))
    if (!this.#isSoftmaxValid || lacks) {
      softmax.reset(this.logits, this.size, this.largest, this.temperature, options)
    }
    this.#isSoftmaxValid = true
    return softmax
  }

  /** Index of token `id`, or -1. */
  indexOf(id: number): number {
    let low = 0
    let high = this.size - 1
    // If nothing has been dropped, the first probe hits.
    let at = Math.min(id, high)
    while (low <= high) {
      if (this.ids[at] === id) return at
      if (this.ids[at] < id) low = at + 1
      else high = at - 1
      at = (low + high) >> 1
    }
    return -1
  }

  /** Drops all candidates whose logit is below `threshold`, but never the most likely one. */
  keepFrom(threshold: number): void {
    const { largest } = this
    this.shrink(compact(this.logits, this.ids, this.size, Math.min(threshold, largest)))
    this.#largest = largest
  }

  /** Drops all candidates but these ids, which must be ascending. */
  keep(ids: readonly number[]): void {
    const kept = this.#indicesOf(ids)
    for (const [to, from] of kept.entries()) {
      this.ids[to] = this.ids[from]
      this.logits[to] = this.logits[from]
    }
    this.shrink(kept.length)
  }

  /** Drops these ids, which must be ascending. A valid softmax is updated, not recomputed. */
  remove(removed: readonly number[]): void {
    const { ids, logits, size } = this
    const indices = this.#indicesOf(removed)
    const wasValid = this.#isSoftmaxValid
    const largest = indices.some((index) => logits[index] === this.#largest) ? Number.NaN : this.#largest
    let kept = 0
    let from = 0
    for (const index of [...indices, size]) {
      ids.copyWithin(kept, from, index)
      logits.copyWithin(kept, from, index)
      kept += index - from
      from = index + 1
    }
    this.shrink(kept)
    this.#largest = largest
    if (wasValid) this.#softmax.remove(indices, logits)
    this.#isSoftmaxValid = wasValid
  }

  /** An independent copy of the candidates. Its buffers hold no more than these, so it cannot be `reset`. */
  copy(): CandidateSet {
    const copy = new CandidateSet()
    copy.ids = this.ids.slice(0, this.size)
    copy.logits = this.logits.slice(0, this.size)
    copy.size = this.size
    copy.temperature = this.temperature
    return copy
  }

  #indicesOf(ids: readonly number[]): number[] {
    return ids.map((id) => this.indexOf(id)).filter((index) => index >= 0)
  }

  /** Sets the number of remaining candidates. */
  shrink(size: number): void {
    if (size === this.size) return
    // One more, because the branch-free loops also write the entry after the last kept one.
    this.#overwritten = Math.max(this.#overwritten, size + 1)
    this.size = size
    this.#largest = Number.NaN
    this.#isSoftmaxValid = false
  }
}
