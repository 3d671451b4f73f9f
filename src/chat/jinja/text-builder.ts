import type { Budget } from './budget.js'
import { Text } from './text.js'

/** A text that is put together piece by piece, within the budget. */
export class TextBuilder {
  readonly #parts: Text[] = []
  readonly #budget: Budget
  #length = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Strings are the template's own. */
  add(...parts: readonly (Text | string)[]): this {
    for (const part of parts) {
      const text = typeof part === 'string' ? Text.of(part) : part
      this.#length += text.length
      this.#budget.grow(this.#length, text.length + text.runs.length)
      this.#parts.push(text)
    }
    return this
  }

  text(): Text {
    return Text.join(this.#parts)
  }
}
