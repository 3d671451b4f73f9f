import { delay } from '../abortable.js'
import type { DasllamaError } from '../errors.js'

/** The first wait, in milliseconds; each further one is twice as long. */
const FIRST_WAIT = 250
const LONGEST_WAIT = 30_000
/** So many bytes between two failures make the next one count as the first. */
const WORTHWHILE_BYTES = 2 ** 20

/**
 * How often one read may be tried: `retries` times more after the first, with growing waits between. A transfer that is
 * cut again and again goes on as long as it brings a mebibyte each time.
 */
export class Attempts {
  readonly #retries: number
  #failures = 0
  #bytes = 0

  constructor(retries: number) {
    this.#retries = retries
  }

  /** So many bytes have come. */
  progress(bytes: number): void {
    this.#bytes += bytes
  }

  /**
   * Waits until it is time for the next try: as long as the server asks for, but not more than half a minute. Throws
   * `failure` when there is none left, or the signal's reason.
   */
  async next(failure: DasllamaError, signal: AbortSignal | undefined, serverAsksFor?: number): Promise<void> {
    if (this.#bytes >= WORTHWHILE_BYTES) this.#failures = 0
    this.#bytes = 0
    if (this.#failures >= this.#retries) throw failure
    const wait = serverAsksFor ?? FIRST_WAIT * 2 ** this.#failures
    this.#failures++
    await delay(Math.min(wait, LONGEST_WAIT), signal)
  }
}
