import { batchOf, MAX_ROWS, phaseOf } from '../../backend/batch.js'
import type { Executable } from '../../backend/executable.js'
import type { KvType, SequenceMemory } from '../../backend/memory.js'
import type { TokenId } from '../../tokenizer/tokenizer.js'
import type { StateListener } from '../evaluator.js'
import { MAX_DRAFT } from '../packing.js'
import type { DraftedToken, DraftSource, WayToText } from './draft-source.js'
import { mostLikely } from './most-likely.js'

/** What a session's guesses by the model's own head need of the model. */
export interface HeadHost {
  /** The draft head. Throws `DISPOSED`. */
  readonly head: () => Executable
  readonly kvType: KvType
  /** Runs what allocates: see `SessionRegistry.attempt`. */
  readonly attempt: <T>(work: () => Promise<T>) => Promise<T>
}

/** Most hidden states that are kept, the latest: of a longer prompt the head reads the end. */
const MOST_STATES = 1024

/** Hidden states of consecutive tokens of a text, the latest of them. */
class KnownStates {
  /** The position of the first one. */
  first = 0
  readonly #ids: TokenId[]
  readonly #states: Float32Array[]

  constructor(first = 0, ids: TokenId[] = [], states: Float32Array[] = []) {
    this.first = first
    this.#ids = ids
    this.#states = states
  }

  /** Replaces those from `position` on. What is not consecutive is forgotten. */
  take(position: number, id: TokenId, state: Float32Array): void {
    const end = this.first + this.#ids.length
    const kept = position >= this.first && position <= end ? position - this.first : 0
    if (kept === 0) this.first = position
    this.#ids.length = this.#states.length = kept
    this.#ids.push(id)
    this.#states.push(state)
    if (this.#ids.length <= MOST_STATES) return
    this.#ids.shift()
    this.#states.shift()
    this.first++
  }

  /** Whether they are those of a text's tokens, up to position `last`. */
  reach(text: readonly TokenId[], last: number): boolean {
    if (last < this.first || last >= this.first + this.#ids.length) return false
    for (let at = this.first; at <= last; at++) if (this.#ids[at - this.first] !== text[at]) return false
    return true
  }

  /** Those from `position` on, f32[count][width]. */
  from(position: number, count: number, width: number): Float32Array {
    const joined = new Float32Array(count * width)
    for (let i = 0; i < count; i++) joined.set(this.#states[position - this.first + i], i * width)
    return joined
  }

  clone(): KnownStates {
    return new KnownStates(this.first, [...this.#ids], [...this.#states])
  }
}

/**
 * The text of a session in the memory of the model's own draft head. A row of it is a token and the hidden state of the token before
 * it, so the first row's token is the second of the text, or a later one: where the model was not yet followed, or too long ago,
 * states are missing.
 */
export class HeadText implements DraftSource, StateListener {
  readonly #host: HeadHost
  readonly #memory: SequenceMemory
  readonly #known: KnownStates
  /** The tokens whose rows the memory has, from states of the model, and before them the one of the first state. */
  #ids: TokenId[]
  /** The position of the first of these. */
  #start: number
  readonly #logits: Float32Array
  /** The head's hidden state after its last row. */
  #state: Float32Array = new Float32Array()

  private constructor(
    host: HeadHost,
    memory: SequenceMemory,
    known = new KnownStates(),
    ids: TokenId[] = [],
    start = 0,
  ) {
    this.#host = host
    this.#memory = memory
    this.#known = known
    this.#ids = ids
    this.#start = start
    this.#logits = new Float32Array(host.head().vocabSize)
  }

  /** Throws what `createMemory` throws. */
  static create(host: HeadHost): HeadText {
    return new HeadText(host, host.head().createMemory(host.kvType))
  }

  take(position: number, id: TokenId, state: Float32Array): void {
    this.#known.take(position, id, state)
  }

  wayTo(
    text: readonly TokenId[],
  ): (WayToText & { readonly start: number; readonly kept: number }) | undefined {
    const last = text.length - 2
    if (!this.#known.reach(text, last)) return undefined
    const common = this.#common(text)
    const canContinue = common > 0 && this.#start + common - 1 >= this.#known.first
    const start = canContinue ? this.#start : this.#known.first
    const kept = canContinue ? common - 1 : 0
    return { start, kept, missing: last + 1 - start - kept, room: MAX_DRAFT }
  }

  async follow(text: readonly TokenId[], signal: AbortSignal): Promise<void> {
    const way = this.wayTo(text)
    if (!way) throw new Error('hidden states are missing')
    const { start, kept } = way
    this.#ids.length = Math.min(this.#ids.length, kept + 1)
    await this.#memory.truncate(kept)
    if (kept === 0) this.#ids = [text[start]]
    this.#start = start
    const phase = phaseOf(way.missing)
    while (this.#start + this.#ids.length < text.length) {
      const at = this.#start + this.#ids.length
      const ids = text.slice(at, at + MAX_ROWS)
      const { embeddingLength } = this.#host.head()
      await this.#run(ids, this.#known.from(at - 1, ids.length, embeddingLength), phase, signal)
      for (const id of ids) this.#ids.push(id)
    }
  }

  append(id: TokenId, signal: AbortSignal): Promise<void> {
    return this.#run([id], this.#state, 'decode', signal)
  }

  guess(vocabSize: number, allowed: Uint32Array | undefined): DraftedToken | undefined {
    return mostLikely(this.#logits, vocabSize, allowed)
  }

  async fork(): Promise<HeadText> {
    const memory = await this.#host.attempt(() => this.#memory.fork())
    return new HeadText(this.#host, memory, this.#known.clone(), [...this.#ids], this.#start)
  }

  async dispose(): Promise<void> {
    this.#memory.dispose()
  }

  /** Appends rows to the memory; keeps the logits and the hidden state of the last one. */
  async #run(
    ids: readonly TokenId[],
    states: Float32Array,
    phase: ReturnType<typeof phaseOf>,
    signal: AbortSignal,
  ): Promise<void> {
    const outputs = [ids.length - 1]
    const batch = batchOf(ids, { memory: this.#memory, phase, outputs, want: 'both', states, signal })
    await this.#host.attempt(() =>
      this.#host.head().run(batch, (_, values) => {
        const { length } = this.#logits
        this.#logits.set(values.subarray(0, length))
        this.#state = values.slice(length)
      }),
    )
  }

  /** How many of its tokens are those of the text, except for the text's last one: its logits may be gone. */
  #common(text: readonly TokenId[]): number {
    const most = Math.min(this.#ids.length, text.length - this.#start - 1)
    let same = 0
    while (same < most && this.#ids[same] === text[this.#start + same]) same++
    return same
  }
}
