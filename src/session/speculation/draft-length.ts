import { MAX_DRAFT } from '../packing.js'
import type { PassCost } from './pass-cost.js'

/** A draft must promise so many times the speed of none. */
const MIN_GAIN = 1.03

/** What is expected of the best draft. */
export interface DraftPlan {
  /** Tokens to guess; 0: none are worth their time. */
  readonly length: number
  /** Tokens per time of a pass with one row, 1 without a draft. */
  readonly speed: number
}

/**
 * How many guessed tokens, at most `most`, promise the most tokens per time, if each is right with this chance and takes
 * `step` to guess.
 */
export function planDraft(cost: PassCost, chance: number, most: number, step = 0): DraftPlan {
  let [length, speed] = [0, 1]
  // Tokens that a pass is expected to give: the one that is known, and guesses until the first wrong one.
  let [tokens, right] = [1, 1]
  for (let guessed = 1; guessed <= Math.min(most, MAX_DRAFT); guessed++) {
    right *= chance
    tokens += right
    const expected = tokens / (cost.of(1 + guessed) + guessed * step)
    if (expected > Math.max(speed, MIN_GAIN)) [length, speed] = [guessed, expected]
  }
  return { length, speed }
}
