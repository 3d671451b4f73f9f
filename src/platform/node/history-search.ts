/** A line that is being typed. */
interface Typed {
  readonly line: string
  readonly cursor: number
}

/** A search backwards through earlier lines, as Ctrl-R has it: the newest one first. */
export class HistorySearch {
  /** The newest first. */
  #entries: readonly string[] = []
  #before: Typed | undefined
  #query = ''
  /** Where the entry that was found is; −1 where none was. */
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

  /** The entry that contains what is searched for. */
  get found(): string | undefined {
    return this.#entries[this.#at]
  }

  /** `before`: what comes back if the search is given up. */
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

  /** Goes on to the next older one, and stays where there is none. */
  older(): void {
    if (this.#query === '') return
    const next = this.#next(this.#at + 1)
    if (next >= 0) this.#at = next
  }

  /** Ends it; returns what was typed before. */
  end(): Typed {
    const before = this.#before ?? { line: '', cursor: 0 }
    this.#before = undefined
    return before
  }

  #next(from: number): number {
    return this.#entries.findIndex((entry, index) => index >= from && entry.includes(this.#query))
  }
}
