/** A mutex that serves waiters in the order of their calls. */
export class FairQueue {
  #isBusy = false
  readonly #waiting: (() => void)[] = []

  /** Waits for its turn, runs `work` and starts the next waiter. Rejects with the signal's reason if aborted while waiting. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#isBusy) await this.#wait(signal)
    this.#isBusy = true
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // Handed over directly: if it were free in between, a new call could overtake the waiters.
      if (next) next()
      else this.#isBusy = false
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(signal?.reason)
      }
      this.#waiting.push(enter)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }
}
