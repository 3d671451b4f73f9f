/** Who wrote a stretch of text: 0 is the template, any other number whoever uses them says what it stands for. */
export type Source = number

export const FROM_TEMPLATE: Source = 0

export interface Run {
  readonly text: string
  readonly source: Source
}

/** A string that the compiler knows, and so one that stands in this package's own code: never a computed one. */
export type Literal<S> = S extends string ? (string extends S ? never : S) : S

/**
 * A string that knows who wrote each character of it. Whatever a template does with it (cut, trim, split, join,
 * serialise), the pieces keep their source: so what comes from a message can never pass for the template's own text.
 *
 * That is a matter of types: a computed string has no source, and becomes a text only with one. Results are made of
 * slices of other texts, by changing the spelling of what one source wrote, or of literals.
 */
export class Text {
  static readonly EMPTY = new Text([])
  /** None is empty, and neighbours have different sources. */
  readonly runs: readonly Run[]
  #text: string | undefined
  #hasPairs: boolean | undefined

  private constructor(runs: readonly Run[]) {
    this.runs = runs
  }

  /** A literal is the template's own; whatever is computed needs its source. */
  static of<const S extends string>(text: Literal<S>): Text
  static of(text: string, source: Source): Text
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

  /** Whether some characters take two units, so that places and offsets differ. */
  get hasPairs(): boolean {
    this.#hasPairs ??= /[\ud800-\udbff][\udc00-\udfff]/.test(this.text)
    return this.#hasPairs
  }

  slice(start: number, end = this.length): Text {
    if (start <= 0 && end >= this.length) return this
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

  /** Who wrote what stands there: where several did, the first that is not the template. */
  sourceOf(start = 0, end = this.length): Source {
    let at = 0
    for (const { text, source } of this.runs) {
      if (at >= end) break
      at += text.length
      if (at > start && source !== FROM_TEMPLATE) return source
    }
    return FROM_TEMPLATE
  }

  /** Other characters in place of all of these, from whoever wrote them. */
  respelled(text: string): Text {
    return Text.of(text, this.sourceOf())
  }

  /** Changes each character's spelling, never who wrote it. `change` sees stretches of one source. */
  map(change: (text: string) => string): Text {
    return Text.join(this.runs.map(({ text, source }) => Text.of(change(text), source)))
  }

  /** The text `count` times. */
  repeated(count: number): Text {
    if (this.runs.length === 1) return Text.of(this.runs[0].text.repeat(count), this.runs[0].source)
    return Text.join(Array.from({ length: count }, () => this))
  }
}

/**
 * The source of characters that are made from their code points (`%c`, `str.translate`). A number may have been read from
 * a message and could so stand for any character: such a one is never the template's own.
 */
export const FROM_CODE_POINT: Source = Number.MIN_SAFE_INTEGER
