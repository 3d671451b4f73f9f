import { DasllamaError } from '../../errors.js'
import type { GenerateOptions } from '../../session/generate-options.js'
import type { GeneratedToken, Generation, StopReason } from '../../session/generation.js'
import type { Session } from '../../session/session.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'

/** What a generation tells of itself. */
export type ReplyGeneration = Pick<Generation, 'promptIds' | 'ids' | 'text' | 'stopReason' | 'stoppedBy'> &
  AsyncIterable<GeneratedToken>

/** How long a model may think. */
export interface ThinkingBudget {
  /** Tokens of thoughts, 1 at least. */
  readonly tokens: number
  /** What ends them: becomes part of the reply. */
  readonly closeIds: readonly TokenId[]
}

/**
 * A generation whose thoughts end after a budget of tokens. It leaves off there, has the session evaluate the ids that
 * close the thoughts, and goes on; all of it is one sequence of tokens to the caller, `maxTokens` counts all of them, and
 * leaving its loop leaves the session after the last token seen, as ever.
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
  readonly #budget: ThinkingBudget
  readonly #isReasoning: () => boolean
  readonly #first: Generation
  #iterator: AsyncGenerator<GeneratedToken> | undefined

  /**
   * `isReasoning`: whether the model thinks after the tokens delivered so far. Throws what `session.generate` throws;
   * nothing runs before the first token is asked for.
   */
  constructor(
    session: Session,
    tokenizer: Tokenizer,
    promptIds: readonly TokenId[],
    options: GenerateOptions,
    budget: ThinkingBudget,
    isReasoning: () => boolean,
  ) {
    this.promptIds = promptIds
    this.#session = session
    this.#tokenizer = tokenizer
    this.#options = options
    this.#budget = budget
    this.#isReasoning = isReasoning
    this.#first = session.generate(promptIds, options)
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
      if (error instanceof DasllamaError) reason = undefined
      throw error
    } finally {
      this.stopReason = reason
    }
  }

  async *#tokens(): AsyncGenerator<GeneratedToken, StopReason | undefined> {
    let thoughts = 0
    let isSpent = false
    for await (const token of this.#first) {
      yield* this.#deliver(token)
      if (this.#isReasoning()) thoughts++
      isSpent = thoughts >= this.#budget.tokens
      if (isSpent) break
    }
    if (!isSpent) return this.#endOf(this.#first)
    const { maxTokens = Number.POSITIVE_INFINITY, minTokens, signal } = this.#options
    const { closeIds } = this.#budget
    if (this.ids.length + closeIds.length > maxTokens) return 'length'
    try {
      await this.#session.eval(closeIds, { signal })
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return 'abort'
      if (error instanceof DasllamaError && error.code === 'CONTEXT_FULL') return 'context'
      throw error
    }
    yield* this.#close()
    const left = maxTokens - this.ids.length
    if (left <= 0) return 'length'
    const rest = this.#session.generate(undefined, {
      ...this.#options,
      maxTokens: Number.isFinite(left) ? left : undefined,
      ...(minTokens !== undefined && { minTokens: Math.max(0, minTokens - this.ids.length) }),
    })
    for await (const token of rest) yield* this.#deliver(token)
    return this.#endOf(rest)
  }

  /** The closing ids, which the session has evaluated: those that nobody sees are taken back. */
  async *#close(): AsyncGenerator<GeneratedToken> {
    const { closeIds } = this.#budget
    const decoder = this.#tokenizer.createDecoder()
    let seen = 0
    try {
      for (const id of closeIds) {
        seen++
        const piece = decoder.push(id) + (seen === closeIds.length ? decoder.end() : '')
        yield* this.#deliver({ id, piece })
      }
    } finally {
      if (seen < closeIds.length) this.#session.rewind(closeIds.length - seen)
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
