import { Call, type CallOptions } from './call.js'
import { busy, disposed } from './failures.js'

/** What a session holds of its model's memory. */
export interface LeasedMemory {
  readonly bytes: number
  dispose(): void
}

/**
 * A session's claim on memory, and the one call at a time that may work on it. It does not lead to the session, so that one
 * that is forgotten can be collected and its memory found.
 */
export class Lease {
  readonly #onEnd: () => void
  #memory: LeasedMemory | undefined
  #call: Call | undefined
  #ended: Promise<void> | undefined

  /** `onEnd`: called when the memory has been given back. */
  constructor(memory: LeasedMemory, onEnd: () => void) {
    this.#memory = memory
    this.#onEnd = onEnd
  }

  /** Whether a call on the session is running. */
  get isBusy(): boolean {
    return this.#call !== undefined
  }

  /** Whether its end has begun. */
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

  /** Takes the session for a call, until it ends. Throws `DISPOSED`, `BUSY`. */
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
   * Gives the memory back: at once, or when the running call, which is aborted, has ended. Idempotent; whoever calls it
   * again waits for the same end.
   */
  dispose(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  /** The same for a session that is gone, with whatever was running on it. */
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
