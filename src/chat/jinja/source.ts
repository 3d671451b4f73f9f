import { describeValue } from '../../describe.js'

/** Length of the excerpt in errors. */
const EXCERPT = 60

/** The text of a template, and locations in it. */
export class TemplateSource {
  /** With LF as the only line break and without the last one, as Jinja reads it. Offsets refer to this text. */
  readonly text: string

  constructor(source: string) {
    const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source
    this.text = text.endsWith('\n') ? text.slice(0, -1) : text
  }

  /** The line and column of an offset, both from 1, with an excerpt of the line. */
  location(at: number): string {
    const { text } = this
    const start = text.lastIndexOf('\n', at - 1) + 1
    const stop = text.indexOf('\n', at)
    const end = stop < 0 ? text.length : stop
    let line = 1
    for (let i = text.indexOf('\n'); i >= 0 && i < start; i = text.indexOf('\n', i + 1)) line++
    const column = Array.from(text.slice(Math.max(start, at - 10_000), at)).length + 1
    // For a long line, the excerpt starts a little before the offset.
    const from = end - start <= EXCERPT ? start : Math.max(start, Math.min(at - EXCERPT / 3, end - EXCERPT))
    const excerpt = text.slice(from, Math.min(end, from + EXCERPT)).trim()
    return `line ${line}, column ${column}: ${describeValue(excerpt)}`
  }
}
