import type { Calls } from '../call.js'
import type { JsonSyntax } from '../call-syntax.js'
import type { ToolDialect } from '../dialect.js'
import { JsonCall, readUpTo } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { type CallMarkers, MarkedCallsReader } from './marked-calls.js'

export interface JsonCallsStyle extends CallMarkers {
  /** Whether the opening marker ends with the bracket of a list. Default: false. */
  readonly opensList?: boolean
  /** Whether the only key of a call may be its name. Default: false. */
  readonly namesAreKeys?: boolean
}

/** Creates the dialect of a style, detected by its opening marker. `written`: where its syntax is not the usual one. */
export function jsonCalls<Name extends string>(
  name: Name,
  style: JsonCallsStyle,
  written: Omit<JsonSyntax, 'kind' | 'open' | 'close'> = {},
): ToolDialect<Name> {
  const { open, close } = style
  const markers = close === undefined ? [open] : [open, close]
  return {
    name,
    opens: [open],
    syntax: { kind: 'json', open, ...(close !== undefined && { close }), ...written },
    detect: (template) => template.includes(open),
    reader: (calls, _, content) => new JsonCallsReader(calls, content, style, markers),
  }
}

/**
 * Reads calls in JSON after a marker: one object, several in a row, or a list of them, possibly in a Markdown fence. Within the
 * JSON no marker counts, because it may be part of a string; outside of it all do. Surplus braces and a missing closing marker
 * are tolerated, and text after a complete call is content.
 */
export class JsonCallsReader extends MarkedCallsReader<'fence' | 'json' | 'between'> {
  readonly #markers: readonly string[]
  readonly #namesAreKeys: boolean
  #isList = false
  #json: JsonCall | undefined

  /** `markers`: those that count outside of the JSON. `opening`: see `MarkedCallsReader`. */
  constructor(
    calls: Calls,
    content: ContentHost,
    style: JsonCallsStyle,
    markers: readonly string[],
    opening = style.open,
  ) {
    super(calls, content, style, opening)
    this.#markers = markers
    this.#namesAreKeys = style.namesAreKeys === true
    if (style.opensList) {
      this.#isList = true
      this.state = 'between'
    }
  }

  protected get ownMarkers(): readonly string[] {
    return this.state === 'json' ? NO_MARKERS : this.#markers
  }

  protected override takeMarker(marker: string): boolean {
    // If the JSON lacks only closing brackets, the closing marker shows that it is complete.
    if (marker === this.style.close && this.state === 'json' && this.#json?.close()) this.state = 'between'
    return super.takeMarker(marker)
  }

  protected reportWhole(): boolean {
    if (this.#json && (this.state === 'between' || this.state === 'fence')) this.#json.finish()
    // A list may be empty, or end with a comma.
    else if (this.#isList && this.state === 'between') this.frame(this.call.raw)
    else return false
    return true
  }

  protected read(text: string): number {
    if (this.state === 'json') return this.#readJson(text)
    return this.state === 'fence' ? this.#readFence(text) : this.#readBetween(text)
  }

  /** Reads white space and one character outside of the objects. */
  #readBetween(text: string): number {
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    const next = text[spaces]
    if (next === '{') {
      if (this.#json) this.#next()
      this.#json = new JsonCall(this.call, { namesAreKeys: this.#namesAreKeys })
      this.state = 'json'
      return spaces
    }
    const isHead = this.state === 'head'
    if (next === '`') this.state = 'fence'
    else if (next === '[' && !this.#isList && isHead) {
      this.#isList = true
      this.state = 'between'
    } else if (isHead) {
      this.state = 'broken'
      return spaces
    } else if ((next === ',' || next === ';') && this.#json) this.#next()
    else if (next === ']' && this.#isList) return this.#endList(spaces)
    else if (next !== '}' || !this.#json) return this.#leave(spaces)
    this.call.append(next)
    return spaces + 1
  }

  #endList(spaces: number): number {
    this.call.append(']')
    this.#isList = false
    if (!this.#json) {
      this.frame(this.call.raw)
      this.nextCall()
      this.state = 'content'
    }
    if (this.style.close === undefined) {
      this.#json?.finish()
      this.isOver = true
    }
    return spaces + 1
  }

  /** Something else follows: content, or, if there was no call, it makes all of it malformed. */
  #leave(spaces: number): number {
    if (!this.#json && this.call.raw.trim() !== '') {
      this.state = 'broken'
      return spaces
    }
    this.#json?.finish()
    this.#json = undefined
    if (this.style.close === undefined) this.isOver = true
    else this.state = 'content'
    return spaces
  }

  /** Reads letters and backquotes of a Markdown fence. */
  #readFence(text: string): number {
    let i = 0
    while (i < text.length && /[`a-z]/.test(text[i])) i++
    this.call.append(text.slice(0, i))
    if (i < text.length) this.state = this.#json || this.#isList ? 'between' : 'head'
    return i
  }

  #readJson(text: string): number {
    const json = this.#json as JsonCall
    const read = readUpTo(json, text, this.style.close)
    if (json.status !== 'open') this.state = json.status === 'done' ? 'between' : 'broken'
    return read
  }

  /** The call is complete and the next one may begin. */
  #next(): void {
    this.#json?.finish()
    this.#json = undefined
    this.nextCall()
    this.state = 'between'
  }
}
