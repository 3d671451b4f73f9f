import type { Session, TokenId, Tokenizer } from 'dasllama'
import { createSampler, logprobsOfLogits, Rng, type Sampler, type SamplingParams } from 'dasllama/sampling'
import type { KeptLogits, LogitsBudget } from './kept-logits.js'

/** A token that has been chosen. */
export interface ChosenToken {
  readonly id: TokenId
  /** In the model's distribution. */
  readonly probability: number
  /** In the distribution that it was drawn from; `undefined` if it was chosen by hand. */
  readonly drawn: number | undefined
}

/** What all branches of a model share. */
export interface BranchHost {
  readonly tokenizer: Tokenizer
  readonly budget: LogitsBudget
}

interface BranchParts {
  readonly host: BranchHost
  readonly session: Session
  readonly promptLength: number
  readonly tokens: ChosenToken[]
  readonly logits: KeptLogits[]
  readonly states: Uint32Array[]
  readonly rng: Rng
}

/**
 * One continuation of the prompt: a session whose tokens are drawn here, so that it can go back to any of them with the random
 * numbers of then. Drawing uses the random numbers as `session.sample` does; a token that is chosen by hand uses none.
 */
export class Branch {
  readonly tokens: readonly ChosenToken[]
  readonly #host: BranchHost
  readonly #session: Session
  readonly #promptLength: number
  readonly #tokens: ChosenToken[]
  /** From which each token is chosen; the last are those of the next one. */
  readonly #logits: KeptLogits[]
  /** Of the random numbers, before each token. */
  readonly #states: Uint32Array[]
  readonly #rng: Rng
  /** Calls on the session run one after the other. */
  #queue: Promise<unknown> = Promise.resolve()
  #end: TokenId | undefined
  #sampler: { readonly key: string; readonly of: Sampler } | undefined

  private constructor(parts: BranchParts) {
    this.#host = parts.host
    this.#session = parts.session
    this.#promptLength = parts.promptLength
    this.#tokens = parts.tokens
    this.tokens = parts.tokens
    this.#logits = parts.logits
    this.#states = parts.states
    this.#rng = parts.rng
  }

  /** Evaluates a prompt on a new session, which the branch owns from then on. */
  static async open(
    host: BranchHost,
    session: Session,
    { promptIds, seed, signal }: { promptIds: readonly TokenId[]; seed: number; signal: AbortSignal },
  ): Promise<Branch> {
    await session.eval(promptIds, { signal })
    return new Branch({
      host,
      session,
      promptLength: promptIds.length,
      tokens: [],
      logits: [host.budget.pin(session.logits())],
      states: [],
      rng: new Rng(seed),
    })
  }

  get seed(): number {
    return this.#rng.seed
  }

  /** The ids of the tokens after the prompt. */
  get ids(): TokenId[] {
    return this.#tokens.map(({ id }) => id)
  }

  /** The token of the model that ended the text. */
  get end(): TokenId | undefined {
    return this.#end
  }

  get isFull(): boolean {
    return this.#session.position >= this.#session.contextLength
  }

  /** Draws the next token and evaluates it. False if the text has ended, or the context is full. */
  async step(params: SamplingParams, signal: AbortSignal): Promise<boolean> {
    if (this.#end !== undefined || this.isFull) return false
    const { endOfGeneration } = this.#host.tokenizer
    const state = this.#rng.save()
    const sampler = this.#samplerOf(params)
    const logits = this.#latest()
    const id = sampler.pick(logits, this.ids)
    if (endOfGeneration.has(id)) {
      this.#rng.restore(this.seed, state)
      this.#end = id
      return false
    }
    const drawn = Math.exp(sampler.logprobs(0).logprob)
    await this.#append({ id, drawn }, { logits, state, signal })
    return true
  }

  /** Takes this token as the next one and evaluates it. */
  async choose(id: TokenId, signal: AbortSignal): Promise<void> {
    this.#end = undefined
    const state = this.#rng.save()
    await this.#append({ id, drawn: undefined }, { logits: this.#latest(), state, signal })
  }

  /** A branch of the first `count` tokens. With a seed it draws with the random numbers of that seed. */
  fork(count = this.#tokens.length, seed?: number): Promise<Branch> {
    return this.#next(async () => {
      const session = await this.#session.fork()
      try {
        await session.rewind(this.#tokens.length - count)
      } catch (error) {
        void session.dispose()
        throw error
      }
      const rng = new Rng(seed ?? this.seed)
      const state = this.#states[count] ?? this.#rng.save()
      if (seed === undefined) rng.restore(this.seed, state)
      return new Branch({
        host: this.#host,
        session,
        promptLength: this.#promptLength,
        tokens: this.#tokens.slice(0, count),
        logits: this.#logits.slice(0, count + 1),
        states: this.#states.slice(0, count),
        rng,
      })
    })
  }

  /** The logits that token `index` is chosen from; `undefined` if they have been dropped to save memory. */
  logitsAt(index: number): Float32Array | undefined {
    return this.#logits[index]?.values
  }

  /** Computes logits that have been dropped. The session must not be in use. */
  recall(index: number, signal: AbortSignal): Promise<Float32Array> {
    return this.#next(async () => {
      const session = await this.#session.fork()
      try {
        // The token before is evaluated a second time, on its own as the first time.
        await session.rewind(this.#tokens.length - index + 1)
        await session.eval([this.#tokens[index - 1].id], { signal })
        const kept = this.#host.budget.keep(session.logits())
        this.#logits[index] = kept
        return kept.values!
      } finally {
        void session.dispose()
      }
    })
  }

  dispose(): void {
    void this.#session.dispose()
  }

  /** The same one for the same parameters: it has buffers of the vocabulary's size. */
  #samplerOf(params: SamplingParams): Sampler {
    const key = JSON.stringify(params)
    if (this.#sampler?.key === key) return this.#sampler.of
    const { endOfGeneration, suppressedIds } = this.#host.tokenizer
    const of = createSampler(params, { rng: this.#rng, endOfGeneration, suppressedIds })
    this.#sampler = { key, of }
    return of
  }

  #latest(): Float32Array {
    return this.#logits[this.#tokens.length].values ?? this.#session.logits()
  }

  /** On failure the branch is as before. */
  async #append(
    { id, drawn }: { readonly id: TokenId; readonly drawn: number | undefined },
    { logits, state, signal }: { logits: Float32Array; state: Uint32Array; signal: AbortSignal },
  ): Promise<void> {
    const session = this.#session
    const { position } = session
    const probability = Math.exp(logprobsOfLogits(logits, id, 0).logprob)
    try {
      await this.#next(() => session.eval([id], { signal }))
    } catch (error) {
      this.#rng.restore(this.seed, state)
      if (!session.isDisposed && session.position > position)
        await session.rewind(session.position - position)
      throw error
    }
    this.#states.push(state)
    this.#tokens.push({ id, probability, drawn })
    this.#logits.push(this.#host.budget.keep(session.logits()))
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return turn
  }
}
