import type { Budget } from './budget.js'
import { FROM_TEMPLATE, type Literal, type Run, type Source, Text } from './text.js'

/** Pieces that are joined to one string at a time: many small ones would take far more than their characters. */
const CHUNK = 1024

/** A text that is put together piece by piece, within the budget. */
export class TextBuilder {
  readonly #budget: Budget
  readonly #runs: Run[] = []
  /** Of the run that is not complete, joined and not. */
  #chunks: string[] = []
  #pieces: string[] = []
  #source: Source = FROM_TEMPLATE
  #length = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Literals are the template's own. */
  add<const P extends readonly (Text | string)[]>(...parts: { [I in keyof P]: Literal<P[I]> }): this {
    for (const part of parts as readonly (Text | string)[]) {
      this.#length += part.length
      if (typeof part === 'string') {
        this.#budget.append(this.#length, part.length, 1)
        this.#append(part, FROM_TEMPLATE)
      } else {
        this.#budget.append(this.#length, part.length, part.runs.length)
        for (const { text, source } of part.runs) this.#append(text, source)
      }
    }
    return this
  }

  #append(text: string, source: Source): void {
    if (text === '') return
    if (source !== this.#source) {
      this.#flush()
      this.#source = source
    }
    this.#pieces.push(text)
    if (this.#pieces.length < CHUNK) return
    this.#chunks.push(this.#pieces.join(''))
    this.#pieces = []
  }

  #flush(): void {
    if (this.#chunks.length === 0 && this.#pieces.length === 0) return
    const text = this.#chunks.join('') + this.#pieces.join('')
    this.#chunks = []
    this.#pieces = []
    this.#budget.piece()
    this.#runs.push({ text, source: this.#source })
  }

  text(): Text {
    this.#flush()
    return Text.join(this.#runs.map(({ text, source }) => Text.of(text, source)))
  }
}
