import { MAX_BATCH, MIN_TILE, type Network, type Pass } from '../model/network.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { tokensToDrop } from './context-shift.js'
import { contextFull, nothingEvaluated } from './failures.js'
import type { SessionKvCache } from './kv-cache.js'
import type { TokenScores } from './score.js'
import { Sequence } from './sequence.js'
import type { ResolvedSessionOptions } from './session-options.js'
import type { StatsMeter } from './stats.js'

/** Runs a session's tokens through the network, and keeps its sequence, its cache and the logits after the last one in step. */
export class Evaluator {
  #sequence = new Sequence()
  readonly #network: Network
  readonly #cache: SessionKvCache
  readonly #options: Pick<ResolvedSessionOptions, 'contextLength' | 'shiftKeep'>
  readonly #stats: StatsMeter
  /** A copy, since the network's own logits belong to whichever session ran last. */
  readonly #logits: Float32Array
  #hasLogits = false

  constructor(
    network: Network,
    cache: SessionKvCache,
    options: Pick<ResolvedSessionOptions, 'contextLength' | 'shiftKeep'>,
    stats: StatsMeter,
  ) {
    this.#network = network
    this.#cache = cache
    this.#options = options
    this.#stats = stats
    this.#logits = new Float32Array(network.config.vocabSize)
  }

  /** The tokens so far; `restore` replaces it. */
  get sequence(): Sequence {
    return this.#sequence
  }

  /** Those after the last evaluated token, as a view; `undefined` where none are in force. */
  get logits(): Float32Array | undefined {
    return this.#hasLogits ? this.#logits : undefined
  }

  /** The same, or `INVALID_ARGUMENT`. */
  requireLogits(): Float32Array {
    if (!this.#hasLogits) throw nothingEvaluated()
    return this.#logits
  }

  /** Goes on from another sequence; the caller has seen to the cache. */
  restore(sequence: Sequence, logits: Float32Array | undefined): void {
    this.#sequence = sequence
    if (logits) this.#logits.set(logits)
    this.#hasLogits = logits !== undefined
  }

  /** Appends what of the prompt is not shared, and forgets what else there was. */
  async startOver(
    prompt: readonly TokenId[],
    reuse: 'exact' | 'all',
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const shared = this.shared(prompt, reuse)
    this.cut(shared)
    this.#sequence.forgetChoices()
    this.#stats.reused(shared)
    await this.append(prompt.slice(shared), signal, isTiled(prompt))
  }

  /** How many tokens of `prompt` need no evaluation. `exact`: only those that took the way it would take. */
  shared(prompt: readonly TokenId[], reuse: 'exact' | 'all'): number {
    return this.#sequence.shared(prompt, reuse === 'exact' ? isTiled(prompt) : undefined)
  }

  /** Sees to it that there are logits after the last token, the pending one included. */
  async resume(signal: AbortSignal | undefined): Promise<void> {
    const { pending, position, state } = this.#sequence
    if (pending !== undefined) return this.append([pending], signal)
    if (this.#hasLogits) return
    // The last token again, at its place and in its way: the same bits as before, unless it saw what a context shift has
    // dropped since. Then they differ, and half of them would be neither.
    const last = position - 1
    const isSame = state.whole === position
    signal?.throwIfAborted()
    await this.#forward([state.ids[last]], last, {
      wantLogits: true,
      tiled: state.tiled[last],
      signal: isSame ? signal : undefined,
    })
  }

  /** Appends `ids` in batches, after a context shift where one makes room. `tiled`: see `Network.forward`. */
  async append(
    ids: readonly TokenId[],
    signal: AbortSignal | undefined,
    tiled = isTiled(ids),
  ): Promise<void> {
    signal?.throwIfAborted()
    if (!(await this.#makeRoom(ids.length))) this.assertRoom(ids.length, this.#sequence.position)
    await this.#appendBatches(ids, { tiled, signal })
  }

  /** Evaluates a generated token; false when the context is full. */
  async advance(id: TokenId, signal: AbortSignal | undefined): Promise<boolean> {
    if (!(await this.#makeRoom(1))) return false
    await this.#forward([id], this.#sequence.position, {
      wantLogits: true,
      tiled: false,
      signal,
      isDecode: true,
    })
    this.#sequence.append([id], false)
    return true
  }

  /** One batch. When it fails, the session is as it was: what the cache has beyond its tokens does not count. */
  async #forward(
    ids: readonly TokenId[],
    position: number,
    {
      isDecode = false,
      ...pass
    }: Pick<Pass, 'wantLogits' | 'everyLogits' | 'tiled' | 'signal'> & { isDecode?: boolean },
  ): Promise<void> {
    await this.#cache.own(position, pass.signal)
    const ms = await this.#network.forward({ cache: this.#cache, ids, position, ...pass }, () => {
      if (pass.wantLogits) this.#logits.set(this.#network.logits())
    })
    this.#hasLogits = pass.wantLogits === true
    this.#stats.evaluated(ids.length, ms, isDecode)
  }

  /** Makes room for `count` more tokens if a context shift can; whether there is. */
  async #makeRoom(count: number): Promise<boolean> {
    const { position } = this.#sequence
    const { contextLength, shiftKeep: keep } = this.#options
    if (position + count <= contextLength) return true
    if (keep === undefined) return false
    const dropped = tokensToDrop(keep, position, count, contextLength)
    if (dropped === undefined) return false
    await this.#cache.own(position)
    await this.#network.shift(this.#cache, keep + dropped, keep, position - keep - dropped)
    this.#sequence.drop(keep, dropped)
    this.#stats.shifted()
    return true
  }

  /** Forgets all tokens from position `length` on. Logits stay where only the pending one goes. */
  cut(length: number): void {
    if (length < this.#sequence.position) this.#hasLogits = false
    this.#sequence.cut(length)
  }

  /** Appends `ids`, never shifting the context, and has `scores` take the logits that each was to be chosen by. */
  async score(ids: readonly TokenId[], scores: TokenScores, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const { pending } = this.#sequence
    this.assertRoom(ids.length + (pending === undefined ? 0 : 1), this.#sequence.position)
    if (pending !== undefined) await this.append([pending], signal)
    if (this.#hasLogits) scores.take(0, this.#logits)
    await this.#appendBatches(ids, { tiled: isTiled(ids), signal, scores })
  }

  async #appendBatches(
    ids: readonly TokenId[],
    {
      tiled,
      signal,
      scores,
    }: Required<Pick<Pass, 'tiled'>> & Pick<Pass, 'signal'> & { scores?: TokenScores },
  ): Promise<void> {
    for (let first = 0; first < ids.length; first += MAX_BATCH) {
      const batch = ids.slice(first, first + MAX_BATCH)
      const wantLogits = first + MAX_BATCH >= ids.length
      const everyLogits = scores?.within(first, batch.length)
      await this.#forward(batch, this.#sequence.position, { wantLogits, everyLogits, tiled, signal })
      this.#sequence.append(batch, tiled)
    }
  }

  /** Throws `CONTEXT_FULL` where `count` tokens from `position` on do not fit. */
  assertRoom(count: number, position: number): void {
    const { contextLength } = this.#options
    if (position + count > contextLength) throw contextFull(count, position, contextLength)
  }
}

/** Which way a prompt goes through the network. */
function isTiled(prompt: readonly TokenId[]): boolean {
  return prompt.length >= MIN_TILE
}
