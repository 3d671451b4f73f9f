import { ArgumentWriter } from '../argument-writer.js'
import type { Calls } from '../call.js'
import { JsonScanner, leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'
import { type CallMarkers, MarkedCallsReader } from './marked-calls.js'

const NAME = /^[A-Za-z_][\w.-]*$/

type Place = 'head' | 'name' | 'key-or-end' | 'key' | 'value' | 'next' | 'between' | 'tail'

/**
 * Calls as Python writes them, in a list or one after another: `[name(key="text", other=[1, True])]`. Arguments have
 * names, and their values are literals. JSON in their place is read, too.
 */
export class PythonCallsReader extends MarkedCallsReader<Place> {
  readonly #markers: readonly string[]
  #isList = false
  #word = ''
  #name = ''
  #isWhole = false
  #arguments: ArgumentWriter | undefined
  #value: JsonScanner | undefined

  constructor(calls: Calls, content: ContentHost, style: CallMarkers, markers: readonly string[]) {
    super(calls, content, style)
    this.#markers = markers
  }

  protected get ownMarkers(): readonly string[] {
    return this.place === 'value' ? NO_MARKERS : this.#markers
  }

  protected reportWhole(): boolean {
    if (this.#isWhole) this.#finish()
    else if (this.#isList && this.#name === '' && (this.place === 'between' || this.place === 'tail')) {
      this.frame(this.call.raw)
    } else return false
    return true
  }

  protected read(text: string): number {
    if (this.place === 'value') return this.#readValue(text)
    if (this.place === 'name' || this.place === 'key') return this.#readWord(text)
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    return spaces < text.length ? spaces + this.#readOne(text[spaces]) : spaces
  }

  /** One character between words and values; returns whether it was taken. */
  #readOne(next: string): number {
    const place = this.place
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
        this.place = place === 'key-or-end' ? 'key' : 'name'
        return 0
      }
    }
    if (this.#isWhole) {
      this.#finish()
      this.place = 'content'
    } else this.place = 'broken'
    return 0
  }

  /** Without a list, a word behind a call is text. */
  #isOverAfter(): boolean {
    return !this.#isList && this.#isWhole && !this.call.raw.endsWith('\n')
  }

  /** A name or a key, up to what ends it. */
  #readWord(text: string): number {
    const isName = this.place === 'name'
    const end = text.indexOf(isName ? '(' : '=')
    const part = end < 0 ? text : text.slice(0, end + 1)
    this.#word += end < 0 ? part : part.slice(0, -1)
    this.call.append(part)
    if (this.#word.length > MAX_HEADER_LENGTH) this.place = 'broken'
    else if (end >= 0) this.#endWord(this.#word.trim())
    return part.length
  }

  #endWord(word: string): void {
    if (!NAME.test(word)) {
      this.place = 'broken'
      return
    }
    if (this.place === 'name') {
      this.#name = word
      this.place = 'key-or-end'
      this.call.begin(word)
      return
    }
    this.#arguments ??= new ArgumentWriter(this.call, undefined)
    this.#arguments.openJson(word)
    this.#value = new JsonScanner({ anyValue: true, isPython: true })
    this.place = 'value'
  }

  #readValue(text: string): number {
    const value = this.#value as JsonScanner
    const read = value.read(text, 0)
    this.call.append(text.slice(0, read))
    this.#arguments?.json(value.take())
    if (value.status !== 'open') this.place = value.status === 'done' ? 'next' : 'broken'
    return read
  }

  #readJson(): number {
    const { calls, content, style } = this
    this.handOver(new JsonCallsReader(calls, content, style, this.#markers), style.open)
    return 0
  }

  #endCall(): number {
    this.#isWhole = true
    return this.#take(')', 'between')
  }

  #take(text: string, place: Place): number {
    this.call.append(text)
    this.place = place
    return 1
  }

  #finish(): void {
    if (!this.#isWhole) return
    this.call.finish(this.#name, this.#arguments ? this.#arguments.finish() : {})
    this.#isWhole = false
    this.#name = ''
    this.#arguments = undefined
    this.nextCall()
  }
}
