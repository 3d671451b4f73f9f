import { abortable } from '../abortable.js'
import { DasllamaError } from '../errors.js'
import type { CompiledGrammar } from '../grammar/compiled-grammar.js'
import { checkResponseFormat, isConstrained } from '../grammar/format.js'
import type { Logprobs } from '../sampling/logprobs.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import type { ResolvedGenerateOptions } from './generate-options.js'
import type { GenerationSteps, PromptUsage } from './generation-steps.js'
import { compileFormat } from './lazy-modules.js'
import { SharedRun } from './shared-run.js'
import { StopMatcher } from './stop-matcher.js'
import { type TextPiece, TextStream } from './text-stream.js'
import type { ConstraintSource, TokenConstraint } from './token-constraint.js'

/**
 * Why a generation ended: an end-of-generation token, stop id, stop string or a completed `responseFormat` (`stop`),
 * `maxTokens` (`length`), a full context (`context`), the caller's signal or `dispose()` (`abort`), or the caller's code: the
 * loop was left early, or the loop or a custom step threw (`callback`).
 */
export type StopReason = 'stop' | 'length' | 'context' | 'abort' | 'callback'

/** A generated token. */
export interface GeneratedToken {
  /** The token. */
  readonly id: TokenId
  /**
   * The text that this token completes: empty within a character, and cut at a stop string. All pieces together are the
   * text.
   */
  readonly piece: string
  /** Log-probabilities before and after the sampling chain, if `logprobs` is set. */
  readonly logprobs?: TokenLogprobs
}

/** Log-probabilities (natural logarithms) of a token and of the most likely alternatives. */
export interface TokenLogprobs {
  /** Of the model. */
  readonly before: Logprobs
  /** Of the distribution that the token was sampled from. */
  readonly after: Logprobs
}

/** Token counts of a generation. */
export interface Usage extends PromptUsage {
  /** Generated tokens, without the one that ended the generation. */
  readonly completionTokens: number
}

/** A generation that has ended. */
export interface GenerationResult {
  /** The generated text, without the stop string. */
  readonly text: string
  /** The tokens of `text`, without the one that ended the generation. */
  readonly ids: readonly TokenId[]
  /** Why the generation ended. */
  readonly stopReason: StopReason
  /** Token counts. */
  readonly usage: Usage
}

/** What a generation is made of. */
interface GenerationParts {
  readonly promptIds: readonly TokenId[]
  readonly tokenizer: Tokenizer
  readonly options: ResolvedGenerateOptions
  readonly steps: GenerationSteps
  /** What restricts the tokens instead of a response format. */
  readonly constraint?: ConstraintSource | undefined
}

/** Kept for an accepted token until it is delivered. */
interface Undelivered {
  readonly randomState: Uint32Array
  /** Whether the text before it is complete in the response format. */
  readonly wasComplete: boolean
  readonly logprobs: TokenLogprobs | undefined
}

/**
 * Tokens as they are generated: `for await (const { id, piece } of generation)`. The token that ends a generation is not
 * included; tokens of a stop string are, with empty pieces. Leaving the loop early ends the generation; the session is then
 * positioned after the last token that the loop has seen.
 */
export class Generation implements AsyncIterable<GeneratedToken> {
  /** The ids of the prompt; none if the generation continues. */
  readonly promptIds: readonly TokenId[]
  /** Ids generated so far. */
  readonly ids: TokenId[] = []
  /** Text generated so far. */
  text = ''
  /** Set once the generation has ended, unless the engine failed. */
  stopReason: StopReason | undefined
  /** With `stopReason` `stop`: the stop string or token; `undefined` if the response format ended the text. */
  stoppedBy: string | TokenId | undefined
  readonly #options: ResolvedGenerateOptions
  readonly #steps: GenerationSteps
  readonly #endIds: ReadonlySet<TokenId>
  readonly #stream: TextStream
  readonly #undelivered: Undelivered[] = []
  readonly #tokenizer: Tokenizer
  /** The compiled response format, once the generation runs. */
  #grammar: CompiledGrammar | undefined
  readonly #source: ConstraintSource | undefined
  /** The state of the response format, or of another constraint, after the last accepted token. */
  #constraint: TokenConstraint | undefined
  /** Whether the text was complete before the tokens that were taken back. */
  #wasComplete: boolean | undefined
  #prompt: PromptUsage = { promptTokens: 0, cachedTokens: 0 }
  readonly #run = new SharedRun(this.#generate())

  private constructor({ promptIds, tokenizer, options, steps, constraint }: GenerationParts) {
    this.promptIds = promptIds
    this.#options = options
    this.#steps = steps
    this.#endIds = tokenizer.endOfGeneration
    this.#stream = new TextStream(tokenizer, new StopMatcher(options.stop))
    this.#tokenizer = tokenizer
    this.#source = constraint
    checkResponseFormat(options.responseFormat)
  }

  /** @internal Generations come from `session.generate`. Throws for what is not a `responseFormat`. */
  static create(parts: GenerationParts): Generation {
    return new Generation(parts)
  }

  /** Token counts so far. The prompt counts once it has been evaluated. */
  get usage(): Usage {
    return { ...this.#prompt, completionTokens: this.ids.length }
  }

  /**
   * Whether the text so far is complete: it matches `responseFormat` or, without a format, ended with `stopReason` `stop`.
   */
  get isComplete(): boolean {
    const isFree = this.#source ? !this.#source.isForced : !isConstrained(this.#options)
    if (isFree) return this.stopReason === 'stop'
    if (!this.#constraint) return false
    // A stop string cuts the text within a token, and tokens that are held back are not part of it.
    if (typeof this.stoppedBy === 'string') return this.#grammar?.matches(this.text) ?? false
    return this.#wasComplete ?? this.#undelivered[0]?.wasComplete ?? this.#constraint.isComplete
  }

  /** The tokens, one after another. Nothing runs before the first is requested; leaving the loop ends the generation. */
  [Symbol.asyncIterator](): AsyncGenerator<GeneratedToken> {
    return this.#run[Symbol.asyncIterator]()
  }

  /**
   * Runs to the end, with or without a loop over the tokens: a loop before, during or after it gets all of them. Rejects with what the generation failed with (`OUT_OF_MEMORY`, `NO_CANDIDATES`, `NOT_A_NUMBER`, `THREAD_LOST`, `BUSY`,
   * `DISPOSED`, what a custom step threw); an abort is not a failure, but a `stopReason`.
   */
  async result(): Promise<GenerationResult> {
    await this.#run.finish()
    const { text, ids, usage } = this
    return { text, ids, usage, stopReason: this.stopReason ?? 'callback' }
  }

  async *#generate(): AsyncGenerator<GeneratedToken> {
    const call = this.#steps.begin(this.#options.signal, Generation.#closerOf(this))
    // Stays if nothing below completes: the caller left the loop.
    let reason: StopReason | undefined = 'callback'
    try {
      const ended = yield* this.#tokens(call.signal)
      yield* this.#deliver(this.#stream.end())
      reason = ended
    } catch (error) {
      if (error instanceof DasllamaError) reason = undefined
      throw error
    } finally {
      try {
        if (!call.isInterrupted) await this.#takeBack()
      } finally {
        this.stopReason = call.isInterrupted ? 'abort' : reason
        call.end()
      }
    }
  }

  /** Holds no strong reference to the generation, so that it can be collected together with its session. */
  static #closerOf(generation: Generation): () => Promise<void> | undefined {
    const running = new WeakRef(generation)
    return () => {
      const alive = running.deref()
      return alive ? alive.#run.end() : undefined
    }
  }

  /** Removes tokens from the session that were not delivered. */
  async #takeBack(): Promise<void> {
    const [first] = this.#undelivered
    if (first) {
      this.#wasComplete = first.wasComplete
      const count = this.#undelivered.length
      this.#undelivered.length = 0
      await this.#steps.takeBack(count, first.randomState)
    }
    await this.#steps.end()
  }

  async *#tokens(signal: AbortSignal): AsyncGenerator<GeneratedToken, StopReason> {
    const { maxTokens, reuse } = this.#options
    const isReady = await unlessAborted(signal, () => this.#compile(signal))
    if (isReady === 'abort') return 'abort'
    const prompt = await unlessAborted(signal, () => this.#steps.prefill(signal, reuse))
    if (prompt === 'abort') return 'abort'
    this.#prompt = prompt
    if (this.#nothingFollows()) return 'stop'
    for (let count = 0; count < maxTokens; count++) {
      const id = this.#choose()
      if (id === undefined) return 'stop'
      yield* this.#deliver(this.#stream.push(id))
      this.stoppedBy = this.#stream.stoppedBy
      if (this.stoppedBy !== undefined) return 'stop'
      if (this.#nothingFollows()) return 'stop'
      if (count + 1 === maxTokens) break
      const undelivered = this.#undelivered.length
      const wanted = maxTokens - count - 1
      const next = { undelivered, wanted, constraint: this.#constraint, signal }
      const advanced = await unlessAborted(signal, () => this.#steps.advance(id, next))
      if (advanced === 'abort') return 'abort'
      if (!advanced) return 'context'
    }
    return 'length'
  }

  /** Before anything is evaluated, so that a format that cannot be used leaves the session unchanged. */
  async #compile(signal: AbortSignal): Promise<void> {
    if (this.#source) {
      this.#constraint = await abortable(this.#source.create(), signal)
      return
    }
    this.#grammar = await compileFormat(this.#tokenizer, this.#options, signal)
    this.#constraint = this.#grammar?.matcher()
  }

  /** Samples the next token and adds it to the session; `undefined` if it ends the generation. */
  #choose(): TokenId | undefined {
    const { stopIds, logprobs: count } = this.#options
    const randomState = this.#steps.randomState()
    const wasComplete = this.#constraint?.isComplete === true
    const id = this.#steps.choose(this.#allowed())
    if (this.#endIds.has(id) || stopIds.has(id)) {
      this.stoppedBy = id
      return undefined
    }
    const logprobs = count === undefined ? undefined : this.#steps.logprobs(id, count)
    this.#steps.accept(id)
    this.#constraint?.accept(id)
    this.#undelivered.push({ randomState, wasComplete, logprobs })
    return id
  }

  /** Whether the response format is complete and allows nothing more, so that no further token needs sampling. */
  #nothingFollows(): boolean {
    return this.#constraint?.isComplete === true && this.#constraint.isExhausted
  }

  /** The tokens that the response format allows next; end tokens and `stopIds` only if the text is complete. */
  #allowed(): Uint32Array | undefined {
    const { stopIds } = this.#options
    const mask = this.#constraint?.mask()
    if (!mask || stopIds.size === 0) return mask
    const allowed = mask.slice()
    for (const id of stopIds) {
      const bit = 1 << (id & 31)
      if (this.#constraint!.isComplete) allowed[id >>> 5] |= bit
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

/** What `step` resolves with, or `abort` if the signal is or gets aborted. */
async function unlessAborted<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T | 'abort'> {
  if (signal.aborted) return 'abort'
  try {
    return await step()
  } catch (error) {
    if (signal.aborted && error === signal.reason) return 'abort'
    throw error
  }
}
