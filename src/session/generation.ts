import { DasllamaError } from '../errors.js'
import type { CompiledGrammar, Matcher } from '../grammar/compiled-grammar.js'
import { compileResponseFormat } from '../grammar/response-format.js'
import type { Logprobs } from '../sampling/logprobs.js'
import type { SamplingParams } from '../sampling/params.js'
import type { Sampler } from '../sampling/sampler.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import {
  type GenerateOptions,
  type ResolvedGenerateOptions,
  resolveGenerateOptions,
} from './generate-options.js'
import { StopMatcher } from './stop-matcher.js'
import { type TextPiece, TextStream } from './text-stream.js'

/**
 * Why a generation ended: an end-of-generation token, stop id, stop string or a `responseFormat` after which nothing
 * follows (`stop`), `maxTokens` (`length`), a full
 * context, the caller's signal (`abort`), or the caller's code: the loop was left early, or something threw in it or in
 * a custom step (`callback`).
 */
export type StopReason = 'stop' | 'length' | 'context' | 'abort' | 'callback'

export interface GeneratedToken {
  readonly id: TokenId
  /**
   * The text that became whole with this token: empty within a character, and cut where a stop string begins. All
   * pieces together are the text.
   */
  readonly piece: string
  /** What the token was chosen among, if `logprobs` asks for it: before the sampling chain, and after it. */
  readonly logprobs?: TokenLogprobs
}

export interface TokenLogprobs {
  /** What the model says. */
  readonly before: Logprobs
  /** What the token was drawn from. */
  readonly after: Logprobs
}

/** What a generation asks of its session. */
export interface Steps {
  readonly vocabSize: number
  /** Takes the session; the function returned gives it free. */
  begin(): () => void
  prefill(signal: AbortSignal | undefined, reuse: 'exact' | 'all'): Promise<void>
  /** Throws for parameters that are none. */
  sampler(params: SamplingParams): Sampler
  /** The next token out of those that are `allowed`, which is not the session's before it is accepted. */
  choose(sampler: Sampler, allowed: Uint32Array | undefined): TokenId
  logprobs(sampler: Sampler, id: TokenId, count: number): TokenLogprobs
  /** The token becomes the session's last one; it is evaluated only if the session goes on. */
  accept(id: TokenId): void
  /** Evaluates the last token; false when there is no room for it. Rejects with the signal's reason. */
  advance(id: TokenId, signal: AbortSignal | undefined): Promise<boolean>
  /** Where the session's random numbers are. */
  randomState(): Uint32Array
  /** Forgets the last `count` accepted tokens; the random numbers go on from `randomState`. */
  takeBack(count: number, randomState: Uint32Array): void
}

/** What belongs to an accepted token until it is delivered. */
interface Undelivered {
  readonly randomState: Uint32Array
  /** How far the response format was before it. */
  readonly matcher: Matcher | undefined
  readonly logprobs: TokenLogprobs | undefined
}

/**
 * Tokens as they are made: `for await (const { id, piece } of generation)`. The token that ends a generation is not
 * among them; those that spell a stop string are, with empty pieces. Leaving the loop early ends the generation; the
 * session then stands after the last token that the loop has seen.
 */
export class Generation implements AsyncIterable<GeneratedToken> {
  readonly promptIds: readonly TokenId[]
  /** Ids generated so far. */
  readonly ids: TokenId[] = []
  /** Text generated so far. */
  text = ''
  /** Set once the generation has ended, unless the engine failed. */
  stopReason: StopReason | undefined
  /** With `stopReason` `stop`: the stop string or the token that it was; nothing where the response format ended the text. */
  stoppedBy: string | TokenId | undefined
  readonly #options: ResolvedGenerateOptions
  readonly #sampler: Sampler
  readonly #steps: Steps
  readonly #endIds: ReadonlySet<TokenId>
  readonly #stream: TextStream
  readonly #undelivered: Undelivered[] = []
  readonly #grammar: CompiledGrammar | undefined
  /** After the last accepted token. */
  #matcher: Matcher | undefined
  #iterator: AsyncGenerator<GeneratedToken> | undefined

  /** @internal Generations come from `session.generate`. */
  constructor(promptIds: readonly TokenId[], tokenizer: Tokenizer, options: GenerateOptions, steps: Steps) {
    this.promptIds = promptIds
    this.#options = resolveGenerateOptions(options, steps.vocabSize)
    this.#sampler = steps.sampler(this.#options.sampling)
    this.#steps = steps
    this.#endIds = tokenizer.endOfGeneration
    this.#stream = new TextStream(tokenizer, new StopMatcher(this.#options.stop))
    this.#grammar = compileResponseFormat(tokenizer, this.#options.responseFormat)
    this.#matcher = this.#grammar?.matcher()
  }

  /**
   * Whether the text so far is whole: one that `responseFormat` describes from its beginning to its end or, without a
   * format, one that ended with `stopReason` `stop`.
   */
  get isComplete(): boolean {
    if (!this.#grammar) return this.stopReason === 'stop'
    // A stop string has cut the text within tokens, and tokens that are held back are not part of it.
    if (typeof this.stoppedBy === 'string') return this.#grammar.matches(this.text)
    return (this.#undelivered[0]?.matcher ?? this.#matcher!).isComplete
  }

  [Symbol.asyncIterator](): AsyncGenerator<GeneratedToken> {
    // One run, however often it is asked for: a second loop goes on where the first one left.
    this.#iterator ??= this.#run()
    return this.#iterator
  }

  async *#run(): AsyncGenerator<GeneratedToken> {
    const release = this.#steps.begin()
    // What remains if nothing below comes to its end: the caller's loop was left.
    let reason: StopReason | undefined = 'callback'
    try {
      const ended = yield* this.#tokens()
      yield* this.#deliver(this.#stream.end())
      reason = ended
    } catch (error) {
      if (error instanceof DasllamaError) reason = undefined
      throw error
    } finally {
      const [first] = this.#undelivered
      if (first) {
        this.#steps.takeBack(this.#undelivered.length, first.randomState)
        this.#matcher = first.matcher
        this.#undelivered.length = 0
      }
      this.stopReason = reason
      release()
    }
  }

  async *#tokens(): AsyncGenerator<GeneratedToken, StopReason> {
    const { maxTokens, signal, reuse } = this.#options
    const prefill = await this.#unlessAborted(() => this.#steps.prefill(signal, reuse))
    if (prefill === 'abort') return 'abort'
    if (this.#nothingFollows()) return 'stop'
    for (let count = 0; count < maxTokens; count++) {
      const id = this.#choose()
      if (id === undefined) return 'stop'
      yield* this.#deliver(this.#stream.push(id))
      this.stoppedBy = this.#stream.stoppedBy
      if (this.stoppedBy !== undefined) return 'stop'
      if (this.#nothingFollows()) return 'stop'
      if (count + 1 === maxTokens) break
      const advanced = await this.#unlessAborted(() => this.#steps.advance(id, signal))
      if (advanced === 'abort') return 'abort'
      if (!advanced) return 'context'
    }
    return 'length'
  }

  /** What `step` resolves with, or `abort` where the signal ends it or is aborted already. */
  async #unlessAborted<T>(step: () => Promise<T>): Promise<T | 'abort'> {
    const { signal } = this.#options
    if (signal?.aborted) return 'abort'
    try {
      return await step()
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return 'abort'
      throw error
    }
  }

  /** The next token, given to the session; `undefined` where it ends the generation. */
  #choose(): TokenId | undefined {
    const { stopIds, logprobs: count } = this.#options
    const randomState = this.#steps.randomState()
    const matcher = this.#matcher?.clone()
    const id = this.#steps.choose(this.#sampler, this.#allowed())
    if (this.#endIds.has(id) || stopIds.has(id)) {
      this.stoppedBy = id
      return undefined
    }
    const logprobs = count === undefined ? undefined : this.#steps.logprobs(this.#sampler, id, count)
    this.#steps.accept(id)
    this.#matcher?.accept(id)
    this.#undelivered.push({ randomState, matcher, logprobs })
    return id
  }

  /** Whether the text is whole by the response format and no more of it possible: then the model need not be asked. */
  #nothingFollows(): boolean {
    return this.#matcher?.isComplete === true && this.#matcher.isExhausted
  }

  /** The tokens that the response format allows next; its ends, `stopIds` among them, where the text is complete. */
  #allowed(): Uint32Array | undefined {
    const { stopIds } = this.#options
    const mask = this.#matcher?.mask()
    if (!mask || stopIds.size === 0) return mask
    const allowed = mask.slice()
    for (const id of stopIds) {
      const bit = 1 << (id & 31)
      if (this.#matcher!.isComplete) allowed[id >>> 5] |= bit
      else allowed[id >>> 5] &= ~bit
    }
    return allowed
  }

  *#deliver(pieces: TextPiece[]): Generator<GeneratedToken> {
    for (const { id, piece } of pieces) {
      const logprobs = this.#undelivered.shift()?.logprobs
      this.ids.push(id)
      this.text += piece
      yield logprobs ? { id, piece, logprobs } : { id, piece }
    }
  }
}
