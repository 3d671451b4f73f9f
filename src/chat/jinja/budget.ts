import { templateLimit } from './failures.js'
import { Text } from './text.js'
import { Tuple, type Value } from './values.js'

/** Nodes that a rendering may evaluate; an operation costs one more per 8 characters, items or members that it scans. */
export const MAX_STEPS = 10_000_000
/** Characters of a text that a template makes, including its output. */
export const MAX_TEXT = 4_000_000
/**
 * Bytes of all values that a rendering makes, including those that it drops: how many of them are alive is unknown, but never
 * more than that. Sizes are upper bounds for V8; the memory of the process stays below about twice as much.
 */
const MAX_BYTES = 256 * 1024 * 1024
/** Items of a list that a template makes. */
const MAX_ITEMS = 1_000_000
/** Nesting depth of expressions, statements and macro calls. */
const MAX_DEPTH = 500

/** Bytes of a text in addition to its characters: the object, its array of runs, a run and the string, as V8 lays them out. */
const TEXT_BYTES = 192
/** Bytes of each further run. */
const RUN_BYTES = 96
/** Bytes of a list in addition to its items: the object and its array, which has spare capacity. */
const LIST_BYTES = 160
/** Bytes of a member of a mapping: its pair and its table entry. */
const MEMBER_BYTES = 192

/** Tracks what a rendering uses against the limits. Jinja itself has none, and a template comes with an untrusted model. */
export class Budget {
  #steps = 0
  #bytes = 0
  #depth = 0

  readonly spend = (steps: number): void => {
    this.#steps += steps
    // Not `>`, so that `NaN` fails too.
    if (!(this.#steps <= MAX_STEPS)) {
      throw templateLimit(
        `takes more than ${MAX_STEPS} steps`,
        'it may never end; use another template, or a shorter conversation',
      )
    }
  }

  /** Accounts for scanning so many characters or members. */
  scan(count: number): void {
    this.spend(count / 8)
  }

  /** Accounts for so many bytes of values before they are allocated. */
  allocate(bytes: number): void {
    this.#bytes += bytes
    if (!(this.#bytes <= MAX_BYTES)) {
      throw templateLimit(
        `allocates more than ${MAX_BYTES} bytes of values`,
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
    this.allocate(TEXT_BYTES + 2 * added)
  }

  /** The same for a piece with so many runs, appended to a text under construction. */
  append(length: number, added: number, runs: number): void {
    refuseBeyond(MAX_TEXT, length, 'text', 'characters')
    this.spend(1 + runs / 2 + added / 8)
    this.allocate(2 * added + 8 * runs)
  }

  /** Accounts for a slice of a text, which shares its characters. */
  piece(runs = 1): void {
    this.spend(1 + runs / 4)
    this.allocate(TEXT_BYTES + RUN_BYTES * Math.max(runs - 1, 0))
  }

  /** Accounts for a list of this many items before it is made. */
  items(count: number): void {
    refuseBeyond(MAX_ITEMS, count, 'list', 'items')
    this.spend(1 + count / 8)
    this.allocate(LIST_BYTES + 8 * count)
  }

  /** Accounts for a mapping of this many members before it is made. */
  members(count: number): void {
    refuseBeyond(MAX_ITEMS, count, 'mapping', 'members')
    this.spend(1 + 2 * count)
    this.allocate(LIST_BYTES + MEMBER_BYTES * count)
  }

  /** Accounts for looking up or storing a key. */
  key(key: Value): void {
    if (key instanceof Text) this.scan(key.length + key.runs.length)
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

  /** Resets depth and bytes for a new rendering: the previous one may have failed at some depth, and its values are gone. */
  beginRendering(): void {
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
