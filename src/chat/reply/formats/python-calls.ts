import { ArgumentWriter } from '../argument-writer.js'
import type { Calls } from '../call.js'
import { JsonScanner, leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'
import { type CallMarkers, MarkedCallsReader } from './marked-calls.js'

const NAME = /^[A-Za-z_][\w.-]*$/

type State = 'head' | 'name' | 'key-or-end' | 'key' | 'value' | 'next' | 'between' | 'tail'

/**
 * Reads calls in Python syntax, in a list or in a row: `[name(key="text", other=[1, True])]`. Arguments are named, and their
 * values are literals. Also reads calls in JSON instead.
 */
export class PythonCallsReader extends MarkedCallsReader<State> {
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
    return this.state === 'value' ? NO_MARKERS : this.#markers
  }

  protected reportWhole(): boolean {
    if (this.#isWhole) this.#finish()
    else if (this.#isList && this.#name === '' && (this.state === 'between' || this.state === 'tail')) {
      this.frame(this.call.raw)
    } else return false
    return true
  }

  protected read(text: string): number {
    if (this.state === 'value') return this.#readValue(text)
    if (this.state === 'name' || this.state === 'key') return this.#readWord(text)
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    return spaces < text.length ? spaces + this.#readOne(text[spaces]) : spaces
  }

  /** Reads one character between names and values; returns 1 if it was read, otherwise 0. */
  #readOne(next: string): number {
    const { state } = this
    if (state === 'head' && next === '{') return this.#readJson()
    if (state === 'head' && next === '[' && !this.#isList) {
      this.#isList = true
      return this.#take(next, 'head')
    }
    if ((state === 'key-or-end' || state === 'next') && next === ')') return this.#endCall()
    if (state === 'next' && next === ',') return this.#take(next, 'key-or-end')
    if (state === 'between' && (next === ',' || next === ';')) {
      this.#finish()
      return this.#take(next, 'between')
    }
    if (next === ']' && this.#isList && (state === 'between' || state === 'head')) {
      return this.#take(next, 'tail')
    }
    if (state === 'key-or-end' || state === 'head' || (state === 'between' && !this.#isOverAfter())) {
      if (/[A-Za-z_]/.test(next)) {
        if (this.#isWhole) this.#finish()
        this.#word = ''
        this.state = state === 'key-or-end' ? 'key' : 'name'
        return 0
      }
    }
    if (this.#isWhole) {
      this.#finish()
      this.state = 'content'
    } else this.state = 'broken'
    return 0
  }

  /** Whether the calls have ended: without a list, a word after a call is content. */
  #isOverAfter(): boolean {
    return !this.#isList && this.#isWhole && !this.call.raw.endsWith('\n')
  }

  /** Reads a name or a key, including the character that ends it. */
  #readWord(text: string): number {
    const isName = this.state === 'name'
    const end = text.indexOf(isName ? '(' : '=')
    const part = end < 0 ? text : text.slice(0, end + 1)
    this.#word += end < 0 ? part : part.slice(0, -1)
    this.call.append(part)
    if (this.#word.length > MAX_HEADER_LENGTH) this.state = 'broken'
    else if (end >= 0) this.#endWord(this.#word.trim())
    return part.length
  }

  #endWord(word: string): void {
    if (!NAME.test(word)) {
      this.state = 'broken'
      return
    }
    if (this.state === 'name') {
      this.#name = word
      this.state = 'key-or-end'
      this.call.begin(word)
      return
    }
    this.#arguments ??= new ArgumentWriter(this.call, undefined)
    this.#arguments.openJson(word)
    this.#value = new JsonScanner({ anyValue: true, isPython: true })
    this.state = 'value'
  }

  #readValue(text: string): number {
    const value = this.#value as JsonScanner
    const read = value.read(text, 0)
    this.call.append(text.slice(0, read))
    this.#arguments?.json(value.take())
    if (value.status !== 'open') this.state = value.status === 'done' ? 'next' : 'broken'
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

  #take(text: string, state: State): number {
    this.call.append(text)
    this.state = state
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
