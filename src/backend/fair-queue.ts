/** One owner at a time; those who wait come in the order in which they asked. */
export class FairQueue {
  #isTaken = false
  readonly #waiting: (() => void)[] = []

  /** Waits for its turn, does `work` and lets the next one in. Rejects with the signal's reason if it is aborted while waiting. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#isTaken) await this.#wait(signal)
    this.#isTaken = true
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // Handed over without being free between, or somebody could come before those who wait.
      if (next) next()
      else this.#isTaken = false
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
