/** A line being typed. */
interface Typed {
  readonly line: string
  readonly cursor: number
}

/** Reverse search through the history, like Ctrl-R in shells. */
export class HistorySearch {
  /** Newest first. */
  #entries: readonly string[] = []
  #before: Typed | undefined
  #query = ''
  /** Index of the found entry, or −1. */
  #at = -1

  setEntries(entries: readonly string[]): void {
    this.#entries = [...entries]
  }

  get isActive(): boolean {
    return this.#before !== undefined
  }

  get query(): string {
    return this.#query
  }

  /** The found entry, which contains the query. */
  get found(): string | undefined {
    return this.#entries[this.#at]
  }

  /** `before`: the line that is restored if the search is cancelled. */
  start(before: Typed): void {
    this.#before = before
    this.#query = ''
    this.#at = -1
  }

  extend(text: string): void {
    this.#query += text
    this.#at = this.#next(Math.max(this.#at, 0))
  }

  shorten(): void {
    this.#query = [...this.#query].slice(0, -1).join('')
    this.#at = this.#query === '' ? -1 : this.#next(0)
  }

  /** Moves to the next older match, if there is one. */
  older(): void {
    if (this.#query === '') return
    const next = this.#next(this.#at + 1)
    if (next >= 0) this.#at = next
  }

  /** Ends the search; returns the line from before it. */
  end(): Typed {
    const before = this.#before ?? { line: '', cursor: 0 }
    this.#before = undefined
    return before
  }

  #next(from: number): number {
    return this.#entries.findIndex((entry, index) => index >= from && entry.includes(this.#query))
  }
}
