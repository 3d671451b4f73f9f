import type { Value } from './values.js'

/** The variables of a template, a loop's turn or a macro: what is set here is gone with it. */
export class Scope {
  readonly #values = new Map<string, Value>()
  readonly #parent: Scope | undefined

  constructor(parent?: Scope) {
    this.#parent = parent
  }

  get(name: string): Value | undefined {
    // Not `??`: a variable may be null.
    return this.#values.has(name) ? this.#values.get(name) : this.#parent?.get(name)
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value)
  }
}
