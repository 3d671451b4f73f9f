/**
 * Something that is made piece by piece, once, for several readers: loops, which see each piece once between them, and
 * whoever waits for the end, who takes nothing away from the loops.
 */
export class SharedRun<T> implements AsyncIterable<T> {
  readonly #source: AsyncGenerator<T>
  readonly #unread: T[] = []
  #reader: AsyncGenerator<T> | undefined
  /** The piece that is being made. */
  #next: Promise<void> | undefined
  #hasEnded = false
  #failure: { readonly reason: unknown } | undefined

  /** `source` runs only when the first piece is asked for. */
  constructor(source: AsyncGenerator<T>) {
    this.#source = source
  }

  /** The same one however often it is asked for: a second loop goes on where the first one is. Leaving it ends the run. */
  [Symbol.asyncIterator](): AsyncGenerator<T> {
    this.#reader ??= this.#read()
    return this.#reader
  }

  /** Runs to the end, and rejects with what the source has thrown. Loops still see every piece. */
  async finish(): Promise<void> {
    while (!this.#hasEnded) await this.#advance()
    if (this.#failure) throw this.#failure.reason
  }

  /** Ends the run where it is; resolves when it has ended. */
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
