/** What is kept for the next request. */
interface Disposable {
  dispose(): Promise<void>
}

/** An item is reused if at least this share of it is of use; otherwise it is kept for its own conversation. */
const ENOUGH = 0.5

/** Items that nobody uses now: a bounded number of them, the least recently used first. */
export class IdleList<Item extends Disposable> {
  readonly #limit: number
  #items: Item[] = []
  #isClosed = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Takes out the best item for a request, if there is one that fits, or if no more items can be kept. `share`: how much of
   * an item is of use, 0 to 1; `undefined` if it cannot be used.
   */
  takeBest(share: (item: Item) => number | undefined): Item | undefined {
    let best: Item | undefined
    let most = -1
    for (const item of this.#items) {
      const its = share(item)
      if (its === undefined || its <= most) continue
      best = item
      most = its
    }
    if (most < ENOUGH && this.#items.length < this.#limit) return undefined
    this.#items = this.#items.filter((item) => item !== best)
    return best
  }

  /** An item that is kept, which stays where it is. */
  find(isWanted: (item: Item) => boolean): Item | undefined {
    return this.#items.find(isWanted)
  }

  /** Keeps an item, and disposes the least recently used one if there are too many. */
  give(item: Item): void {
    this.#items.push(item)
    while (this.#items.length > (this.#isClosed ? 0 : this.#limit)) void this.#items.shift()?.dispose()
  }

  /** Disposes all items, which frees their memory; resolves with whether there were any. */
  async free(): Promise<boolean> {
    const items = this.#items.splice(0)
    await Promise.all(items.map((item) => item.dispose()))
    return items.length > 0
  }

  /** The same; from now on, nothing is kept. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.free()
  }
}
