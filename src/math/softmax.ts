import { log } from './elementary.js'

/** Table entries per octave: e^−x = 2^(−step / STEPS) · e^r with |r| ≤ ln 2 / (2 · STEPS). */
const STEPS = 128
const LAST_STEP = 100 * STEPS
const POWERS = Float64Array.from({ length: LAST_STEP + 1 }, (_, step) => powerOfTwo(-step / STEPS))

/** Logits per block. */
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
 * An unnormalized softmax: each logit has the weight e^((logit − reference) / temperature). Only the sums of the weights
 * are kept, per block: recomputing the few weights needed a second time is faster than storing and loading all of them.
 * Same bits on every engine, relative error below 3e-12. Weights below 2^−100 count as 0, which a draw with 53 random
 * bits cannot distinguish.
 */
export class Softmax {
  /** The logit whose weight is 1. */
  reference = 0
  /** Σ weights. */
  mass = 0
  /** Σ weights · (reference − logit); NaN if `reset` was called without `withMoment`. */
  moment = Number.NaN
  #temperature = 1
  /** Factor from a distance to `reference` to a step of the table. */
  #scale = 0
  #blocks = 0
  /** End index of each block. */
  #ends = new Int32Array(0)
  /** `mass` and `moment` of each block. */
  #masses = new Float64Array(0)
  #moments = new Float64Array(0)

  /**
   * Computes the sums over the first `n` logits, all finite and at most `largest`, which becomes the reference.
   * `temperature` > 0. `withMoment` costs a sixth more.
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
    // Capped, because 0 × Infinity is NaN.
    this.#scale = Math.min(STEPS / Math.LN2 / temperature, Number.MAX_VALUE)
    this.#blocks = Math.ceil(n / BLOCK)
    if (this.#ends.length < this.#blocks) {
      this.#ends = new Int32Array(this.#blocks)
      this.#masses = new Float64Array(this.#blocks)
      this.#moments = new Float64Array(this.#blocks)
    }
    for (let block = 0; block < this.#blocks; block++) {
      this.#ends[block] = Math.min((block + 1) * BLOCK, n)
      this.#sumBlock(block, logits)
    }
    this.#addUp()
  }

  /** Updates the sums after the logits at these ascending indices were removed. `logits` are the remaining ones. */
  remove(indices: readonly number[], logits: Float32Array): void {
    let removed = 0
    for (let block = 0; block < this.#blocks; block++) {
      const before = removed
      while (indices[removed] < this.#ends[block]) removed++
      this.#ends[block] -= removed
      if (removed > before) this.#sumBlock(block, logits)
    }
    this.#addUp()
  }

  #sumBlock(block: number, logits: Float32Array): void {
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

  /** The first index at which the cumulative weight exceeds `share` of the mass; -1 if rounding errors leave none. */
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
    return expNegative(POWERS, (this.reference - logit) * this.#scale)
  }

  /** Adds the weight of each of the first `n` logits to bins[|logit − center| · scale], clamped to the last bin. */
  addToHistogram(logits: Float32Array, n: number, center: number, scale: number, bins: Float64Array): void {
    fillHistogram(logits, n, this.reference, this.#scale, center, scale, bins, bins.length - 1)
  }

  /** ln p of a logit, without the weights' lower bound. */
  logProbability(logit: number): number {
    return (logit - this.reference) / this.#temperature - log(this.mass)
  }

  /** The logit with the given ln p. */
  logitOf(logProbability: number): number {
    return this.reference + this.#temperature * (logProbability + log(this.mass))
  }
}

// The functions below use local variables only, because V8 reloads a module's constants in every loop iteration.

/** e^−x for x = `scaled` · ln 2 / STEPS ≥ 0. V8 inlines it: 2.5 ns per logit with its sums (2026-11). */
function expNegative(powers: Float64Array, scaled: number): number {
  if (!(scaled < 12800)) return 0
  /** Adding and then subtracting this constant rounds to the nearest integer. */
  const step = scaled + 6755399441055744 - 6755399441055744
  const r = (step - scaled) * 0.0054152123481245725
  return powers[step | 0] * (1 + r + r * r * (0.5 + r * 0.16666666666666666))
}

/** Σ weights of the logits in [start, end). */
function massOf(logits: Float32Array, start: number, end: number, reference: number, scale: number): number {
  const powers = POWERS
  let mass = 0
  for (let i = start; i < end; i++) mass += expNegative(powers, (reference - logits[i]) * scale)
  return mass
}

/** Computes mass and moment together and writes them to the block's entries. */
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
    const weight = expNegative(powers, away * scale)
    mass += weight
    moment += weight * away
  }
  masses[block] = mass
  moments[block] = moment
}

/** Two logits per iteration, to hide the latency of reloading a bin that was just written. */
function fillHistogram(
  logits: Float32Array,
  n: number,
  reference: number,
  scale: number,
  center: number,
  binsPerUnit: number,
  bins: Float64Array,
  last: number,
): void {
  const powers = POWERS
  for (let i = 1; i < n; i += 2) {
    const a = logits[i - 1]
    const b = logits[i]
    const weightA = expNegative(powers, (reference - a) * scale)
    const weightB = expNegative(powers, (reference - b) * scale)
    const binA = Math.min(Math.abs(a - center) * binsPerUnit, last) | 0
    const binB = Math.min(Math.abs(b - center) * binsPerUnit, last) | 0
    bins[binA] += weightA
    bins[binB] += weightB
  }
  if (n % 2 === 0) return
  const rest = logits[n - 1]
  bins[Math.min(Math.abs(rest - center) * binsPerUnit, last) | 0] += expNegative(
    powers,
    (reference - rest) * scale,
  )
}
