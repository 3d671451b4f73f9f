import { ApiError } from '../api-error.js'

/** A request that waits. */
interface Waiting<Holder> {
  /** When it came. */
  readonly since: number
  /** Milliseconds by which others may overtake it. */
  readonly delay: number
  readonly tenant: string
  readonly enter: (slot: number) => void
  readonly holder: Holder | undefined
}

/** How a request waits. */
export interface EnterOptions<Holder> {
  /** Smaller is sooner. Default 0. */
  readonly priority?: number
  /** What is shown as the one that has the turn. Default: nothing. */
  readonly holder?: Holder
  /** Whose requests have turns in rotation with those of others. Default: all are one tenant's. */
  readonly tenant?: string
}

/**
 * Milliseconds that one step of priority is worth. Who waits is overtaken only by those who come within this time for each
 * step, so nobody starves.
 */
const MS_PER_PRIORITY = 5000

/**
 * Lets a number of requests run at the same time and others wait, up to a limit. A tenant's requests run by priority and then in order.
 * Between tenants, only the time since a tenant's latest turn counts as waiting: so they take turns, and many requests of one do not
 * delay another's single one beyond its priority.
 */
export class Queue<Holder = unknown> {
  readonly limit: number
  readonly maxWaiting: number
  /** In the order in which they would run if all were one tenant's. */
  readonly #waiting: Waiting<Holder>[] = []
  /** When each tenant's latest turn began. Tenants are as many as API keys. */
  readonly #turns = new Map<string, number>()
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
  async enter(signal: AbortSignal, options: EnterOptions<Holder> = {}): Promise<() => void> {
    signal.throwIfAborted()
    const { holder, tenant = '' } = options
    const free = this.#slots.indexOf(undefined)
    if (free >= 0) this.#begin(free, holder, tenant)
    const slot = free >= 0 ? free : await this.#wait(signal, options)
    const since = this.#now()
    let hasEnded = false
    return () => {
      if (hasEnded) return
      hasEnded = true
      this.#average += (this.#now() - since - this.#average) / 8
      this.#slots[slot] = undefined
      const next = this.#next()
      if (!next) return
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      this.#begin(slot, next.holder, next.tenant)
      next.enter(slot)
    }
  }

  #begin(slot: number, holder: Holder | undefined, tenant: string): void {
    this.#slots[slot] = { holder }
    this.#turns.set(tenant, this.#now())
  }

  /** The first request of the tenant that has waited longest. */
  #next(): Waiting<Holder> | undefined {
    const seen = new Set<string>()
    let next: Waiting<Holder> | undefined
    let lowest = Number.POSITIVE_INFINITY
    for (const waiting of this.#waiting) {
      const { since, delay, tenant } = waiting
      if (seen.has(tenant)) continue
      seen.add(tenant)
      const rank = Math.max(since, this.#turns.get(tenant) ?? since) + delay
      if (rank >= lowest) continue
      lowest = rank
      next = waiting
    }
    return next
  }

  #wait(signal: AbortSignal, { priority = 0, holder, tenant = '' }: EnterOptions<Holder>): Promise<number> {
    if (this.#waiting.length >= this.maxWaiting) throw this.#full()
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(signal.reason)
      }
      const waiting: Waiting<Holder> = {
        since: this.#now(),
        delay: priority * MS_PER_PRIORITY,
        tenant,
        holder,
        enter: (slot) => {
          signal.removeEventListener('abort', abort)
          resolve(slot)
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      const rank = waiting.since + waiting.delay
      const place = this.#waiting.findIndex(({ since, delay }) => since + delay > rank)
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
