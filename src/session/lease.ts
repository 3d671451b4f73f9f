import { Call, type CallOptions } from './call.js'
import { busy, disposed } from './failures.js'

/** What a session holds of its model's memory. */
export interface LeasedMemory {
  readonly bytes: number
  dispose(): void
}

/**
 * A session's claim on memory, and its one running call. It holds no reference to the session, so a session that the caller
 * has dropped can be collected and its memory reclaimed.
 */
export class Lease {
  readonly #onEnd: () => void
  #memory: LeasedMemory | undefined
  #call: Call | undefined
  #ended: Promise<void> | undefined

  /** `onEnd`: called when the memory has been released. */
  constructor(memory: LeasedMemory, onEnd: () => void) {
    this.#memory = memory
    this.#onEnd = onEnd
  }

  /** Whether a call on the session is running. */
  get isBusy(): boolean {
    return this.#call !== undefined
  }

  /** Whether `dispose` has been called. */
  get isDisposed(): boolean {
    return this.#ended !== undefined
  }

  get bytes(): number {
    return this.#memory?.bytes ?? 0
  }

  /** Throws `DISPOSED`, `BUSY`. */
  assertFree(): void {
    this.assertOpen()
    if (this.#call) throw busy()
  }

  /** Throws `DISPOSED`. */
  assertOpen(): void {
    if (this.#ended) throw disposed()
  }

  /** Marks the session as busy until the call ends. Throws `DISPOSED`, `BUSY`. */
  begin(options: Omit<CallOptions, 'onEnd'>): Call {
    this.assertFree()
    const onEnd = () => {
      this.#call = undefined
    }
    const call = new Call({ ...options, onEnd })
    this.#call = call
    return call
  }

  /**
   * Releases the memory: at once, or after aborting the running call and waiting for its end. Idempotent: further calls
   * return the same promise.
   */
  dispose(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  /** The same for a session that has been collected; ignores its running call. */
  reclaim(): void {
    this.#call = undefined
    void this.dispose()
  }

  async #end(): Promise<void> {
    if (this.#call) await this.#call.interrupt(disposed())
    const memory = this.#memory
    this.#memory = undefined
    memory?.dispose()
    this.#onEnd()
  }
}
