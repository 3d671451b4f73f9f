export interface HeartbeatOptions {
  /** Asks the other side for a sign of life, upon which `beat` is called. */
  readonly ping: () => void
  /** Called when the other side has not answered for too long. */
  readonly onSilence: () => void
  /** Ends it. */
  readonly signal: AbortSignal
}

/** Milliseconds between two pings, and pings without an answer after which the other side counts as lost. */
const INTERVAL_MS = 2000
const MOST_UNANSWERED = 10

/**
 * Notices that the other side of a port has ended, where nothing reports that. It asks only while an answer is awaited.
 * Unanswered pings are counted rather than time, because a page can be frozen together with its workers.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  #timer: ReturnType<typeof setInterval> | undefined
  #unanswered = 0

  constructor(options: HeartbeatOptions) {
    this.#options = options
    options.signal.addEventListener('abort', () => this.setBusy(false), { once: true })
  }

  /** The other side has answered, or sent anything else. */
  beat(): void {
    this.#unanswered = 0
  }

  /** Whether an answer is awaited. */
  setBusy(isBusy: boolean): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#unanswered = 0
    if (isBusy && !this.#options.signal.aborted) this.#timer = setInterval(() => this.#ask(), INTERVAL_MS)
  }

  #ask(): void {
    if (this.#unanswered < MOST_UNANSWERED) {
      this.#unanswered++
      this.#options.ping()
    } else {
      this.#options.onSilence()
    }
  }
}
