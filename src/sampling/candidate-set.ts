import { Softmax } from '../math/softmax.js'
import { refuseNaN } from './nan.js'
import { argmax, compact, gather, largestFinite, multiply } from './passes.js'

/** The largest f32: stands for Infinity, so that differences of logits are never NaN. */
const LARGEST = 3.4028234663852886e38

/** Of less mass than this, rounding and what counts as 0 might be a share that matters. */
const LEAST_MASS = 2 ** -40

/** Made once: they are passed for each token. */
const WITH_MOMENT = { withMoment: true }
const WITHOUT_MOMENT = { withMoment: false }

/**
 * The tokens that are still in the running, with their logits: what the steps of the chain work on. The buffers are as
 * long as the vocabulary and reused from token to token; only the first `size` entries count, in ascending order of id.
 * Every logit is finite: what has no chance is not a candidate.
 *
 * A pass over a large vocabulary costs 0.1 ms and more, so nothing makes one that can be put off: ids are written only
 * when something is left out, and the temperature is a number until somebody needs divided logits.
 */
export class CandidateSet {
  ids = new Int32Array(0)
  /** Before their division by `temperature`. */
  logits = new Float32Array(0)
  size = 0
  temperature = 1
  #everyId = new Int32Array(0)
  /** From here on `ids` still holds every id. */
  #disturbed = 0
  /** NaN while it is not known. */
  #largest = Number.NaN
  #softmax = new Softmax()
  /** Whether `#softmax` is that of these candidates. */
  #weighed = false

  /** Tokens that there are, whether candidates or not. */
  get vocabulary(): number {
    return this.ids.length
  }

  /**
   * Takes every token of `logits` (f32[vocabulary]) that has a chance and, where `allowed` is given, whose bit is set
   * there. `logits` stays as it is. Throws `NOT_A_NUMBER` for a NaN among them.
   */
  reset(logits: Float32Array, allowed?: Uint32Array): void {
    const { length } = logits
    if (this.ids.length === length) {
      this.ids.set(this.#everyId.subarray(0, this.#disturbed))
    } else {
      this.#everyId = Int32Array.from({ length }, (_, id) => id)
      this.ids = this.#everyId.slice()
      this.logits = new Float32Array(length)
    }
    this.#disturbed = 0
    this.size = length
    this.temperature = 1
    if (allowed) this.shrink(gather(logits, allowed, this.logits, this.ids))
    else this.logits.set(logits)
    this.settle(refuseNaN)
  }

  /**
   * To be called after writing to `logits`: leaves out tokens without a chance, those of −Infinity or NaN, and puts the
   * largest f32 for Infinity. `onNaN` hears of the ids whose logit is NaN.
   */
  settle(onNaN?: (id: number) => void): void {
    this.#weighed = false
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

  /** Changes one logit. What no finite f32 can hold becomes the nearest that can. */
  set(index: number, logit: number): void {
    const { logits } = this
    const before = logits[index]
    logits[index] = Math.max(-LARGEST, Math.min(logit, LARGEST))
    if (logits[index] >= this.#largest) this.#largest = logits[index]
    else if (before === this.#largest) this.#largest = Number.NaN
    this.#weighed = false
  }

  /**
   * To be called after −Infinity was written to a logit, or any logit that is not NaN to several. Until `settle` or
   * `remove` has left out those of −Infinity, only `set`, `indexOf` and the weights of the others may be asked for.
   */
  touch(): void {
    this.#largest = Number.NaN
    this.#weighed = false
  }

  /** Carries out the division that is put off, for steps to which the size of a logit matters. */
  divide(): void {
    if (this.temperature === 1) return
    // Capped, for 0 × Infinity would be NaN.
    multiply(this.logits, this.size, Math.min(1 / this.temperature, Number.MAX_VALUE))
    this.temperature = 1
    this.#largest = Number.NaN
    this.#weighed = false
  }

  /** Multiplies the temperature. */
  heat(factor: number): void {
    this.temperature *= factor
    this.#weighed = false
  }

  /** The largest logit. There must be a candidate. */
  get largest(): number {
    if (Number.isNaN(this.#largest)) this.#largest = this.logits[this.likeliest()]
    return this.#largest
  }

  /** Index of the largest logit, the lowest id on ties; -1 without candidates. */
  likeliest(): number {
    return argmax(this.logits, this.size)
  }

  /** Their probabilities, softmax(logits / temperature). The next that is asked for takes its place. */
  get softmax(): Softmax {
    return this.#weigh(WITHOUT_MOMENT)
  }

  /** Σ p · logit: the logit of a token that surprises as much as a draw is expected to. */
  meanLogit(): number {
    const { reference, mass, moment } = this.#weigh(WITH_MOMENT)
    return reference - moment / mass
  }

  #weigh(options: { readonly withMoment: boolean }): Softmax {
    const softmax = this.#softmax
    const lacks = softmax.mass < LEAST_MASS || (options.withMoment && Number.isNaN(softmax.moment))
    if (!this.#weighed || lacks) {
      softmax.reset(this.logits, this.size, this.largest, this.temperature, options)
    }
    this.#weighed = true
    return softmax
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

  /** Leaves out all candidates whose logit is below `threshold`, but never the likeliest. */
  keepFrom(threshold: number): void {
    const { largest } = this
    this.shrink(compact(this.logits, this.ids, this.size, Math.min(threshold, largest)))
    this.#largest = largest
  }

  /** Leaves out all but these ids, which must ascend. */
  keep(ids: readonly number[]): void {
    const kept = this.#indicesOf(ids)
    for (const [to, from] of kept.entries()) {
      this.ids[to] = this.ids[from]
      this.logits[to] = this.logits[from]
    }
    this.shrink(kept.length)
  }

  /** Leaves these ids out, which must ascend. The others are not weighed again. */
  remove(removed: readonly number[]): void {
    const { ids, logits, size } = this
    const indices = this.#indicesOf(removed)
    const weighed = this.#weighed
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
    if (weighed) this.#softmax.remove(indices, logits)
    this.#weighed = weighed
  }

  #indicesOf(ids: readonly number[]): number[] {
    return ids.map((id) => this.indexOf(id)).filter((index) => index >= 0)
  }

  /** Notes that only the first `size` entries are left of those that there were. */
  shrink(size: number): void {
    if (size === this.size) return
    // One more, for what is counted without a branch is written before it is known whether it stays.
    this.#disturbed = Math.max(this.#disturbed, size + 1)
    this.size = size
    this.#largest = Number.NaN
    this.#weighed = false
  }
}
