import { PAGE_POSITIONS } from '../memory.js'
import type { Arena } from './arena.js'
import type { Pointer } from './kernels.js'
import type { PageGroup } from './kv-layout.js'

/** A page of keys and values with its reference count. */
interface Page {
  readonly pointer: Pointer
  references: number
}

/** The allocator of pages. */
export type PageArena = Pick<Arena, 'allocate' | 'free' | 'bytes'>

/** The index of the page that contains a position. */
export function pageOf(position: number): number {
  return Math.floor(position / PAGE_POSITIONS)
}

/**
 * A sequence's pages of one group of layers, by page index. Forks share pages and copy them on write. Pages that are not
 * held are `undefined`.
 */
export class PageTable {
  readonly group: PageGroup
  readonly #arena: PageArena
  readonly #pages: (Page | undefined)[] = []

  constructor(arena: PageArena, group: PageGroup) {
    this.#arena = arena
    this.group = group
  }

  /** One more than the index of the last page. */
  get length(): number {
    return this.#pages.length
  }

  get bytes(): number {
    return this.#pages.reduce((sum, page) => sum + (page ? this.group.pageBytes : 0), 0)
  }

  has(page: number): boolean {
    return this.#pages[page] !== undefined
  }

  /** The address of a page that is held. */
  pointer(page: number): Pointer {
    return this.#pages[page]!.pointer
  }

  /** Writes the addresses of pages to `target`, 0 for those that are not held. */
  write(target: Uint32Array): void {
    for (let page = 0; page < this.#pages.length; page++) target[page] = this.#pages[page]?.pointer ?? 0
  }

  /**
   * Makes positions `from` to `to` writable: allocates missing pages, and copies shared ones up to position `from`. Throws
   * `OUT_OF_MEMORY`; then nothing has changed.
   */
  ensureWritable(from: number, to: number): void {
    const first = pageOf(from)
    if (to <= (first + 1) * PAGE_POSITIONS && this.#pages[first]?.references === 1) return
    const before = [...this.#pages]
    const made: Page[] = []
    const left: Page[] = []
    try {
      for (let index = first; index * PAGE_POSITIONS < to; index++) {
        const page = this.#pages[index]
        if (page?.references === 1) continue
        const own = this.#allocate()
        made.push(own)
        if (page) {
          this.#copy(page, own, Math.min(PAGE_POSITIONS, Math.max(0, from - index * PAGE_POSITIONS)))
          left.push(page)
        }
        this.#pages[index] = own
      }
    } catch (error) {
      this.#pages.splice(0, this.#pages.length, ...before)
      for (const page of made) this.#unref(page)
      throw error
    }
    for (const page of left) this.#unref(page)
  }

  /** Copies shared pages from position `from` on, with their content up to position `used`, for changes in place. */
  unshare(from: number, used: number): void {
    for (let index = pageOf(from); index * PAGE_POSITIONS < used; index++) {
      const page = this.#pages[index]
      if (!page || page.references === 1) continue
      const own = this.#allocate()
      this.#copy(page, own, Math.min(PAGE_POSITIONS, used - index * PAGE_POSITIONS))
      this.#pages[index] = own
      this.#unref(page)
    }
  }

  /** Releases a page, if it is held. */
  release(page: number): void {
    const held = this.#pages[page]
    if (!held) return
    this.#pages[page] = undefined
    this.#unref(held)
  }

  /** Releases every page from index `first` on. */
  truncate(first: number): void {
    for (let page = first; page < this.#pages.length; page++) this.release(page)
    this.#pages.length = Math.min(this.#pages.length, first)
  }

  /** A table of the same pages. */
  fork(): PageTable {
    const fork = new PageTable(this.#arena, this.group)
    for (const page of this.#pages) {
      if (page) page.references++
      fork.#pages.push(page)
    }
    return fork
  }

  /** A view of `rows` rows of `rowBytes` of a held page, from byte `offset` on; valid until memory is allocated. */
  rows(page: number, offset: number, rows: number, rowBytes: number): Uint8Array {
    return this.#arena.bytes((this.pointer(page) + offset) as Pointer, rows * rowBytes)
  }

  #allocate(): Page {
    const purpose = `a page of ${PAGE_POSITIONS} positions of keys and values`
    return { pointer: this.#arena.allocate(this.group.pageBytes, purpose), references: 1 }
  }

  /** Copies the first `rows` positions. */
  #copy(from: Page, to: Page, rows: number): void {
    if (rows === 0) return
    for (const { keys, values } of this.group.layers) {
      for (const { offset, rowBytes } of [keys, values]) {
        const source = this.#arena.bytes((from.pointer + offset) as Pointer, rows * rowBytes)
        this.#arena.bytes((to.pointer + offset) as Pointer, source.length).set(source)
      }
    }
  }

  #unref(page: Page): void {
    page.references--
    if (page.references === 0) this.#arena.free(page.pointer)
  }
}
