import { MAX_DRAFT } from '../packing.js'
import { MAX_MATCH, MIN_MATCH } from './lookup.js'

/** How much of the time of one row each further row is expected to take until passes have been measured. */
const EXPECTED_SLOPE = 0.35
/** Weight of a new measurement in a mean. */
const NEW = 0.25
/** A draft must promise so many times the speed of none. */
const MIN_GAIN = 1.03
/** How much of what has been learnt stays, each time that a chance for a draft is not taken. */
const MEMORY = 0.99
/** Tokens that an assumption counts as. */
const PRIOR_WEIGHT = 4
/** The chance that a guessed token is right, by the length of the match, until drafts have been tried. */
const PRIOR = [0, 0, 0.45, 0.55, 0.7, 0.75, 0.8, 0.8, 0.85]

/** Chooses how many guessed tokens are evaluated, by how often such guesses were right and what passes have taken. */
export class DraftLength {
  /** Of drafts after matches of this length: tokens that were right, and tokens that were tried. */
  readonly #right = new Array<number>(MAX_MATCH + 1).fill(0)
  readonly #tried = new Array<number>(MAX_MATCH + 1).fill(0)
  readonly #cost = new PassCost()

  /** How many of `most` guessed tokens after a match of this length promise the most tokens per second; 0: none. */
  choose(match: number, most: number): number {
    const right = this.chance(match)
    let [best, bestSpeed] = [0, MIN_GAIN]
    // Tokens that a pass is expected to give: the one that is known, and guesses until the first wrong one.
    let [tokens, chance] = [1, 1]
    for (let length = 1; length <= Math.min(most, MAX_DRAFT); length++) {
      chance *= right
      tokens += chance
      const speed = tokens / this.#cost.of(1 + length)
      if (speed > bestSpeed) [best, bestSpeed] = [length, speed]
    }
    if (best === 0) {
      // So that it is tried again one day.
      this.#right[match] *= MEMORY
      this.#tried[match] *= MEMORY
    }
    return best
  }

  /** The chance that a token is right after one that was, from 0 to 1. */
  chance(match: number): number {
    const at = Math.max(MIN_MATCH, Math.min(match, MAX_MATCH))
    return (this.#right[at] + PRIOR_WEIGHT * PRIOR[at]) / (this.#tried[at] + PRIOR_WEIGHT)
  }

  /** Of a draft, `right` tokens were what was sampled. */
  learn(match: number, draft: number, right: number): void {
    this.#right[match] += right
    // Tokens after the first wrong one say nothing.
    this.#tried[match] += Math.min(draft, right + 1)
  }

  /** A pass with `rows` rows of the sequence took `ms`. */
  took(rows: number, ms: number): void {
    this.#cost.took(rows, ms)
  }
}

/** What passes take by their number of rows. */
class PassCost {
  readonly #ms: (number | undefined)[] = []

  took(rows: number, ms: number): void {
    if (!(ms > 0)) return
    const before = this.#ms[rows]
    this.#ms[rows] = before === undefined ? ms : before + NEW * (Math.min(ms, 2 * before) - before)
  }

  /** The time of a pass as a multiple of that with one row. */
  of(rows: number): number {
    const one = this.#ms[1]
    const measured = this.#ms[rows]
    if (one !== undefined && measured !== undefined) return measured / one
    return 1 + this.#slope() * (rows - 1)
  }

  /** The mean of what further rows have taken, each as a part of one row's time. */
  #slope(): number {
    const one = this.#ms[1]
    if (one === undefined) return EXPECTED_SLOPE
    let [sum, count] = [EXPECTED_SLOPE, 1]
    for (const [rows, ms] of this.#ms.entries()) {
      if (rows < 2 || ms === undefined) continue
      sum += (ms / one - 1) / (rows - 1)
      count++
    }
    return Math.max(0, sum / count)
  }
}
