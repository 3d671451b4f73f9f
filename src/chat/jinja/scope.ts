import type { Budget } from './budget.js'
import { Undefined, type Value } from './values.js'

/** State shared by all scopes of one rendering. */
export interface Rendering {
  readonly budget: Budget
  /** The offset in the template of the node being evaluated, for errors. */
  at: number
  /** Whether printing `none` is an error rather than Python's "None". */
  readonly refusesNone: boolean
}

/** A variable that a scope will set but has not yet: see `Block.unset`. */
const UNSET = Symbol('unset')

/** The variables of a template, an iteration of a loop, or a macro call. */
export class Scope {
  readonly rendering: Rendering
  readonly #values = new Map<string, Value | typeof UNSET>()
  readonly #parent: Scope | undefined

  private constructor(rendering: Rendering, parent: Scope | undefined, unset: readonly string[]) {
    this.rendering = rendering
    this.#parent = parent
    for (const name of unset) this.#values.set(name, UNSET)
  }

  /** The outermost scope. */
  static of(rendering: Rendering): Scope {
    return new Scope(rendering, undefined, [])
  }

  /** A scope within this one. `unset`: names that it will set, which are undefined until then. */
  inner(unset: readonly string[] = []): Scope {
    return new Scope(this.rendering, this, unset)
  }

  /** A scope that sees the template's variables, including those set so far, and nothing of inner scopes. */
  exported(): Scope {
    let own: Scope = this
    let outer = own.#parent
    // The two outermost scopes hold the globals and the given variables; the next one is the template's.
    while (outer !== undefined && outer.#parent !== undefined && outer.#parent.#parent !== undefined) {
      own = outer
      outer = own.#parent
    }
    const scope = new Scope(this.rendering, outer, [])
    for (const [name, value] of own.#values) if (value !== UNSET) scope.set(name, value)
    return scope
  }

  get(name: string): Value {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const value = scope.#values.get(name)
      if (value === UNSET) break
      if (value !== undefined) return value
    }
    return new Undefined(name)
  }

  /** Whether this scope itself has set the name. */
  has(name: string): boolean {
    const value = this.#values.get(name)
    return value !== undefined && value !== UNSET
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value)
  }

  /** Makes the name undefined until it is set. */
  unset(name: string): void {
    this.#values.set(name, UNSET)
  }
}
