import type { Batch, Phase } from '../backend/batch.js'
import type { SequenceMemory } from '../backend/memory.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Consecutive rows of one sequence, all of one phase, as many as there are: the scheduler cuts them into batches. */
export interface Work {
  /** What the rows are appended to. Only one work at a time may have it. */
  readonly memory: SequenceMemory
  /** A token per row, one at least. */
  readonly ids: readonly TokenId[]
  readonly phase: Phase
  /** Rows whose results are wanted, ascending. */
  readonly outputs: readonly number[]
  /** See `Batch.want`. Default `logits`. */
  readonly want?: Batch['want']
  readonly signal?: AbortSignal | undefined
  /** See `GenerateOptions.priority`. Default 0. */
  readonly priority?: number
  /**
   * Takes the result of one output row, once and in the order of `outputs`. `values` is a view that is valid until this
   * returns. What it throws fails the work.
   */
  take(row: number, values: Float32Array): void
  /** The next `rows` rows are in the memory. `ms`: what the pass took that had them, together with rows of others. */
  advanced(rows: number, ms: number): void
}

/** A work on its way through the scheduler. */
export class Job {
  readonly work: Work
  readonly want: NonNullable<Batch['want']>
  /** The pass from which on it waits for its next rows. */
  waitsSince = 0
  /** Settles when all rows have been evaluated, or the work has failed. */
  readonly ended: Promise<void>
  /** Rows that are in the memory. */
  #done = 0
  /** Results before this row have been taken: a pass that is repeated has them again. */
  #taken = 0
  #hasEnded = false
  /** What `take` has thrown. */
  #failure: { readonly reason: unknown } | undefined
  #resolve: () => void = () => {}
  #reject: (reason: unknown) => void = () => {}
  readonly #stopListening: () => void

  /** `onAbort`: called when the signal is aborted before the end. */
  constructor(work: Work, onAbort: (job: Job) => void) {
    this.work = work
    this.want = work.want ?? 'logits'
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { signal } = work
    const listener = () => onAbort(this)
    signal?.addEventListener('abort', listener, { once: true })
    this.#stopListening = () => signal?.removeEventListener('abort', listener)
  }

  /** Rows that are still to be evaluated. */
  get remaining(): number {
    return this.work.ids.length - this.#done
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Tokens of the next `rows` rows. */
  nextIds(rows: number): readonly TokenId[] {
    return this.work.ids.slice(this.#done, this.#done + rows)
  }

  /** Which of the next `rows` rows are wanted, counted from the first of them. */
  nextOutputs(rows: number): number[] {
    const wanted: number[] = []
    for (const row of this.work.outputs) {
      if (row >= this.#done + rows) break
      if (row >= this.#done) wanted.push(row - this.#done)
    }
    return wanted
  }

  /** Hands over the result of row `row` after those that are done, unless it has been taken before. */
  take(row: number, values: Float32Array): void {
    const ofWork = this.#done + row
    if (ofWork < this.#taken) return
    this.#taken = ofWork + 1
    try {
      this.work.take(ofWork, values)
    } catch (reason) {
      this.#failure = { reason }
      throw reason
    }
  }

  /** The next `rows` rows are in the memory. */
  advance(rows: number, ms: number): void {
    this.#done += rows
    try {
      this.work.advanced(rows, ms)
    } catch (reason) {
      this.reject(reason)
      return
    }
    if (this.remaining === 0) this.#end(this.#resolve)
    else this.rejectIfAborted()
  }

  reject(reason: unknown): void {
    this.#end(() => this.#reject(reason))
  }

  rejectIfAborted(): void {
    const { signal } = this.work
    if (signal?.aborted) this.reject(signal.reason)
  }

  /** Rejects a work that is itself the reason why a pass has failed: its signal is aborted, or its `take` has thrown. */
  rejectIfAtFault(): void {
    if (this.#failure) this.reject(this.#failure.reason)
    else this.rejectIfAborted()
  }

  #end(settle: () => void): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#stopListening()
    settle()
  }
}
