import { DasllamaError, type ErrorCode } from '../../errors.js'
import { isConstrained } from '../../grammar/format.js'
import type { GenerateOptions } from '../../session/generate-options.js'
import type { GeneratedToken, Generation, StopReason, Usage } from '../../session/generation.js'
import type { Session } from '../../session/session.js'
import { addedStats, type SessionStats } from '../../session/stats.js'
import type { ConstraintSource } from '../../session/token-constraint.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'

/** The part of `Generation` that replies use. */
export type ReplyGeneration = Pick<
  Generation,
  'promptIds' | 'ids' | 'text' | 'stopReason' | 'stoppedBy' | 'isComplete' | 'usage'
> &
  AsyncIterable<GeneratedToken>

/** How long a model may think. */
export interface ThinkingBudget {
  /** Number of reasoning tokens, at least 1. */
  readonly tokens: number
  /** The ids that end the reasoning; they become part of the reply. */
  readonly closeIds: readonly TokenId[]
}

/** What a generation in two phases is made of. */
export interface BudgetedParts {
  readonly session: Session
  readonly tokenizer: Tokenizer
  readonly promptIds: readonly TokenId[]
  readonly options: GenerateOptions
  /** What restricts the tokens after these ids of the reply, in either phase. */
  readonly constraint: ((before: readonly TokenId[]) => ConstraintSource) | undefined
  readonly budget: ThinkingBudget | undefined
  /** Whether the model is still reasoning after the tokens delivered so far. */
  readonly isReasoning: () => boolean
}

/**
 * Generates reasoning and an answer, in two phases. After a budget of tokens it stops, has the session evaluate the ids that
 * close the reasoning, and continues. If the prompt has opened the reasoning, `responseFormat` applies to what follows it.
 * For the caller it is one sequence of tokens: `maxTokens` counts all of them, and leaving the loop leaves the session after
 * the last token seen, as with `Generation`.
 */
export class BudgetedGeneration implements ReplyGeneration {
  readonly promptIds: readonly TokenId[]
  readonly ids: TokenId[] = []
  text = ''
  stopReason: StopReason | undefined
  stoppedBy: string | TokenId | undefined
  readonly #session: Session
  readonly #tokenizer: Tokenizer
  readonly #options: GenerateOptions
  readonly #constraint: BudgetedParts['constraint']
  readonly #budget: ThinkingBudget | undefined
  readonly #isReasoning: () => boolean
  /** The first phase is only the reasoning, and unconstrained. */
  readonly #thinksFreely: boolean
  /** The current phase. */
  #phase: Generation
  #isAnswering = false
  /** Statistics of the first phase. */
  #thoughtStats: SessionStats | undefined
  #thoughtUsage: Usage | undefined
  #iterator: AsyncGenerator<GeneratedToken> | undefined

  /** Throws what `session.generate` throws; nothing runs before the first token is requested. */
  constructor(parts: BudgetedParts) {
    const { session, tokenizer, promptIds, options, constraint, budget, isReasoning } = parts
    this.promptIds = promptIds
    this.#session = session
    this.#tokenizer = tokenizer
    this.#options = options
    this.#constraint = constraint
    this.#budget = budget
    this.#isReasoning = isReasoning
    this.#phase = session.generateWithin(constraint?.([]), promptIds, options)
    this.#thinksFreely = isConstrained(options) && isReasoning()
    if (this.#thinksFreely)
      this.#phase = session.generate(promptIds, { ...options, responseFormat: undefined })
  }

  /** As in `Generation`, for what follows the reasoning. */
  get isComplete(): boolean {
    return (this.#isAnswering || !this.#thinksFreely) && this.#phase.isComplete
  }

  /** The tokens of the prompt and of both phases, including the ids that close the reasoning. */
  get usage(): Usage {
    return { ...(this.#thoughtUsage ?? this.#phase.usage), completionTokens: this.ids.length }
  }

  /** Statistics of both phases; the ids that close the reasoning count as prompt. */
  stats(): SessionStats {
    const answer = this.#session.stats()
    return this.#thoughtStats ? addedStats(this.#thoughtStats, answer) : answer
  }

  [Symbol.asyncIterator](): AsyncGenerator<GeneratedToken> {
    this.#iterator ??= this.#run()
    return this.#iterator
  }

  async *#run(): AsyncGenerator<GeneratedToken> {
    let reason: StopReason | undefined = 'callback'
    try {
      reason = yield* this.#tokens()
    } catch (error) {
      // Disposed between the phases; within one, the phase itself ends.
      if (hasCode(error, 'DISPOSED') && this.ids.length > 0) return
      if (error instanceof DasllamaError) reason = undefined
      throw error
    } finally {
      this.stopReason = reason && this.#session.isDisposed ? 'abort' : reason
    }
  }

  async *#tokens(): AsyncGenerator<GeneratedToken, StopReason | undefined> {
    const { tokens: most = Number.POSITIVE_INFINITY, closeIds = [] } = this.#budget ?? {}
    if (this.#thinksFreely) await this.#session.checkFormat(this.#options)
    let thoughts = 0
    let end: 'spent' | 'closed' | undefined
    for await (const token of this.#phase) {
      yield* this.#deliver(token)
      if (this.#isReasoning()) {
        thoughts++
        if (thoughts >= most) end = 'spent'
      } else if (this.#thinksFreely) end = 'closed'
      if (end) break
    }
    if (end === undefined) return this.#endOf(this.#phase)
    const { maxTokens = Number.POSITIVE_INFINITY, minTokens, signal } = this.#options
    if (end === 'spent') {
      if (this.ids.length + closeIds.length > maxTokens) return 'length'
      try {
        await this.#session.eval(closeIds, { signal })
      } catch (error) {
        if (signal?.aborted && error === signal.reason) return 'abort'
        if (hasCode(error, 'CONTEXT_FULL')) return 'context'
        throw error
      }
      yield* this.#close(closeIds)
    }
    const left = maxTokens - this.ids.length
    if (left <= 0) return 'length'
    this.#isAnswering = true
    this.#thoughtStats = this.#session.stats()
    this.#thoughtUsage = this.#phase.usage
    this.#phase = this.#session.generateWithin(this.#constraint?.(this.ids), undefined, {
      ...this.#options,
      maxTokens: Number.isFinite(left) ? left : undefined,
      ...(minTokens !== undefined && { minTokens: Math.max(0, minTokens - this.ids.length) }),
    })
    for await (const token of this.#phase) yield* this.#deliver(token)
    return this.#endOf(this.#phase)
  }

  /** Delivers the closing ids, which the session has evaluated, and rewinds those that the caller does not read. */
  async *#close(closeIds: readonly TokenId[]): AsyncGenerator<GeneratedToken> {
    const decoder = this.#tokenizer.createDecoder()
    let seen = 0
    try {
      for (const id of closeIds) {
        seen++
        const piece = decoder.push(id) + (seen === closeIds.length ? decoder.end() : '')
        yield* this.#deliver({ id, piece })
      }
    } finally {
      if (seen < closeIds.length) await this.#session.rewind(closeIds.length - seen)
    }
  }

  *#deliver(token: GeneratedToken): Generator<GeneratedToken> {
    this.ids.push(token.id)
    this.text += token.piece
    yield token
  }

  #endOf({ stopReason, stoppedBy }: Generation): StopReason | undefined {
    this.stoppedBy = stoppedBy
    return stopReason
  }
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof DasllamaError && error.code === code
}
