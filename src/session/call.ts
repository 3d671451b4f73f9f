import { following } from '../abortable.js'

export interface CallOptions {
  /** The caller's. */
  readonly signal?: AbortSignal | undefined
  /** Called once, when the call has ended. */
  readonly onEnd?: () => void
  /**
   * Ends what waits for its caller to go on, such as a generation between two tokens; resolves when that has ended the
   * call, and returns nothing where it is gone. Must not lead to the session: see `Lease`.
   */
  readonly close?: () => Promise<void> | undefined
}

/** A call that is running. It can be ended from outside: by whoever disposes what it works on. */
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
        this.#controller.release()
        onEnd?.()
        resolve()
      }
    })
  }

  /** Aborted with the caller's, and when the call is interrupted. */
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

  /** The call is over. Idempotent. */
  end(): void {
    const end = this.#end
    this.#end = () => {}
    end()
  }
}
