import { softmaxWeights } from '../math/softmax.js'

/** The largest f32: stands for +Infinity, so that differences of logits are never NaN. */
const LARGEST = 3.4028234663852886e38

/** An f32 without its sign, and where infinities and NaNs begin. */
const MAGNITUDE = 0x7fffffff
const SPECIAL = 0x7f800000

/**
 * The tokens that are still in the running, with their logits: what the steps of the chain work on. The buffers are as
 * long as the vocabulary and reused from token to token; only the first `size` entries count, in ascending order of id.
 */
export class Candidates {
  ids = new Int32Array(0)
  logits = new Float32Array(0)
  size = 0
  #everyId = new Int32Array(0)
  /** The logits' bit patterns. */
  #bits = new Int32Array(0)
  /** softmax(logits) before its division; see `weigh`. */
  #weights = new Float64Array(0)
  /** Sum of the weights, NaN while they are not computed. */
  #mass = Number.NaN

  /** Takes every token of `logits` (f32[vocabulary]), which stays as it is. NaN counts as −Infinity. */
  reset(logits: Float32Array): void {
    const { length } = logits
    if (this.#everyId.length !== length) {
      this.#everyId = Int32Array.from({ length }, (_, id) => id)
      this.ids = new Int32Array(length)
      this.logits = new Float32Array(length)
      this.#bits = new Int32Array(this.logits.buffer)
      this.#weights = new Float64Array(length)
    }
    this.size = length
    this.ids.set(this.#everyId)
    this.logits.set(logits)
    this.#tame()
    this.changed()
  }

  /** Replaces NaN and Infinity, after a look at the exponents alone, which is cheap and mostly enough. */
  #tame(): void {
    const { logits, size } = this
    let below = -1
    for (let i = 0; i < size; i++) below &= (this.#bits[i] & MAGNITUDE) - SPECIAL
    if (below < 0) return
    for (let i = 0; i < size; i++) {
      const logit = logits[i]
      logits[i] = Number.isNaN(logit) ? Number.NEGATIVE_INFINITY : Math.min(logit, LARGEST)
    }
  }

  /** To be called after writing to `logits`. */
  changed(): void {
    this.#mass = Number.NaN
  }

  /** Leaves out all candidates but those for whose index `keeps` says true. */
  filter(keeps: (index: number) => boolean): void {
    let kept = 0
    for (let i = 0; i < this.size; i++) {
      if (!keeps(i)) continue
      this.ids[kept] = this.ids[i]
      this.logits[kept] = this.logits[i]
      kept++
    }
    this.#shrink(kept)
  }

  #shrink(size: number): void {
    if (size === this.size) return
    this.size = size
    this.changed()
  }

  /** Leaves out all candidates whose logit is below `threshold`. */
  keepFrom(threshold: number): void {
    const { ids, logits, size } = this
    let kept = 0
    for (let i = 0; i < size; i++) {
      const logit = logits[i]
      if (logit < threshold) continue
      ids[kept] = ids[i]
      logits[kept] = logit
      kept++
    }
    this.#shrink(kept)
  }

  /** Leaves out all that are farther than `distance` from `center`, and those at that distance after index `lastEqual`. */
  keepNear(center: number, distance: number, lastEqual: number): void {
    const { ids, logits, size } = this
    let kept = 0
    for (let i = 0; i < size; i++) {
      const away = Math.abs(logits[i] - center)
      if (away > distance || (away === distance && i > lastEqual)) continue
      ids[kept] = ids[i]
      logits[kept] = logits[i]
      kept++
    }
    this.#shrink(kept)
  }

  /** Where token `id` stands, or -1. */
  indexOf(id: number): number {
    let low = 0
    let high = this.size - 1
    // While nothing has been left out the first look finds it.
    let at = Math.min(id, high)
    while (low <= high) {
      if (this.ids[at] === id) return at
      if (this.ids[at] < id) low = at + 1
      else high = at - 1
      at = (low + high) >> 1
    }
    return -1
  }

  /** Index of the largest logit, the lowest id on ties; -1 when no token has a chance. */
  likeliest(): number {
    let best = -1
    let largest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < this.size; i++) {
      if (this.logits[i] > largest) {
        largest = this.logits[i]
        best = i
      }
    }
    return best
  }

  /**
   * Probabilities, by index, times `mass`: dividing would cost another pass over the vocabulary. `weights` is a view
   * that the next change overwrites.
   */
  weigh(): { weights: Float64Array; mass: number } {
    if (Number.isNaN(this.#mass)) this.#mass = softmaxWeights(this.logits, this.size, this.#weights)
    return { weights: this.#weights, mass: this.#mass }
  }
}
