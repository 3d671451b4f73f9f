import { abortable } from '../abortable.js'
import { DasllamaError } from '../errors.js'

/** Fewer bytes than this within the time limit count as no progress: otherwise a very slow server could stall a load forever. */
const LEAST_PROGRESS_BYTES = 1024

/** A request that is aborted when it stalls. Only time spent waiting for the server counts, not time between reads. */
class Watch {
  readonly #controller = new AbortController()
  readonly #limit: number
  /** Milliseconds waited and bytes received since the last progress. */
  #waited = 0
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Awaits a step of the request. Rejects with the signal's reason, or with `IO` if it stalls. */
  async wait<T>(name: string, step: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const stalled = () =>
      this.#controller.abort(
        new DasllamaError('IO', `${name}: the server has sent almost nothing for ${this.#limit / 1000} s`, {
          hint: 'the connection may be dead or very slow: try again, or raise stallTimeout',
        }),
      )
    const abort = () => this.#controller.abort(signal?.reason)
    const started = performance.now()
    const timer = setTimeout(stalled, Math.max(0, this.#limit - this.#waited))
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    try {
      return await abortable(step, this.signal)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      this.#waited += performance.now() - started
    }
  }

  progress(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < LEAST_PROGRESS_BYTES) return
    this.#bytes = 0
    this.#waited = 0
  }

  /** Aborts the request if it is still running. */
  end(): void {
    this.#controller.abort(new Error('the response is no longer needed'))
  }
}

export interface TransferOptions {
  /** Milliseconds. */
  readonly stallTimeout: number
  /** Called with the number of bytes of the body that have arrived. */
  readonly onReceived?: ((bytes: number) => void) | undefined
}

/** One response of a server: its head, and its body on demand. */
export class Transfer {
  readonly response: Response
  readonly #name: string
  readonly #watch: Watch
  readonly #onReceived: ((bytes: number) => void) | undefined
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined

  private constructor(
    name: string,
    response: Response,
    { watch, onReceived }: Pick<TransferOptions, 'onReceived'> & { readonly watch: Watch },
  ) {
    this.#name = name
    this.response = response
    this.#watch = watch
    this.#onReceived = onReceived
  }

  /**
   * Sends a request. Rejects with the signal's reason, with `IO` if there is no progress for `stallTimeout` milliseconds, or
   * as `send` does.
   */
  static async begin(
    name: string,
    send: (signal: AbortSignal) => Promise<Response>,
    { stallTimeout, onReceived }: TransferOptions,
    signal: AbortSignal | undefined,
  ): Promise<Transfer> {
    signal?.throwIfAborted()
    const watch = new Watch(stallTimeout)
    const response = await watch.wait(name, send(watch.signal), signal)
    return new Transfer(name, response, { watch, onReceived })
  }

  /** The next bytes of the body; `undefined` at its end. Rejects with the signal's reason, or with `IO`. */
  async next(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    this.#reader ??= this.response.body?.getReader()
    if (!this.#reader) return undefined
    try {
      const { done, value } = await this.#watch.wait(this.#name, this.#reader.read(), signal)
      if (done) return undefined
      this.#watch.progress(value.length)
      this.#onReceived?.(value.length)
      return value
    } catch (cause) {
      signal?.throwIfAborted()
      if (cause instanceof DasllamaError) throw cause
      throw new DasllamaError('IO', `${this.#name}: the connection was interrupted`, {
        hint: 'try again when the network is better',
        cause,
      })
    }
  }

  /** Aborts the transfer and frees its connection, without waiting for the server. */
  discard(): void {
    const cancelled = this.#reader ? this.#reader.cancel() : this.response.body?.cancel()
    cancelled?.catch(() => undefined)
    this.#watch.end()
  }
}
