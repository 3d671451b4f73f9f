import { log } from './elementary.js'

/** Steps of the table to one halving: e^−x = 2^(−step / STEPS) · e^r with |r| ≤ ln 2 / (2 · STEPS). */
const STEPS = 128
const FARTHEST = 100 * STEPS
const POWERS = Float64Array.from({ length: FARTHEST + 1 }, (_, step) => powerOfTwo(-step / STEPS))

/** Logits to a block. */
const BLOCK = 256

/** 2^x for −100 ≤ x ≤ 0 from exact halvings and the Taylor series. */
function powerOfTwo(x: number): number {
  const whole = Math.ceil(x)
  const rest = (x - whole) * Math.LN2
  let sum = 1
  for (let k = 20; k >= 1; k--) sum = 1 + (rest / k) * sum
  for (let halving = whole; halving < 0; halving++) sum /= 2
  return sum
}

/**
 * The softmax of logits without its division: each has the weight e^((logit − reference) / temperature). Only sums of
 * the weights are kept, block by block: what few need a second time is computed anew, faster than it would be stored
 * and fetched. The same bits on every engine, relative error below 3e-12; but less than 2^−100 counts as 0, which no
 * draw with 53 random bits can tell.
 */
export class Softmax {
  /** The logit that has the weight 1. */
  reference = 0
  /** Σ weights. */
  mass = 0
  /** Σ weights · (reference − logit); NaN where `reset` was not asked for it. */
  moment = Number.NaN
  #temperature = 1
  /** What distances from `reference` are multiplied by for `weigh`. */
  #scale = 0
  #blocks = 0
  /** Where each block ends. */
  #ends = new Int32Array(0)
  /** `mass` and `moment` of each. */
  #masses = new Float64Array(0)
  #moments = new Float64Array(0)

  /**
   * Of the first `n` logits, all of them finite and at most `largest`, the reference. `temperature` is above 0.
   * `withMoment` costs a sixth more.
   */
  reset(
    logits: Float32Array,
    n: number,
    largest: number,
    temperature: number,
    { withMoment }: { withMoment: boolean },
  ): void {
    this.reference = largest
    this.moment = withMoment ? 0 : Number.NaN
    this.#temperature = temperature
    // Capped, for 0 × Infinity would be NaN.
    this.#scale = Math.min(STEPS / Math.LN2 / temperature, Number.MAX_VALUE)
    this.#blocks = Math.ceil(n / BLOCK)
    if (this.#ends.length < this.#blocks) {
      this.#ends = new Int32Array(this.#blocks)
      this.#masses = new Float64Array(this.#blocks)
      this.#moments = new Float64Array(this.#blocks)
    }
    for (let block = 0; block < this.#blocks; block++) {
      this.#ends[block] = Math.min((block + 1) * BLOCK, n)
      this.#weigh(block, logits)
    }
    this.#addUp()
  }

  /** Hears that the logits which stood at these indices, ascending, were left out. `logits` are those that remain. */
  remove(indices: readonly number[], logits: Float32Array): void {
    let gone = 0
    for (let block = 0; block < this.#blocks; block++) {
      const before = gone
      while (indices[gone] < this.#ends[block]) gone++
      this.#ends[block] -= gone
      if (gone > before) this.#weigh(block, logits)
    }
    this.#addUp()
  }

  #weigh(block: number, logits: Float32Array): void {
    const start = this.#start(block)
    const end = this.#ends[block]
    if (Number.isNaN(this.moment)) {
      this.#masses[block] = massOf(logits, start, end, this.reference, this.#scale)
    } else {
      momentOf(logits, start, end, this.reference, this.#scale, block, this.#masses, this.#moments)
    }
  }

  #start(block: number): number {
    return block === 0 ? 0 : this.#ends[block - 1]
  }

  #addUp(): void {
    this.mass = 0
    if (!Number.isNaN(this.moment)) this.moment = 0
    for (let block = 0; block < this.#blocks; block++) {
      this.mass += this.#masses[block]
      this.moment += this.#moments[block]
    }
  }

  /** The first index up to which the weights hold more than `share` of the mass; -1 when rounding leaves none. */
  find(share: number, logits: Float32Array): number {
    let left = share * this.mass
    let block = 0
    for (; block < this.#blocks - 1; block++) {
      const rest = left - this.#masses[block]
      if (rest < 0) break
      left = rest
    }
    const end = this.#ends[this.#blocks - 1]
    for (let i = this.#start(block); i < end; i++) {
      left -= this.weight(logits[i])
      if (left < 0) return i
    }
    return -1
  }

  weight(logit: number): number {
    return weigh(POWERS, (this.reference - logit) * this.#scale)
  }

  /** Adds the weight of each of the first `n` logits to that of heights[|logit − center| · scale], at most the last. */
  addUpByDistance(
    logits: Float32Array,
    n: number,
    center: number,
    scale: number,
    heights: Float64Array,
  ): void {
    fillHistogram(logits, n, this.reference, this.#scale, center, scale, heights, heights.length - 1)
  }

  /** ln p of a logit. It has no lower end, as the weights have. */
  logProbability(logit: number): number {
    return (logit - this.reference) / this.#temperature - log(this.mass)
  }

  /** The logit whose ln p is this. */
  logitOf(logProbability: number): number {
    return this.reference + this.#temperature * (logProbability + log(this.mass))
  }
}

// What follows looks up nothing outside itself, for V8 reads a module's constants anew at every turn of a loop.

/** e^−x for x = `scaled` · ln 2 / STEPS ≥ 0. V8 inlines it: 2.5 ns a logit with its sums (2026-11). */
function weigh(powers: Float64Array, scaled: number): number {
  if (!(scaled < 12800)) return 0
  /** Adding and subtracting this rounds to the nearest integer. */
  const step = scaled + 6755399441055744 - 6755399441055744
  const r = (step - scaled) * 0.0054152123481245725
  return powers[step | 0] * (1 + r + r * r * (0.5 + r * 0.16666666666666666))
}

/** Σ weights of the logits from `start` to before `end`. */
function massOf(logits: Float32Array, start: number, end: number, reference: number, scale: number): number {
  const powers = POWERS
  let mass = 0
  for (let i = start; i < end; i++) mass += weigh(powers, (reference - logits[i]) * scale)
  return mass
}

/** The same, and with it the moment: both are written where the block's sums stand. */
function momentOf(
  logits: Float32Array,
  start: number,
  end: number,
  reference: number,
  scale: number,
  block: number,
  masses: Float64Array,
  moments: Float64Array,
): void {
  const powers = POWERS
  let mass = 0
  let moment = 0
  for (let i = start; i < end; i++) {
    const away = reference - logits[i]
    const weight = weigh(powers, away * scale)
    mass += weight
    moment += weight * away
  }
  masses[block] = mass
  moments[block] = moment
}

/** Two logits at a turn: a bar that was just written must be waited for. */
function fillHistogram(
  logits: Float32Array,
  n: number,
  reference: number,
  scale: number,
  center: number,
  narrowness: number,
  heights: Float64Array,
  last: number,
): void {
  const powers = POWERS
  for (let i = 1; i < n; i += 2) {
    const a = logits[i - 1]
    const b = logits[i]
    const weightA = weigh(powers, (reference - a) * scale)
    const weightB = weigh(powers, (reference - b) * scale)
    const barA = Math.min(Math.abs(a - center) * narrowness, last) | 0
    const barB = Math.min(Math.abs(b - center) * narrowness, last) | 0
    heights[barA] += weightA
    heights[barB] += weightB
  }
  if (n % 2 === 0) return
  const rest = logits[n - 1]
  heights[Math.min(Math.abs(rest - center) * narrowness, last) | 0] += weigh(
    powers,
    (reference - rest) * scale,
  )
}
