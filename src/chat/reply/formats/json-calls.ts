import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import { JsonCall, readUpTo } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { type CallMarkers, MarkedCallsReader } from './marked-calls.js'

export interface JsonCallsStyle extends CallMarkers {
  /** The opening marker ends with the bracket of a list. Default false. */
  readonly opensList?: boolean
}

/** The dialect of a style, known by its opening marker. */
export function jsonCalls<Name extends string>(name: Name, style: JsonCallsStyle): ToolDialect<Name> {
  const { open, close } = style
  const markers = close === undefined ? [open] : [open, close]
  return {
    name,
    opens: [open],
    detect: (template) => template.includes(open),
    reader: (calls, _, content) => new JsonCallsReader(calls, content, style, markers),
  }
}

/**
 * Calls as JSON behind a marker: one object, several one after another, or a list of them, perhaps in a Markdown fence.
 * Within the JSON no marker counts, since it may be part of a text; in what is not JSON each one does. A brace too many
 * and a missing closing marker do no harm, and text behind a whole call is content.
 */
export class JsonCallsReader extends MarkedCallsReader<'fence' | 'json' | 'between'> {
  readonly #markers: readonly string[]
  #isList = false
  #json: JsonCall | undefined

  constructor(calls: Calls, content: ContentHost, style: JsonCallsStyle, markers: readonly string[]) {
    super(calls, content, style)
    this.#markers = markers
    if (style.opensList) {
      this.#isList = true
      this.place = 'between'
    }
  }

  protected get ownMarkers(): readonly string[] {
    return this.place === 'json' ? NO_MARKERS : this.#markers
  }

  protected override takeMarker(marker: string): boolean {
    // Where the JSON ended too soon for want of brackets, the closing marker shows that no more would have come.
    if (marker === this.style.close && this.place === 'json' && this.#json?.close()) this.place = 'between'
    return super.takeMarker(marker)
  }

  protected reportWhole(): boolean {
    if (this.#json && (this.place === 'between' || this.place === 'fence')) this.#json.finish()
    // A list may be empty, or end with a comma.
    else if (this.#isList && this.place === 'between') this.frame(this.call.raw)
    else return false
    return true
  }

  protected read(text: string): number {
    if (this.place === 'json') return this.#readJson(text)
    return this.place === 'fence' ? this.#readFence(text) : this.#readBetween(text)
  }

  /** White space and one character outside of the objects. */
  #readBetween(text: string): number {
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    const next = text[spaces]
    if (next === '{') {
      if (this.#json) this.#next()
      this.#json = new JsonCall(this.call)
      this.place = 'json'
      return spaces
    }
    const isHead = this.place === 'head'
    if (next === '`') this.place = 'fence'
    else if (next === '[' && !this.#isList && isHead) {
      this.#isList = true
      this.place = 'between'
    } else if (isHead) {
      this.place = 'broken'
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
      this.place = 'content'
    }
    if (this.style.close === undefined) {
      this.#json?.finish()
      this.isOver = true
    }
    return spaces + 1
  }

  /** Something else follows: it is content, or, where nothing has been a call, makes all of it malformed. */
  #leave(spaces: number): number {
    if (!this.#json && this.call.raw.trim() !== '') {
      this.place = 'broken'
      return spaces
    }
    this.#json?.finish()
    this.#json = undefined
    if (this.style.close === undefined) this.isOver = true
    else this.place = 'content'
    return spaces
  }

  /** Letters and backquotes of a Markdown fence. */
  #readFence(text: string): number {
    let i = 0
    while (i < text.length && /[`a-z]/.test(text[i])) i++
    this.call.append(text.slice(0, i))
    if (i < text.length) this.place = this.#json || this.#isList ? 'between' : 'head'
    return i
  }

  #readJson(text: string): number {
    const json = this.#json as JsonCall
    const read = readUpTo(json, text, this.style.close)
    if (json.status !== 'open') this.place = json.status === 'done' ? 'between' : 'broken'
    return read
  }

  /** The call is whole and another one may begin. */
  #next(): void {
    this.#json?.finish()
    this.#json = undefined
    this.nextCall()
    this.place = 'between'
  }
}
