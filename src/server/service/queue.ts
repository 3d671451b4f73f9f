import { ApiError } from '../api-error.js'

/** A request that waits. */
interface Waiting {
  readonly enter: () => void
  readonly leave: (reason: unknown) => void
}

/** Lets a number of requests run at the same time and others wait, in order, up to a limit. */
export class Queue {
  readonly #limit: number
  readonly #maxWaiting: number
  readonly #waiting: Waiting[] = []
  #running = 0
  /** Average milliseconds of a request, for `retry-after`. */
  #average = 1000

  constructor({ limit, maxWaiting }: { readonly limit: number; readonly maxWaiting: number }) {
    this.#limit = limit
    this.#maxWaiting = maxWaiting
  }

  /**
   * Waits for a turn. Resolves with a function that ends it; further calls of it do nothing. Rejects with the signal's
   * reason, and with the status 429 if too many are waiting.
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#running < this.#limit) this.#running++
    else await this.#wait(signal)
    const since = performance.now()
    let hasEnded = false
    return () => {
      if (hasEnded) return
      hasEnded = true
      this.#average += (performance.now() - since - this.#average) / 8
      // The turn goes to the first that waits, so the number of running ones stays.
      const next = this.#waiting.shift()
      if (next) next.enter()
      else this.#running--
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) throw this.#full()
    return new Promise((resolve, reject) => {
      const abort = () => waiting.leave(signal.reason)
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', abort)
          resolve()
        },
        leave: (reason) => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
          reject(reason)
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.push(waiting)
    })
  }

  #full(): ApiError {
    const ms = (this.#average * (this.#waiting.length + 1)) / this.#limit
    const seconds = Math.min(60, Math.max(1, Math.ceil(ms / 1000)))
    return new ApiError(429, `the server is busy: ${this.#waiting.length} requests are waiting already`, {
      code: 'queue_full',
      headers: { 'retry-after': String(seconds) },
    })
  }
}
