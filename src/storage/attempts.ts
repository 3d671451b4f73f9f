import { delay } from '../abortable.js'
import type { DasllamaError } from '../errors.js'

/** The first delay, in milliseconds; each following one is twice as long. */
const FIRST_WAIT = 250
const LONGEST_WAIT = 30_000
/** After this many bytes since the last failure, the next failure counts as the first. */
const WORTHWHILE_BYTES = 2 ** 20

/**
 * The retries of one read: up to `retries`, with exponential backoff. A transfer that keeps breaking continues as long as
 * each attempt delivers a mebibyte.
 */
export class Attempts {
  readonly #retries: number
  #failures = 0
  #bytes = 0

  constructor(retries: number) {
    this.#retries = retries
  }

  /** Called with the number of bytes received. */
  progress(bytes: number): void {
    this.#bytes += bytes
  }

  /**
   * Waits until the next attempt: as long as the server asks for, but at most half a minute. Throws `failure` if no
   * attempts are left, or the signal's reason.
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
