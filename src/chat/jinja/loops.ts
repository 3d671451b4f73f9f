import type { Budget } from './budget.js'
import { iterate } from './collections.js'
import { equal } from './compare.js'
import { templateFailed } from './failures.js'
import { FROM_TEMPLATE, Text } from './text.js'
import { Callable, Tuple, Undefined, type Value } from './values.js'

export interface LoopOptions {
  readonly items: Iterator<Value>
  /** Number of enclosing loops of the same statement, through `loop(…)`. */
  readonly depth0: number
  /** Runs the loop's statement on other items, for `loop(…)` in a `recursive` loop. */
  readonly recurse: ((items: Value, depth0: number) => Value) | undefined
  readonly budget: Budget
}

/**
 * The variable `loop`. Items are taken from the iterator one at a time, because the body may change whether the loop's
 * condition selects the next one; `nextitem`, `last` and `length` look ahead.
 */
export class Loop extends Callable {
  readonly #options: LoopOptions
  #index0 = -1
  #before: Value | undefined
  #current: Value | undefined
  /** Items taken from the iterator in advance, in reverse. */
  #ahead: Value[] = []
  #isRead = false
  #lastChanged: Tuple | undefined

  constructor(options: LoopOptions) {
    super(({ positional, named }) => {
      const { recurse, depth0 } = options
      if (!recurse) throw templateFailed('loop() needs a loop marked "recursive"')
      const [items = named.get('iterable')] = positional
      if (items === undefined || positional.length + named.size !== 1) {
        throw templateFailed('loop() takes exactly one argument, an iterable')
      }
      return recurse(items, depth0 + 1)
    })
    this.#options = options
  }

  /** Moves on to the next iteration; false if there is none. */
  advance(): boolean {
    const item = this.#ahead.length > 0 ? this.#ahead.pop() : this.#take()
    if (item === undefined) return false
    this.#index0++
    this.#before = this.#current
    this.#current = item
    return true
  }

  /** The item of the current iteration. */
  get item(): Value {
    return this.#current as Value
  }

  #take(): Value | undefined {
    if (this.#isRead) return undefined
    const { done, value } = this.#options.items.next()
    if (done !== true) return value
    this.#isRead = true
    return undefined
  }

  #next(): Value | undefined {
    if (this.#ahead.length === 0) {
      const item = this.#take()
      if (item === undefined) return undefined
      this.#ahead.push(item)
    }
    return this.#ahead.at(-1)
  }

  get #length(): number {
    if (!this.#isRead) {
      const rest: Value[] = this.#ahead.reverse()
      for (let item = this.#take(); item !== undefined; item = this.#take()) rest.push(item)
      this.#ahead = rest.reverse()
    }
    return this.#index0 + 1 + this.#ahead.length
  }

  override get title(): Text {
    const progress = `${this.#index0 + 1}/${this.#length}` as const
    return Text.join([Text.of('<LoopContext '), Text.of(progress, FROM_TEMPLATE), Text.of('>')])
  }

  override get(name: string): Value | undefined {
    const i = this.#index0
    switch (name) {
      case 'index':
        return i + 1
      case 'index0':
        return i
      case 'revindex':
        return this.#length - i
      case 'revindex0':
        return this.#length - i - 1
      case 'first':
        return i === 0
      case 'last':
        return this.#next() === undefined
      case 'length':
        return this.#length
      case 'depth':
        return this.#options.depth0 + 1
      case 'depth0':
        return this.#options.depth0
      case 'previtem':
        return i === 0 ? new Undefined('loop.previtem') : this.#before
      case 'nextitem': {
        const next = this.#next()
        return next === undefined ? new Undefined('loop.nextitem') : next
      }
      case 'cycle':
        return new Callable(({ positional, named }) => {
          if (positional.length === 0 || named.size > 0) throw templateFailed('loop.cycle needs values')
          return positional[i % positional.length]
        })
      case 'changed':
        return new Callable(({ positional, named }) => {
          if (named.size > 0) throw templateFailed('loop.changed takes no named arguments')
          const values = new Tuple(positional)
          const last = this.#lastChanged
          if (last !== undefined && equal(last, values, this.#options.budget)) return false
          this.#lastChanged = values
          return true
        })
      default:
        return undefined
    }
  }
}

/** The items that a loop iterates over: those that `select` accepts, each tested only when it is reached. */
export function* loopItems(
  iterable: Value,
  select: ((item: Value) => boolean) | undefined,
  budget: Budget,
): Generator<Value, undefined> {
  for (const item of iterate(iterable, 'a loop', budget)) {
    // A skipped item costs about as much as an iteration of an empty loop.
    if (select) budget.spend(8)
    if (!select || select(item)) yield item
  }
}
