/**
 * A sequence produced once for several consumers: loops, which share the pieces between them, and callers of `finish`,
 * who consume none.
 */
export class SharedRun<T> implements AsyncIterable<T> {
  readonly #source: AsyncGenerator<T>
  readonly #unread: T[] = []
  #reader: AsyncGenerator<T> | undefined
  /** Settles when the next piece has been produced. */
  #next: Promise<void> | undefined
  #hasEnded = false
  #failure: { readonly reason: unknown } | undefined

  /** `source` starts when the first piece is requested. */
  constructor(source: AsyncGenerator<T>) {
    this.#source = source
  }

  /** Always the same iterator: a second loop continues where the first one is. Leaving a loop ends the run. */
  [Symbol.asyncIterator](): AsyncGenerator<T> {
    this.#reader ??= this.#read()
    return this.#reader
  }

  /** Runs to the end; rejects with what the source throws. Loops still get every piece. */
  async finish(): Promise<void> {
    while (!this.#hasEnded) await this.#advance()
    if (this.#failure) throw this.#failure.reason
  }

  /** Stops the run. Resolves when it has ended. */
  async end(): Promise<void> {
    await this.#source.return(undefined)
    this.#hasEnded = true
  }

  async *#read(): AsyncGenerator<T> {
    try {
      for (;;) {
        while (this.#unread.length === 0) {
          if (this.#hasEnded) return
          await this.#advance()
        }
        yield this.#unread.shift() as T
      }
    } finally {
      await this.end()
    }
  }

  #advance(): Promise<void> {
    this.#next ??= this.#take()
    return this.#next
  }

  async #take(): Promise<void> {
    try {
      const { done, value } = await this.#source.next()
      if (done) this.#hasEnded = true
      else this.#unread.push(value)
    } catch (reason) {
      this.#hasEnded = true
      this.#failure = { reason }
      throw reason
    } finally {
      this.#next = undefined
    }
  }
}
