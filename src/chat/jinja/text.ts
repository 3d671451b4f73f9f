/** Who wrote a stretch of text: 0 is the template, any other number whoever uses them says what it stands for. */
export type Source = number

export const FROM_TEMPLATE: Source = 0

export interface Run {
  readonly text: string
  readonly source: Source
}

/**
 * A string that knows who wrote each character of it. Whatever a template does with it (cut, trim, split, join,
 * serialise), the pieces keep their source: so what comes from a message can never pass for the template's own text.
 */
export class Text {
  static readonly EMPTY = new Text([])
  /** None is empty, and neighbours have different sources. */
  readonly runs: readonly Run[]
  #text: string | undefined

  private constructor(runs: readonly Run[]) {
    this.runs = runs
  }

  static of(text: string, source: Source = FROM_TEMPLATE): Text {
    return text === '' ? Text.EMPTY : new Text([{ text, source }])
  }

  static join(parts: Iterable<Text>): Text {
    const runs: Run[] = []
    let pending: string[] = []
    let source: Source | undefined
    const flush = () => {
      if (pending.length > 0) runs.push({ text: pending.join(''), source: source! })
      pending = []
    }
    for (const part of parts) {
      for (const run of part.runs) {
        if (run.source !== source) {
          flush()
          source = run.source
        }
        pending.push(run.text)
      }
    }
    flush()
    return runs.length === 0 ? Text.EMPTY : new Text(runs)
  }

  /** The characters, whoever wrote them. */
  get text(): string {
    this.#text ??= this.runs.length === 1 ? this.runs[0].text : this.runs.map((run) => run.text).join('')
    return this.#text
  }

  /** UTF-16 units, as all offsets here. */
  get length(): number {
    let length = 0
    for (const run of this.runs) length += run.text.length
    return length
  }

  slice(start: number, end = this.length): Text {
    const runs: Run[] = []
    let at = 0
    for (const { text, source } of this.runs) {
      if (at >= end) break
      const part = text.slice(Math.max(start - at, 0), Math.max(end - at, 0))
      if (part !== '') runs.push({ text: part, source })
      at += text.length
    }
    return runs.length === 0 ? Text.EMPTY : new Text(runs)
  }

  /** Changes each character's spelling, never who wrote it. `change` sees stretches of one source. */
  map(change: (text: string) => string): Text {
    return Text.join(this.runs.map(({ text, source }) => Text.of(change(text), source)))
  }
}
