import { pause } from '../platform/pause.js'
import type { SamplingParams } from '../sampling/params.js'
import type { Sampler } from '../sampling/sampler.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { checkCount, checkOptions, checkSignal } from './checks.js'

/** Why a generation ended: an end-of-generation token, `maxTokens`, a full context, or the caller's signal. */
export type StopReason = 'stop' | 'length' | 'context' | 'abort'

export interface GenerateOptions extends SamplingParams {
  /** Tokens to generate at most. Default: until the model stops or the context is full. */
  maxTokens?: number
  /** Ends the generation between tokens and between batches of the prompt, with `stopReason` `abort`. */
  signal?: AbortSignal
}

export interface GeneratedToken {
  readonly id: TokenId
  /** The text that became whole with this token; empty while a character is incomplete. */
  readonly piece: string
}

/** What a generation asks of its session. */
interface Steps {
  /** Takes the session; the function returned gives it free. */
  begin(): () => void
  prefill(signal: AbortSignal | undefined): Promise<void>
  /** Throws for parameters that are none. */
  sampler(params: SamplingParams): Sampler
  choose(sampler: Sampler): TokenId
  /** Evaluates a token; false when there is no room for it. */
  advance(id: TokenId): boolean
  /** Remembers the last token, which is evaluated only if the session goes on. */
  leave(id: TokenId): void
}

/**
 * Tokens as they are made: `for await (const { id, piece } of generation)`. The token that ends a generation is not
 * among them. Leaving the loop early ends the generation; the session stays usable.
 */
export class Generation implements AsyncIterable<GeneratedToken> {
  readonly promptIds: readonly TokenId[]
  /** Ids generated so far. */
  readonly ids: TokenId[] = []
  /** Text generated so far. */
  text = ''
  /** Set once the generation has ended. */
  stopReason: StopReason | undefined
  readonly #tokenizer: Tokenizer
  readonly #sampler: Sampler
  readonly #maxTokens: number
  readonly #signal: AbortSignal | undefined
  readonly #steps: Steps
  #iterator: AsyncGenerator<GeneratedToken> | undefined

  /** @internal Generations come from `session.generate`. */
  constructor(promptIds: readonly TokenId[], tokenizer: Tokenizer, options: GenerateOptions, steps: Steps) {
    checkOptions(options)
    const { maxTokens, signal, ...sampling } = options
    this.promptIds = promptIds
    this.#tokenizer = tokenizer
    this.#sampler = steps.sampler(sampling)
    this.#maxTokens =
      maxTokens === undefined
        ? Number.POSITIVE_INFINITY
        : checkCount('maxTokens', maxTokens, 0, Number.MAX_SAFE_INTEGER)
    checkSignal(signal)
    this.#signal = signal
    this.#steps = steps
  }

  [Symbol.asyncIterator](): AsyncGenerator<GeneratedToken> {
    // One run, however often it is asked for: a second loop goes on where the first one left.
    this.#iterator ??= this.#run()
    return this.#iterator
  }

  async *#run(): AsyncGenerator<GeneratedToken> {
    const release = this.#steps.begin()
    try {
      this.stopReason = yield* this.#tokens()
    } finally {
      release()
    }
  }

  async *#tokens(): AsyncGenerator<GeneratedToken, StopReason> {
    const decoder = this.#tokenizer.createDecoder()
    const emit = (id: TokenId): GeneratedToken => {
      const piece = decoder.push(id)
      this.ids.push(id)
      this.text += piece
      return { id, piece }
    }
    try {
      this.#signal?.throwIfAborted()
      await this.#steps.prefill(this.#signal)
      let last: TokenId | undefined
      for (;;) {
        if (this.ids.length >= this.#maxTokens) return 'length'
        if (last !== undefined) {
          await pause()
          if (this.#signal?.aborted) return 'abort'
          if (!this.#steps.advance(last)) return 'context'
        }
        const id = this.#steps.choose(this.#sampler)
        if (this.#tokenizer.endOfGeneration.has(id)) return 'stop'
        this.#steps.leave(id)
        last = id
        yield emit(id)
      }
    } catch (error) {
      if (this.#signal?.aborted && error === this.#signal.reason) return 'abort'
      throw error
    } finally {
      // Half a character at the very end becomes U+FFFD; it belongs to no token's piece.
      this.text += decoder.end()
    }
  }
}
