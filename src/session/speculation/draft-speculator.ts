import type { TokenId } from '../../tokenizer/tokenizer.js'
import { MAX_DRAFT } from '../packing.js'
import { Chances } from './chances.js'
import { type DraftPlan, planDraft } from './draft-length.js'
import type { DraftSource } from './draft-source.js'
import type { PassCost } from './pass-cost.js'
import type { DraftRequest, Speculator } from './speculator.js'

/** The chance that a drafted token is right, by tenths of the draft model's confidence, until drafts have been tried. */
const PRIORS = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]
/** The same for a token of unknown confidence. */
const PRIOR = 0.6
/** Passes without a draft at the beginning, so that it is known what they take. */
const PLAIN_PASSES = 2
/** Passes after which drafts that were not worth their time are tried again, at first and at most. */
const FIRST_PAUSE = 32
const LONGEST_PAUSE = 2048
/** Tokens of such a trial. */
const TRIAL = 3
/** How much of what was known counts in a trial. */
const OLD_KNOWLEDGE = 0.25
/** The time of a token that the draft model reads, in that of one that it writes; prompts are read faster. */
const READING = 0.25
/** Reading what the draft model lacks of a text may take this part of the time of what is still to be written. */
const MAX_READING = 0.25

/** What is known of the drafts of a model, from one generation to the next. */
export class DraftExperience {
  /** By confidence. */
  readonly byConfidence = new Chances(PRIORS)
  /** Of any token, whether it was sure enough or not; in the only class. */
  readonly any = new Chances([PRIOR])
  /** Passes so far, up to `PLAIN_PASSES`. */
  passes = 0
  /** Passes until the next trial, and how long the next pause will be. */
  wait = FIRST_PAUSE
  pause = FIRST_PAUSE
}

export interface DraftSpeculatorParts {
  readonly draft: DraftSource
  /** The evaluated tokens of the session, as a view. */
  readonly text: () => readonly TokenId[]
  /** Tokens of the session's model, and those that end a text. */
  readonly vocabSize: number
  readonly endIds: ReadonlySet<TokenId>
  readonly cost: PassCost
  readonly experience: DraftExperience
  /** Called with the milliseconds that a draft took. */
  readonly onDrafted: (ms: number) => void
  /** Called once, when the draft model has failed: there are no more drafts. */
  readonly onFailure: (reason: unknown) => void
  /** A clock in milliseconds. */
  readonly now: () => number
}

/** Drafts of a smaller model, which writes until it is no longer sure enough. */
export class DraftSpeculator implements Speculator {
  readonly #parts: DraftSpeculatorParts
  #hasFailed = false
  /** The classes of the latest draft's tokens, until the next draft. */
  #drafted: readonly number[] = []
  #right = 0

  constructor(parts: DraftSpeculatorParts) {
    this.#parts = parts
  }

  async draft(next: TokenId, request: DraftRequest): Promise<readonly TokenId[]> {
    this.#learn()
    const { most, signal } = request
    if (this.#hasFailed || most < 1) return []
    const plan = this.#plan(most)
    if (plan.length === 0) return []
    const { draft, text, cost, now, onDrafted, onFailure } = this.#parts
    const whole = [...text(), next]
    const way = draft.wayTo(whole)
    if (!way) return []
    const { missing, room } = way
    if (missing * READING * cost.step > MAX_READING * most && missing > MAX_DRAFT) return []
    const since = now()
    try {
      await draft.follow(whole, signal)
      // More tokens take longer than a step.
      if (missing === 1) cost.stepTook(now() - since)
      return await this.#write(plan, { ...request, most: Math.min(most, room + 1, MAX_DRAFT) })
    } catch (error) {
      if (signal.aborted) throw error
      this.#hasFailed = true
      onFailure(error)
      return []
    } finally {
      onDrafted(now() - since)
    }
  }

  accept(): void {
    this.#right++
  }

  took(draft: number, ms: number): void {
    this.#parts.cost.took(1 + draft, ms)
  }

  /** How long the next draft should be; of length 0 for none. */
  #plan(most: number): DraftPlan {
    const { cost, experience } = this.#parts
    const none = { length: 0, speed: 1 }
    if (experience.passes < PLAIN_PASSES) {
      experience.passes++
      return none
    }
    const plan = planDraft(cost, experience.any.of(0), most, cost.step)
    if (plan.length > 0) {
      experience.wait = experience.pause = FIRST_PAUSE
      return plan
    }
    if (experience.wait-- > 0) return none
    experience.pause = Math.min(2 * experience.pause, LONGEST_PAUSE)
    experience.wait = experience.pause
    experience.any.keep(0, OLD_KNOWLEDGE)
    return { length: Math.min(TRIAL, most), speed: 0 }
  }

  /** Writes a draft: as long as one more token is expected to be worth its time. */
  async #write(
    { length, speed }: DraftPlan,
    { most, signal, constraint }: DraftRequest,
  ): Promise<readonly TokenId[]> {
    const { draft, cost, experience, vocabSize, endIds, now } = this.#parts
    const matcher = constraint?.clone?.()
    const ids: TokenId[] = []
    const classes: number[] = []
    // That all tokens so far are right.
    let chance = 1
    const isWorth = (gain: number, time: number) => gain >= speed * time
    while (ids.length < most) {
      const row = cost.of(2 + ids.length) - cost.of(1 + ids.length)
      if (ids.length >= length && !isWorth(chance * experience.any.of(0), cost.step + row)) break
      if (ids.length > 0) {
        const since = now()
        await draft.append(ids[ids.length - 1], signal)
        cost.stepTook(now() - since)
      }
      const guess = draft.guess(vocabSize, matcher?.mask())
      // The token that ends a text is not evaluated.
      if (!guess || endIds.has(guess.id)) break
      const kind = Math.min(PRIORS.length - 1, Math.floor(guess.confidence * PRIORS.length))
      const gain = chance * experience.byConfidence.of(kind)
      if (!isWorth(gain, row)) {
        // For the next plan it counts like a wrong one: the draft is no longer.
        experience.any.learn(0, 1, 0)
        break
      }
      chance = gain
      ids.push(guess.id)
      classes.push(kind)
      matcher?.accept(guess.id)
    }
    this.#drafted = classes
    this.#right = 0
    return ids
  }

  #learn(): void {
    const { byConfidence, any } = this.#parts.experience
    // Tokens after the first wrong one say nothing.
    for (const [at, kind] of this.#drafted.slice(0, this.#right + 1).entries()) {
      const right = at < this.#right ? 1 : 0
      byConfidence.learn(kind, 1, right)
      any.learn(0, 1, right)
    }
    this.#drafted = []
  }
}
