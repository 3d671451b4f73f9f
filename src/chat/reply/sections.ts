import type { Calls } from './call.js'
import type { CallReader, ContentHost } from './machine.js'

/** The header of a section of a reply. */
export interface SectionHeader {
  /** The marker that opened it; '' at the beginning of the reply and after the end of a section. */
  readonly open: string
  readonly text: string
  /** The marker that ended it; '' if the reply ended within it. */
  readonly end: string
}

/**
 * What a header opens: reasoning, content, framing (text after it is content), calls of the format's dialect from the marker
 * that ended the header, or calls that a reader reads. `raw`: the header with its markers.
 */
export type SectionRoute =
  | 'reasoning'
  | 'content'
  | 'framing'
  | 'dialect'
  | ((raw: string, content: ContentHost) => CallReader)

/** How a family of models divides a reply into sections with headers, which determine what a section is. */
export interface SectionStyle {
  /** Markers that begin a header. */
  readonly opens: readonly string[]
  /** Markers that end a header. */
  readonly ends: readonly string[]
  /** Markers that end a section; a header may follow. */
  readonly closes: readonly string[]
  /** Whether a reply begins within a header, whose beginning is in the prompt. */
  readonly beginsInHeader: boolean
  /** Whether a header may begin with this text. */
  mayBegin(text: string): boolean
  /** What a header opens; `undefined` if it is text. */
  route(header: SectionHeader, calls: Calls): SectionRoute | undefined
}

/** The markers of reasoning that has a section of its own. */
export interface ThoughtSection {
  /** What opens it after a prompt. */
  readonly open: string
  /** What ends it and begins the answer. */
  readonly close: string
  /** What begins an answer without reasoning, after a prompt that ends with `after`. */
  readonly skip?: { readonly after: string; readonly text: string }
}

/** A format whose replies consist of sections. One file in `formats/` each, and a line in `formats/index.ts`. */
export interface SectionedFormat<Name extends string = string> {
  readonly name: Name
  readonly sections: SectionStyle
  readonly thoughts?: ThoughtSection
  /** Whether a chat template (Jinja source) uses this format. */
  detect(template: string): boolean
}
