/** Where a span of text comes from: 0 is the template; callers define the other numbers. Only the template's text is trusted. */
export type Provenance = number

export const FROM_TEMPLATE: Provenance = 0

export interface Run {
  readonly text: string
  readonly provenance: Provenance
}

/** A string literal in this package's own code, never a computed string. */
export type Literal<S> = S extends string ? (string extends S ? never : S) : S

/**
 * A string with the provenance of each character. Whatever a template does with it (slice, trim, split, join, serialize), the
 * pieces keep their provenance, so untrusted text from a message can never pass for the template's own, trusted text.
 *
 * The types enforce that: a computed string becomes a text only with a provenance. Results are made of slices of other
 * texts, of changed text with a single provenance, or of literals.
 */
export class Text {
  static readonly EMPTY = new Text([])
  /** No run is empty, and adjacent runs differ in provenance. */
  readonly runs: readonly Run[]
  #text: string | undefined
  #hasPairs: boolean | undefined

  private constructor(runs: readonly Run[]) {
    this.runs = runs
  }

  /** A literal has the template's provenance; a computed string needs one. */
  static of<const S extends string>(text: Literal<S>): Text
  static of(text: string, provenance: Provenance): Text
  static of(text: string, provenance: Provenance = FROM_TEMPLATE): Text {
    return text === '' ? Text.EMPTY : new Text([{ text, provenance }])
  }

  static join(parts: Iterable<Text>): Text {
    const runs: Run[] = []
    let pending: string[] = []
    let provenance: Provenance | undefined
    const flush = () => {
      if (pending.length > 0) runs.push({ text: pending.join(''), provenance: provenance! })
      pending = []
    }
    for (const part of parts) {
      for (const run of part.runs) {
        if (run.provenance !== provenance) {
          flush()
          provenance = run.provenance
        }
        pending.push(run.text)
      }
    }
    flush()
    return runs.length === 0 ? Text.EMPTY : new Text(runs)
  }

  /** The characters, without provenance. */
  get text(): string {
    this.#text ??= this.runs.length === 1 ? this.runs[0].text : this.runs.map((run) => run.text).join('')
    return this.#text
  }

  /** In UTF-16 units, like all offsets here. */
  get length(): number {
    let length = 0
    for (const run of this.runs) length += run.text.length
    return length
  }

  /** Whether some characters take two units, so that positions and offsets differ. */
  get hasPairs(): boolean {
    this.#hasPairs ??= /[\ud800-\udbff][\udc00-\udfff]/.test(this.text)
    return this.#hasPairs
  }

  slice(start: number, end = this.length): Text {
    if (start <= 0 && end >= this.length) return this
    const runs: Run[] = []
    let at = 0
    for (const { text, provenance } of this.runs) {
      if (at >= end) break
      const part = text.slice(Math.max(start - at, 0), Math.max(end - at, 0))
      if (part !== '') runs.push({ text: part, provenance })
      at += text.length
    }
    return runs.length === 0 ? Text.EMPTY : new Text(runs)
  }

  /** The provenance of a span; if it has several, the first that is not the template's. */
  provenanceOf(start = 0, end = this.length): Provenance {
    let at = 0
    for (const { text, provenance } of this.runs) {
      if (at >= end) break
      at += text.length
      if (at > start && provenance !== FROM_TEMPLATE) return provenance
    }
    return FROM_TEMPLATE
  }

  /** Replaces all characters and keeps the provenance. */
  respelled(text: string): Text {
    return Text.of(text, this.provenanceOf())
  }

  /** Changes the characters of each run and keeps the provenance. */
  map(change: (text: string) => string): Text {
    return Text.join(this.runs.map(({ text, provenance }) => Text.of(change(text), provenance)))
  }

  /** The text `count` times. */
  repeated(count: number): Text {
    if (this.runs.length === 1) return Text.of(this.runs[0].text.repeat(count), this.runs[0].provenance)
    return Text.join(Array.from({ length: count }, () => this))
  }
}

/**
 * The provenance of characters made from code points (`%c`, `str.translate`). A number may have been read from a message and
 * stand for any character, so these are never trusted.
 */
export const FROM_CODE_POINT: Provenance = Number.MIN_SAFE_INTEGER
