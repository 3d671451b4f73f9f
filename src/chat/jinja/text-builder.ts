import type { Budget } from './budget.js'
import { FROM_TEMPLATE, type Literal, type Provenance, type Run, Text } from './text.js'

/** Pieces are joined in chunks of this many, because many small strings take far more memory than their characters. */
const CHUNK = 1024

/** Builds a text piece by piece, within the budget. */
export class TextBuilder {
  readonly #budget: Budget
  readonly #runs: Run[] = []
  /** Of the current run: pieces that are joined already, and those that are not. */
  #chunks: string[] = []
  #pieces: string[] = []
  #provenance: Provenance = FROM_TEMPLATE
  #length = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Literals have the template's provenance. */
  add<const P extends readonly (Text | string)[]>(...parts: { [I in keyof P]: Literal<P[I]> }): this {
    for (const part of parts as readonly (Text | string)[]) {
      this.#length += part.length
      if (typeof part === 'string') {
        this.#budget.append(this.#length, part.length, 1)
        this.#append(part, FROM_TEMPLATE)
      } else {
        this.#budget.append(this.#length, part.length, part.runs.length)
        for (const { text, provenance } of part.runs) this.#append(text, provenance)
      }
    }
    return this
  }

  #append(text: string, provenance: Provenance): void {
    if (text === '') return
    if (provenance !== this.#provenance) {
      this.#flush()
      this.#provenance = provenance
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
    this.#runs.push({ text, provenance: this.#provenance })
  }

  text(): Text {
    this.#flush()
    return Text.join(this.#runs.map(({ text, provenance }) => Text.of(text, provenance)))
  }
}
