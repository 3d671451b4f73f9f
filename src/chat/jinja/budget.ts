import { templateLimit } from './failures.js'

/** Nodes that a rendering may evaluate; an operation counts one more for each 8 characters, items or members it goes through. */
export const MAX_STEPS = 10_000_000
/** Characters of a text that a template makes, its output among them. */
export const MAX_TEXT = 4_000_000
/** Items of a list that a template makes. */
const MAX_ITEMS = 1_000_000
/** Expressions, statements and macros within each other. */
const MAX_DEPTH = 500

/** What one rendering has used up of what it may. Jinja itself knows no limit, and a template comes with the model. */
export class Budget {
  #steps = 0
  #depth = 0

  readonly spend = (steps: number): void => {
    this.#steps += steps
    if (this.#steps > MAX_STEPS) {
      throw templateLimit(
        `takes more than ${MAX_STEPS} steps`,
        'it may never end; use another template, or a shorter conversation',
      )
    }
  }

  /** Accounts for going through so many characters or members. */
  through(count: number): void {
    this.spend(count / 8)
  }

  /** Accounts for a text of this many characters before it is made. */
  text(length: number): void {
    this.grow(length, length)
  }

  /** Accounts for `added` characters of a text that has `length` with them. */
  grow(length: number, added: number): void {
    refuseBeyond(MAX_TEXT, length, 'text', 'characters')
    this.spend(1 + added / 8)
  }

  /** Accounts for a list of this many items before it is made. */
  items(count: number): void {
    refuseBeyond(MAX_ITEMS, count, 'list', 'items')
    this.spend(1 + count / 8)
  }

  /** One level deeper while `work` runs. */
  deeper<T>(work: () => T): T {
    this.enter()
    const result = work()
    this.leave()
    return result
  }

  enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw templateLimit(`nests more than ${MAX_DEPTH} levels deep`)
    }
  }

  /** A rendering begins: whatever the one before it failed in is left. */
  surface(): void {
    this.#depth = 0
  }

  leave(): void {
    this.#depth--
  }
}

function refuseBeyond(limit: number, size: number, what: string, unit: string): void {
  if (size <= limit) return
  throw templateLimit(
    `makes a ${what} of ${size} ${unit}; the limit is ${limit}`,
    'use another template, or a shorter conversation',
  )
}
