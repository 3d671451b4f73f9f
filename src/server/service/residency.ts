/** How an item is loaded and unloaded. */
export interface ItemSource<Item> {
  load(): Promise<Item>
  unload(item: Item): Promise<void>
  /** Whether the item is always there: it takes no place and is never unloaded. */
  readonly isFixed: boolean
}

export interface ResidencyOptions {
  /** The most items that are loaded at the same time. */
  readonly maxLoaded: number
  /** Milliseconds without a use after which an item is unloaded; `undefined`: never. */
  readonly unloadAfter: number | undefined
}

/** How long closing waits. */
export interface ClosingOptions {
  readonly patience?: number
  readonly signal?: AbortSignal | undefined
}

/** A claim on a loaded item, which is not unloaded before the claim has ended. */
export interface Use<Item> {
  readonly item: Item
  /** Idempotent. */
  end(): void
  /** The item has failed for good: nobody new gets it, and it is loaded again when all its uses have ended. */
  lost(): void
}

/** `unloading` until its memory is free. */
export type ResidentState = 'unloaded' | 'loading' | 'ready' | 'failed' | 'unloading'

/** Who waits for an item to be loaded. */
interface Waiting {
  readonly admit: () => void
  readonly reject: (reason: unknown) => void
}

/** One of the items by name. */
class Resident<Item> {
  readonly source: ItemSource<Item>
  readonly waiting = new Set<Waiting>()
  state: ResidentState = 'unloaded'
  item: Item | undefined
  uses = 0
  /** Order of the first one that waits. */
  wantedSince = 0
  lastUsed = 0
  /** Whether it is to be unloaded as soon as its uses have ended, because others wait for its place. */
  isRetiring = false
  /** The same, because it has failed. */
  isLost = false
  /** While it is loaded or unloaded. */
  change: Promise<void> = Promise.resolve()
  timer: ReturnType<typeof setTimeout> | undefined

  constructor(source: ItemSource<Item>) {
    this.source = source
  }

  get isOpen(): boolean {
    return this.state === 'ready' && !this.isRetiring && !this.isLost
  }

  get takesPlace(): boolean {
    return !this.source.isFixed && ['loading', 'ready', 'unloading'].includes(this.state)
  }

  get isWanted(): boolean {
    return this.waiting.size > 0 && (this.state === 'unloaded' || this.state === 'failed')
  }
}

/**
 * Items that are loaded when they are first asked for, and unloaded when nobody has used them for a while or when another
 * needs their place.
 *
 * Only what nobody uses is unloaded. Where all places are in use, the item that was used least recently retires: its uses run
 * on, and who asks for it now waits until it is loaded again, behind those who waited before. So neither side starves.
 */
export class Residency<Item> {
  readonly #residents: ReadonlyMap<string, Resident<Item>>
  readonly #maxLoaded: number
  readonly #unloadAfter: number | undefined
  #order = 0
  #isClosed = false

  constructor(sources: ReadonlyMap<string, ItemSource<Item>>, { maxLoaded, unloadAfter }: ResidencyOptions) {
    this.#residents = new Map(Array.from(sources, ([name, source]) => [name, new Resident(source)]))
    this.#maxLoaded = maxLoaded
    this.#unloadAfter = unloadAfter
  }

  /** How many ask for an item and do not have it yet. */
  get waiting(): number {
    return [...this.#residents.values()].reduce((sum, { waiting }) => sum + waiting.size, 0)
  }

  /** Whether a use of the item begins at once. */
  isReady(name: string): boolean {
    return this.#of(name).isOpen
  }

  stateOf(name: string): ResidentState {
    return this.#of(name).state
  }

  /** The item, if it is loaded. */
  peek(name: string): Item | undefined {
    return this.#of(name).item
  }

  /** Milliseconds since the last use began or ended; `undefined` if it is not loaded. */
  idleMs(name: string): number | undefined {
    const { lastUsed, uses, state } = this.#of(name)
    if (state !== 'ready') return undefined
    return uses > 0 ? 0 : now() - lastUsed
  }

  /** Resolves with a claim on the item once it is loaded. Rejects with what its loader rejects with, or the signal's reason. */
  async acquire(name: string, signal: AbortSignal): Promise<Use<Item>> {
    signal.throwIfAborted()
    if (this.#isClosed) throw closed()
    const resident = this.#of(name)
    if (resident.isOpen) this.#begin(resident)
    else await this.#wait(resident, signal)
    return this.#useOf(resident)
  }

  /** Unloads an item, or returns false if it is in use, asked for, being loaded, or fixed. Resolves when its memory is free. */
  async unload(name: string): Promise<boolean> {
    const resident = this.#of(name)
    const { source, uses, waiting, state } = resident
    if (source.isFixed || uses > 0 || waiting.size > 0 || state === 'loading') return false
    if (state === 'ready') this.#unload(resident)
    await resident.change
    return true
  }

  /**
   * Unloads everything, in use or not. Waits for models that are still being loaded, at most `patience` milliseconds (default 10,000)
   * or until the signal is aborted; those that finish loading later are unloaded then.
   */
  async close({ patience = 10_000, signal }: ClosingOptions = {}): Promise<void> {
    this.#isClosed = true
    const all = [...this.#residents.values()]
    for (const resident of all) {
      for (const { reject } of resident.waiting) reject(closed())
      resident.waiting.clear()
    }
    const changes = new Map(all.map((resident) => [resident, this.#unloadForGood(resident)]))
    const loading = all.filter(({ state }) => state === 'loading')
    await settledWithin(
      patience,
      signal,
      loading.map((resident) => changes.get(resident)!),
    )
    // What is loaded later is unloaded then.
    await Promise.all(
      all.filter(({ state }) => state !== 'loading').map((resident) => changes.get(resident)!),
    )
  }

  async #unloadForGood(resident: Resident<Item>): Promise<void> {
    await resident.change
    if (resident.state === 'ready') this.#unload(resident)
    await resident.change
  }

  #of(name: string): Resident<Item> {
    return this.#residents.get(name)!
  }

  #begin(resident: Resident<Item>): void {
    resident.uses++
    resident.lastUsed = now()
    clearTimeout(resident.timer)
  }

  #useOf(resident: Resident<Item>): Use<Item> {
    const item = resident.item!
    let hasEnded = false
    return {
      item,
      end: () => {
        if (hasEnded) return
        hasEnded = true
        resident.uses--
        this.#rest(resident)
        this.#settle()
      },
      lost: () => {
        if (hasEnded || resident.source.isFixed) return
        resident.isLost = true
      },
    }
  }

  /** Unloads it after a while, unless it is used. */
  #rest(resident: Resident<Item>): void {
    resident.lastUsed = now()
    if (this.#unloadAfter === undefined || resident.source.isFixed) return
    if (resident.uses > 0 || resident.state !== 'ready') return
    clearTimeout(resident.timer)
    resident.timer = setTimeout(() => {
      if (resident.state === 'ready' && resident.uses === 0) this.#unload(resident)
    }, this.#unloadAfter)
  }

  #wait(resident: Resident<Item>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', abort)
        resident.waiting.delete(waiting)
      }
      const waiting: Waiting = {
        admit: () => {
          leave()
          this.#begin(resident)
          resolve()
        },
        reject: (reason) => {
          leave()
          reject(reason)
        },
      }
      const abort = () => {
        waiting.reject(signal.reason)
        // Another item may keep its place now.
        this.#settle()
      }
      signal.addEventListener('abort', abort, { once: true })
      if (resident.waiting.size === 0) resident.wantedSince = ++this.#order
      resident.waiting.add(waiting)
      this.#settle()
    })
  }

  /** Loads what is wanted as far as there are places, makes room for the rest, and admits those whose item is there. */
  #settle(): void {
    if (this.#isClosed) return
    const all = [...this.#residents.values()]
    const short = this.#loadWanted(all)
    this.#makeRoom(all, short)
    for (const resident of all) if (resident.isOpen) admitAll(resident)
  }

  /** Loads what is wanted, in order; returns for how many there is no place. */
  #loadWanted(all: readonly Resident<Item>[]): number {
    const wanted = all.filter(({ isWanted }) => isWanted).sort((a, b) => a.wantedSince - b.wantedSince)
    let places = this.#maxLoaded - all.filter(({ takesPlace }) => takesPlace).length
    let short = 0
    for (const resident of wanted) {
      if (!resident.source.isFixed && places <= 0) {
        short++
        continue
      }
      if (!resident.source.isFixed) places--
      resident.change = this.#load(resident)
    }
    return short
  }

  /** Has items retire, so that `count` get a place: those that nobody uses first, then those whose last use began first. */
  #makeRoom(all: readonly Resident<Item>[], count: number): void {
    const leaving = all.filter(({ state }) => state === 'unloading').length
    const ready = all
      .filter(({ state, source }) => state === 'ready' && !source.isFixed)
      .sort(
        (a, b) =>
          Math.sign(a.uses) - Math.sign(b.uses) ||
          Number(b.isLost) - Number(a.isLost) ||
          Number(b.isRetiring) - Number(a.isRetiring) ||
          a.lastUsed - b.lastUsed,
      )
    for (const [at, resident] of ready.entries()) {
      resident.isRetiring = at < count - leaving
      if (resident.uses === 0 && (resident.isRetiring || resident.isLost)) this.#unload(resident)
    }
  }

  async #load(resident: Resident<Item>): Promise<void> {
    resident.state = 'loading'
    try {
      resident.item = await resident.source.load()
      resident.state = 'ready'
      this.#rest(resident)
      // Before it may have to make room for others.
      admitAll(resident)
    } catch (reason) {
      resident.state = 'failed'
      for (const { reject } of [...resident.waiting]) reject(reason)
    }
    this.#settle()
  }

  #unload(resident: Resident<Item>): void {
    const item = resident.item!
    resident.item = undefined
    resident.state = 'unloading'
    clearTimeout(resident.timer)
    resident.change = (async () => {
      // What fails to end is gone all the same.
      await resident.source.unload(item).catch(() => {})
      resident.state = 'unloaded'
      resident.isRetiring = false
      resident.isLost = false
      this.#settle()
    })()
  }
}

function admitAll({ waiting }: Resident<unknown>): void {
  for (const { admit } of [...waiting]) admit()
}

/** Waits until all have settled, the time is over, or the signal is aborted. */
async function settledWithin(
  ms: number,
  signal: AbortSignal | undefined,
  changes: readonly Promise<void>[],
): Promise<void> {
  if (changes.length === 0) return
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
    void Promise.all(changes).then(end)
  })
}

function closed(): Error {
  return new Error('everything has been unloaded for good: this is closed')
}

function now(): number {
  return performance.now()
}
