import { CallInProgress, type Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments, readUpTo } from '../json-call.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, NO_MARKERS } from '../machine.js'

export interface SectionStyle {
  /** Around all calls of a turn; models sometimes leave it out. */
  readonly section: { readonly open: string; readonly close: string }
  /** Around one call. */
  readonly call: { readonly open: string; readonly close: string }
  /** Separators of the parts of a call's header. */
  readonly separators: readonly string[]
  /**
   * How the header of a call is written: texts with `NAME` for the name, `ID` for an id and `#` for a number; markers among them are
   * those of the style. `fence`: whether arguments are in a fence.
   */
  readonly headers: readonly { readonly text: string; readonly fence?: boolean }[]
  /** Interprets a header. `parts`: its parts before the arguments, in order. */
  heading(parts: readonly string[]): { readonly name: string; readonly id?: string }
}

/** Creates the dialect of a style, detected by the marker that opens a call. */
export function sectionCalls<Name extends string>(name: Name, style: SectionStyle): ToolDialect<Name> {
  const { section, call, separators } = style
  const markers = [section.open, section.close, call.open, call.close, ...separators]
  return {
    name,
    opens: [section.open, call.open],
    syntax: { kind: 'section', style },
    detect: (template) => template.includes(call.open),
    reader: (calls, marker) => new SectionCallsReader(calls, style, markers, marker),
  }
}

/**
 * Reads a section of calls between markers, each with a header of several parts and arguments in JSON, possibly in a Markdown
 * fence.
 */
class SectionCallsReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  readonly #style: SectionStyle
  readonly #markers: readonly string[]
  #call: CallInProgress
  #json: JsonArguments | undefined
  #state: 'between' | 'header' | 'json' | 'tail' | 'broken' = 'between'
  #parts: string[] = []
  #headerLength = 0
  #tail = ''

  constructor(calls: Calls, style: SectionStyle, markers: readonly string[], marker: string) {
    this.#calls = calls
    this.#style = style
    this.#markers = markers
    this.#call = new CallInProgress(calls, '')
    this.marker(marker)
  }

  get markers(): readonly string[] {
    return this.#state === 'json' ? NO_MARKERS : this.#markers
  }

  text(text: string): number {
    const read = this.#read(text)
    if (this.#call.isTooLong) {
      this.isOver = true
      this.#call.fail('too-long')
    }
    return read
  }

  marker(marker: string): boolean {
    const { section, call, separators } = this.#style
    if (this.#state === 'between') {
      if (marker === call.open) {
        this.#call = new CallInProgress(this.#calls, marker)
        this.#state = 'header'
        this.#parts = ['']
        this.#headerLength = 0
        this.#tail = ''
        return true
      }
      if (marker !== section.open && marker !== section.close) return false
      this.#calls.emit({ type: 'framing', text: marker })
      this.isOver = marker === section.close
      return true
    }
    if (!this.#markers.includes(marker)) return false
    if (separators.includes(marker) && this.#state === 'header') {
      this.#call.append(marker)
      this.#parts.push('')
      return true
    }
    if (marker === call.close) {
      this.#call.append(marker)
      if (this.#state === 'header' && this.#parts.length > 1) this.#withoutArguments()
      this.#settle('invalid-json')
      return true
    }
    // Any other marker ends a call that lacks its closing marker.
    this.#settle('invalid-json')
    return this.marker(marker)
  }

  end(rest: string): void {
    this.isOver = true
    if (this.#state !== 'between') {
      this.#call.append(rest)
      this.#settle('incomplete')
    } else if (rest !== '') this.#calls.emit({ type: 'framing', text: rest })
  }

  #read(text: string): number {
    switch (this.#state) {
      case 'between': {
        const spaces = text.length - text.trimStart().length
        if (spaces > 0) this.#calls.emit({ type: 'framing', text: text.slice(0, spaces) })
        this.isOver = spaces < text.length
        return spaces
      }
      case 'header':
        return this.#readHeader(text)
      case 'json': {
        const json = this.#json as JsonArguments
        const read = readUpTo(json, text, this.#style.call.close)
        if (json.status !== 'open') this.#state = json.status === 'done' ? 'tail' : 'broken'
        return read
      }
      case 'tail':
        this.#tail += text
        break
    }
    this.#call.append(text)
    if (this.#tail.length > MAX_HEADER_LENGTH) this.#state = 'broken'
    return text.length
  }

  #readHeader(text: string): number {
    const brace = text.indexOf('{')
    const part = brace < 0 ? text : text.slice(0, brace)
    this.#call.append(part)
    this.#parts[this.#parts.length - 1] += part
    this.#headerLength += part.length
    if (this.#headerLength > MAX_HEADER_LENGTH) this.#state = 'broken'
    else if (brace >= 0) {
      this.#json = this.#newArguments()
      this.#state = 'json'
    }
    return part.length
  }

  #newArguments(): JsonArguments {
    const parts = this.#parts.map((one) => one.replace(/```\w*/, '').trim())
    const { name, id } = this.#style.heading(parts)
    return new JsonArguments(this.#call, name, id)
  }

  /** The closing marker follows the header directly, so there are no arguments. */
  #withoutArguments(): void {
    if (this.#parts[this.#parts.length - 1].trim() !== '') return
    this.#json = this.#newArguments()
    this.#json.fillEmpty()
    this.#state = 'tail'
  }

  #settle(otherwise: MalformedReason): void {
    // Surplus braces are ignored.
    const isWhole = this.#state === 'tail' && /^[\s}]*(```)?\s*$/.test(this.#tail)
    if (isWhole) this.#json?.finish()
    else this.#call.fail(this.#state === 'broken' || this.#state === 'tail' ? 'invalid-json' : otherwise)
    this.#state = 'between'
    this.#call = new CallInProgress(this.#calls, '')
  }
}
