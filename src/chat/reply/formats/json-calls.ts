import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonCall } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { type CallReader, type ContentHost, NO_MARKERS } from '../machine.js'

export interface JsonCallsStyle {
  /** The marker that has opened the calls; '' where they are part of something that has been opened. */
  readonly open: string
  /** The marker that closes them. Without one they end with their JSON, or with what is not JSON. */
  readonly close?: string
  /** The opening marker ends with the bracket of a list. Default false. */
  readonly opensList?: boolean
}

/**
 * Calls as JSON behind a marker: one object, several one after another, or a list of them, perhaps in a Markdown fence.
 * Within the JSON no marker counts, since it may be part of a text; in what is not JSON each one does. A brace too many
 * and a missing closing marker do no harm, and text behind a whole call is content.
 */
export class JsonCallsReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  readonly #content: ContentHost
  readonly #style: JsonCallsStyle
  readonly #markers: readonly string[]
  #place: 'head' | 'fence' | 'json' | 'between' | 'content' | 'broken' = 'head'
  #isList = false
  #call: CallInProgress
  #json: JsonCall | undefined

  constructor(calls: Calls, content: ContentHost, style: JsonCallsStyle, markers: readonly string[]) {
    this.#calls = calls
    this.#content = content
    this.#style = style
    this.#markers = markers
    this.#call = new CallInProgress(calls, style.open)
    if (style.opensList) {
      this.#isList = true
      this.#place = 'between'
    }
  }

  get markers(): readonly string[] {
    return this.#place === 'json' ? NO_MARKERS : this.#markers
  }

  text(text: string): number {
    const read = this.#read(text)
    if (this.#place !== 'content' && this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (marker === this.#style.open) {
      this.end('', 'invalid-json')
      return false
    }
    if (marker !== this.#style.close) return false
    if (this.#place === 'content') {
      this.#content.close()
      this.#frame(marker)
      this.isOver = true
      return true
    }
    // Where the JSON ended too soon for want of brackets, the marker shows that no more would have come.
    if (this.#place === 'json' && this.#json?.close()) this.#place = 'between'
    this.end(marker, 'invalid-json')
    return true
  }

  end(rest: string, otherwise: MalformedReason = 'incomplete'): void {
    this.isOver = true
    if (this.#place === 'content') {
      if (rest !== '') this.#content.push(rest)
      return
    }
    this.#call.append(rest)
    if (this.#json && (this.#place === 'between' || this.#place === 'fence')) this.#json.finish()
    // A list may be empty, or end with a comma.
    else if (this.#isList && this.#place === 'between') this.#frame(this.#call.raw)
    else this.#fail(this.#place === 'broken' ? 'invalid-json' : otherwise)
  }

  #read(text: string): number {
    switch (this.#place) {
      case 'json':
        return this.#readJson(text)
      case 'content':
        this.#content.push(text)
        return text.length
      case 'broken':
        this.#call.append(text)
        return text.length
      case 'fence':
        return this.#readFence(text)
      default:
        return this.#readBetween(text)
    }
  }

  /** White space and one character outside of the objects. */
  #readBetween(text: string): number {
    const spaces = leadingSpace(text)
    this.#call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    const next = text[spaces]
    if (next === '{') {
      if (this.#json) this.#next()
      this.#json = new JsonCall(this.#call)
      this.#place = 'json'
      return spaces
    }
    const isHead = this.#place === 'head'
    if (next === '`') this.#place = 'fence'
    else if (next === '[' && !this.#isList && isHead) {
      this.#isList = true
      this.#place = 'between'
    } else if (isHead) {
      this.#place = 'broken'
      return spaces
    } else if ((next === ',' || next === ';') && this.#json) this.#next()
    else if (next === ']' && this.#isList) return this.#endList(spaces)
    else if (next !== '}' || !this.#json) return this.#leave(spaces)
    this.#call.append(next)
    return spaces + 1
  }

  #endList(spaces: number): number {
    this.#call.append(']')
    this.#isList = false
    if (!this.#json) {
      this.#frame(this.#call.raw)
      this.#call = new CallInProgress(this.#calls, '')
      this.#place = 'content'
    }
    if (this.#style.close === undefined) {
      this.#json?.finish()
      this.isOver = true
    }
    return spaces + 1
  }

  /** Something else follows: it is content, or, where nothing has been a call, makes all of it malformed. */
  #leave(spaces: number): number {
    if (!this.#json && this.#call.raw.trim() !== '') {
      this.#place = 'broken'
      return spaces
    }
    this.#json?.finish()
    this.#json = undefined
    if (this.#style.close === undefined) this.isOver = true
    else this.#place = 'content'
    return spaces
  }

  /** Letters and backquotes of a Markdown fence. */
  #readFence(text: string): number {
    let i = 0
    while (i < text.length && /[`a-z]/.test(text[i])) i++
    this.#call.append(text.slice(0, i))
    if (i < text.length) this.#place = this.#json || this.#isList ? 'between' : 'head'
    return i
  }

  #readJson(text: string): number {
    const json = this.#json as JsonCall
    const read = json.read(text, 0)
    if (json.status === 'done') this.#place = 'between'
    else if (json.status === 'broken') {
      // What breaks it may be the closing marker, and then brackets may be all that is missing.
      const close = this.#style.close ?? ''
      const isClosing = close !== '' && text[read] === close[0]
      this.#place = isClosing && json.close() ? 'between' : 'broken'
    }
    return read
  }

  /** The call is whole and another one may begin. */
  #next(): void {
    this.#json?.finish()
    this.#json = undefined
    this.#call = new CallInProgress(this.#calls, '')
    this.#place = 'between'
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.#call.fail(reason)
  }

  #frame(text: string): void {
    if (text !== '') this.#calls.emit({ type: 'framing', text })
  }
}
