import { templateLimit } from './failures.js'
import { Text } from './text.js'
import { Tuple, type Value } from './values.js'

/** Nodes that a rendering may evaluate; an operation counts one more for each 8 characters, items or members it goes through. */
export const MAX_STEPS = 10_000_000
/** Characters of a text that a template makes, its output among them. */
export const MAX_TEXT = 4_000_000
/**
 * Bytes of all values that a rendering makes, those that it drops among them: how many are alive cannot be asked, and is
 * never more. They are what the values take at most in V8; the memory of the process stays below about twice as much.
 */
export const MAX_BYTES = 256 * 1024 * 1024
/** Items of a list that a template makes. */
const MAX_ITEMS = 1_000_000
/** Expressions, statements and macros within each other. */
const MAX_DEPTH = 500

/** Bytes of a text beside its characters: the object, its array of runs, a run and the string, as V8 lays them out. */
const TEXT_BYTES = 192
/** Bytes of each further run. */
const RUN_BYTES = 96
/** Bytes of a list beside its items: the object and its array, which has places to grow. */
const LIST_BYTES = 160
/** Bytes of a member of a mapping: its pair, and the place in the table. */
const MEMBER_BYTES = 192

/** What one rendering has used up of what it may. Jinja itself knows no limit, and a template comes with the model. */
export class Budget {
  #steps = 0
  #bytes = 0
  #depth = 0

  readonly spend = (steps: number): void => {
    this.#steps += steps
    // Not `>`: nothing that is not a number may pass.
    if (!(this.#steps <= MAX_STEPS)) {
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

  /** Accounts for so many bytes of values before they are made. */
  take(bytes: number): void {
    this.#bytes += bytes
    if (!(this.#bytes <= MAX_BYTES)) {
      throw templateLimit(
        `makes values of more than ${MAX_BYTES} bytes`,
        'use another template, or a shorter conversation',
      )
    }
  }

  /** Accounts for a text of this many characters before it is made. */
  text(length: number): void {
    this.grow(length, length)
  }

  /** Accounts for `added` characters of a text that has `length` with them. */
  grow(length: number, added: number): void {
    refuseBeyond(MAX_TEXT, length, 'text', 'characters')
    this.spend(1 + added / 8)
    this.take(TEXT_BYTES + 2 * added)
  }

  /** The same for a piece of a text that is put together, with so many runs. */
  append(length: number, added: number, runs: number): void {
    refuseBeyond(MAX_TEXT, length, 'text', 'characters')
    this.spend(1 + runs / 2 + added / 8)
    this.take(2 * added + 8 * runs)
  }

  /** Accounts for a piece cut out of a text, which shares its characters. */
  piece(runs = 1): void {
    this.spend(1 + runs / 4)
    this.take(TEXT_BYTES + RUN_BYTES * Math.max(runs - 1, 0))
  }

  /** Accounts for a list of this many items before it is made. */
  items(count: number): void {
    refuseBeyond(MAX_ITEMS, count, 'list', 'items')
    this.spend(1 + count / 8)
    this.take(LIST_BYTES + 8 * count)
  }

  /** Accounts for a mapping of this many members before it is made. */
  members(count: number): void {
    refuseBeyond(MAX_ITEMS, count, 'mapping', 'members')
    this.spend(1 + 2 * count)
    this.take(LIST_BYTES + MEMBER_BYTES * count)
  }

  /** Accounts for looking for a key, or keeping one. */
  key(key: Value): void {
    if (key instanceof Text) this.through(key.length + key.runs.length)
    else if (key instanceof Tuple) this.spend(100)
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

  /** A rendering begins: whatever the one before it failed in is left, and its values are gone. */
  surface(): void {
    this.#depth = 0
    this.#bytes = 0
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
