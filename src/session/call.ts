import { following } from '../abortable.js'

export interface CallOptions {
  /** The caller's signal. */
  readonly signal?: AbortSignal | undefined
  /** Called once, when the call has ended. */
  readonly onEnd?: () => void
  /**
   * Ends something that waits for its caller, such as a generation between two tokens. Resolves when the call has ended;
   * returns nothing if that object has been collected. Must hold no reference to the session: see `Lease`.
   */
  readonly close?: () => Promise<void> | undefined
}

/** A running call. Disposing what it works on interrupts it. */
export class Call {
  readonly #controller: ReturnType<typeof following>
  readonly #ended: Promise<void>
  readonly #close: CallOptions['close']
  #end: () => void = () => {}
  #isInterrupted = false

  constructor({ signal, onEnd, close }: CallOptions) {
    this.#controller = following(signal)
    this.#close = close
    this.#ended = new Promise((resolve) => {
      this.#end = () => {
        // First, because the caller's signal may be an object of its own making whose methods throw.
        onEnd?.()
        resolve()
        this.#controller.release()
      }
    })
  }

  /** Aborted with the caller's signal, and when the call is interrupted. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get isInterrupted(): boolean {
    return this.#isInterrupted
  }

  /** Aborts the call with `reason`, and resolves when it has ended. */
  async interrupt(reason: unknown): Promise<void> {
    this.#isInterrupted = true
    this.#controller.abort(reason)
    if (this.#close) await (this.#close() ?? this.end())
    await this.#ended
  }

  /** Marks the call as ended. Idempotent. */
  end(): void {
    const end = this.#end
    this.#end = () => {}
    end()
  }
}
