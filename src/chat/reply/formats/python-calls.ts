import { ArgumentWriter } from '../argument-writer.js'
import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonScanner, leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'

/** The markers around the calls. */
export interface PythonCallsStyle {
  readonly open: string
  readonly close: string
}

const NAME = /^[A-Za-z_][\w.-]*$/

type Place =
  | 'head'
  | 'name'
  | 'key-or-end'
  | 'key'
  | 'value'
  | 'next'
  | 'between'
  | 'tail'
  | 'content'
  | 'broken'

/**
 * Calls as Python writes them, in a list or one after another: `[name(key="text", other=[1, True])]`. Arguments have
 * names, and their values are literals. JSON in their place is read, too.
 */
export class PythonCallsReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  readonly #content: ContentHost
  readonly #style: PythonCallsStyle
  readonly #markers: readonly string[]
  #place: Place = 'head'
  #isList = false
  #call: CallInProgress
  #word = ''
  #name = ''
  #isWhole = false
  #arguments: ArgumentWriter | undefined
  #value: JsonScanner | undefined
  #fallback: JsonCallsReader | undefined

  constructor(calls: Calls, content: ContentHost, style: PythonCallsStyle, markers: readonly string[]) {
    this.#calls = calls
    this.#content = content
    this.#style = style
    this.#markers = markers
    this.#call = new CallInProgress(calls, style.open)
  }

  get markers(): readonly string[] {
    if (this.#fallback) return this.#fallback.markers
    return this.#place === 'value' ? NO_MARKERS : this.#markers
  }

  text(text: string): number {
    if (this.#fallback) {
      const read = this.#fallback.text(text)
      this.isOver = this.#fallback.isOver
      return read
    }
    const read = this.#read(text)
    if (this.#place !== 'content' && this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (this.#fallback) {
      const isTaken = this.#fallback.marker(marker)
      this.isOver = this.#fallback.isOver
      return isTaken
    }
    if (marker === this.#style.open) {
      this.end('', 'invalid-json')
      return false
    }
    if (marker !== this.#style.close) return false
    if (this.#place === 'content') {
      this.#content.close()
      this.#frame(marker)
      this.isOver = true
    } else this.end(marker, 'invalid-json')
    return true
  }

  end(rest: string, otherwise: MalformedReason = 'incomplete'): void {
    this.isOver = true
    if (this.#fallback) {
      this.#fallback.end(rest)
      return
    }
    if (this.#place === 'content') {
      if (rest !== '') this.#content.push(rest)
      return
    }
    this.#call.append(rest)
    if (this.#isWhole) this.#finish()
    else if (this.#isList && this.#name === '' && (this.#place === 'between' || this.#place === 'tail')) {
      this.#frame(this.#call.raw)
    } else this.#fail(this.#place === 'broken' ? 'invalid-json' : otherwise)
  }

  #read(text: string): number {
    if (this.#place === 'content') {
      this.#content.push(text)
      return text.length
    }
    if (this.#place === 'broken') {
      this.#call.append(text)
      return text.length
    }
    if (this.#place === 'value') return this.#readValue(text)
    if (this.#place === 'name' || this.#place === 'key') return this.#readWord(text)
    const spaces = leadingSpace(text)
    this.#call.append(text.slice(0, spaces))
    return spaces < text.length ? spaces + this.#readOne(text[spaces]) : spaces
  }

  /** One character between words and values; returns whether it was taken. */
  #readOne(next: string): number {
    const place = this.#place
    if (place === 'head' && next === '{') return this.#readJson()
    if (place === 'head' && next === '[' && !this.#isList) {
      this.#isList = true
      return this.#take(next, 'head')
    }
    if ((place === 'key-or-end' || place === 'next') && next === ')') return this.#endCall()
    if (place === 'next' && next === ',') return this.#take(next, 'key-or-end')
    if (place === 'between' && (next === ',' || next === ';')) {
      this.#finish()
      return this.#take(next, 'between')
    }
    if (next === ']' && this.#isList && (place === 'between' || place === 'head')) {
      return this.#take(next, 'tail')
    }
    if (place === 'key-or-end' || place === 'head' || (place === 'between' && !this.#isOverAfter())) {
      if (/[A-Za-z_]/.test(next)) {
        if (this.#isWhole) this.#finish()
        this.#word = ''
        this.#place = place === 'key-or-end' ? 'key' : 'name'
        return 0
      }
    }
    if (this.#isWhole) {
      this.#finish()
      this.#place = 'content'
    } else this.#place = 'broken'
    return 0
  }

  /** Without a list, a word behind a call is text. */
  #isOverAfter(): boolean {
    return !this.#isList && this.#isWhole && !this.#call.raw.endsWith('\n')
  }

  /** A name or a key, up to what ends it. */
  #readWord(text: string): number {
    const isName = this.#place === 'name'
    const end = text.indexOf(isName ? '(' : '=')
    const part = end < 0 ? text : text.slice(0, end + 1)
    this.#word += end < 0 ? part : part.slice(0, -1)
    this.#call.append(part)
    if (this.#word.length > MAX_HEADER_LENGTH) this.#place = 'broken'
    else if (end >= 0) this.#endWord(this.#word.trim(), isName)
    return part.length
  }

  #endWord(word: string, isName: boolean): void {
    if (!NAME.test(word)) {
      this.#place = 'broken'
      return
    }
    if (isName) {
      this.#name = word
      this.#place = 'key-or-end'
      this.#call.begin(word)
      return
    }
    this.#arguments ??= new ArgumentWriter(this.#call, undefined)
    this.#arguments.openJson(word)
    this.#value = new JsonScanner({ anyValue: true })
    this.#place = 'value'
  }

  #readValue(text: string): number {
    const value = this.#value as JsonScanner
    let i = 0
    while (i < text.length) {
      const end = value.readPlain(text, i)
      if (end === i && !value.step(text.charCodeAt(i))) break
      i = Math.max(end, i + 1)
    }
    this.#call.append(text.slice(0, i))
    this.#arguments?.json(value.take())
    if (value.status !== 'open') this.#place = value.status === 'done' ? 'next' : 'broken'
    return i
  }

  #readJson(): number {
    this.#fallback = new JsonCallsReader(this.#calls, this.#content, this.#style, this.#markers)
    const head = this.#call.raw.slice(this.#style.open.length)
    for (let at = 0; at < head.length; ) at += this.#fallback.text(head.slice(at))
    return 0
  }

  #endCall(): number {
    this.#isWhole = true
    return this.#take(')', 'between')
  }

  #take(text: string, place: Place): number {
    this.#call.append(text)
    this.#place = place
    return 1
  }

  #finish(): void {
    if (!this.#isWhole) return
    this.#call.finish(this.#name, this.#arguments ? this.#arguments.finish() : {})
    this.#isWhole = false
    this.#name = ''
    this.#arguments = undefined
    this.#call = new CallInProgress(this.#calls, '')
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.#call.fail(reason)
  }

  #frame(text: string): void {
    if (text !== '') this.#calls.emit({ type: 'framing', text })
  }
}
