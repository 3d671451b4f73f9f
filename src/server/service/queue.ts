import { ApiError } from '../api-error.js'

/** A request that waits. */
interface Waiting<Holder> {
  /** Lowest first. */
  readonly rank: number
  readonly enter: (slot: number) => void
  readonly holder: Holder | undefined
}

/** How a request waits. */
export interface EnterOptions<Holder> {
  /** Smaller is sooner. Default 0. */
  readonly priority?: number
  /** What is shown as the one that has the turn. Default: nothing. */
  readonly holder?: Holder
}

/**
 * Milliseconds that one step of priority is worth. Who waits is overtaken only by those who come within this time for each
 * step, so nobody starves.
 */
const MS_PER_PRIORITY = 5000

/** Lets a number of requests run at the same time and others wait, by priority and then in order, up to a limit. */
export class Queue<Holder = unknown> {
  readonly limit: number
  readonly maxWaiting: number
  readonly #waiting: Waiting<Holder>[] = []
  /** Who has which turn. */
  readonly #slots: ({ readonly holder: Holder | undefined } | undefined)[]
  readonly #now: () => number
  /** Average milliseconds of a request, for `retry-after`. */
  #average = 1000

  /** `now`: a clock in milliseconds. */
  constructor({
    limit,
    maxWaiting,
    now = () => performance.now(),
  }: {
    readonly limit: number
    readonly maxWaiting: number
    readonly now?: () => number
  }) {
    this.limit = limit
    this.maxWaiting = maxWaiting
    this.#now = now
    this.#slots = Array.from({ length: limit }, () => undefined)
  }

  /** Requests that wait for a turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Requests that have a turn. */
  get running(): number {
    return this.#slots.filter((slot) => slot).length
  }

  /** Who has the turns; `undefined` for one that is free. */
  get holders(): readonly (Holder | undefined)[] {
    return this.#slots.map((slot) => slot?.holder)
  }

  /**
   * Waits for a turn. Resolves with a function that ends it; further calls of it do nothing. Rejects with the signal's
   * reason, and with the status 429 if too many are waiting.
   */
  async enter(signal: AbortSignal, { priority = 0, holder }: EnterOptions<Holder> = {}): Promise<() => void> {
    signal.throwIfAborted()
    const free = this.#slots.indexOf(undefined)
    if (free >= 0) this.#slots[free] = { holder }
    const slot = free >= 0 ? free : await this.#wait(signal, priority, holder)
    const since = this.#now()
    let hasEnded = false
    return () => {
      if (hasEnded) return
      hasEnded = true
      this.#average += (this.#now() - since - this.#average) / 8
      this.#slots[slot] = undefined
      const next = this.#waiting.shift()
      if (!next) return
      this.#slots[slot] = { holder: next.holder }
      next.enter(slot)
    }
  }

  #wait(signal: AbortSignal, priority: number, holder: Holder | undefined): Promise<number> {
    if (this.#waiting.length >= this.maxWaiting) throw this.#full()
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(signal.reason)
      }
      const waiting: Waiting<Holder> = {
        rank: this.#now() + priority * MS_PER_PRIORITY,
        holder,
        enter: (slot) => {
          signal.removeEventListener('abort', abort)
          resolve(slot)
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      const place = this.#waiting.findIndex(({ rank }) => rank > waiting.rank)
      this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, waiting)
    })
  }

  #full(): ApiError {
    const ms = (this.#average * (this.#waiting.length + 1)) / this.limit
    const seconds = Math.min(60, Math.max(1, Math.ceil(ms / 1000)))
    return new ApiError(429, `the server is busy: ${this.#waiting.length} requests are waiting already`, {
      code: 'queue_full',
      headers: { 'retry-after': String(seconds) },
    })
  }
}
