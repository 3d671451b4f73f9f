import type { Budget } from './budget.js'
import { type Literal, Text } from './text.js'

/** A text that is put together piece by piece, within the budget. */
export class TextBuilder {
  readonly #parts: Text[] = []
  readonly #budget: Budget
  #length = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Literals are the template's own. */
  add<const P extends readonly (Text | string)[]>(...parts: { [I in keyof P]: Literal<P[I]> }): this {
    for (const part of parts as readonly (Text | string)[]) {
      const text = typeof part === 'string' ? (Text.of as (text: string) => Text)(part) : part
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
