import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonCall } from '../json-call.js'
import { isJsonSpace } from '../json-scanner.js'
import { type CallReader, NO_MARKERS } from '../machine.js'

const OPEN = '<tool_call>'
const CLOSE = '</tool_call>'
const MARKERS = [OPEN, CLOSE]

export const HERMES_OPENS: readonly string[] = [OPEN]

/**
 * Hermes' tool calls, which Qwen took over: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. Within the JSON no
 * marker counts, for it may be part of a text; in what is no JSON each one does. The closing marker may be missing where
 * the reply or the next call follows.
 */
export class HermesReader implements CallReader {
  isOver = false
  readonly #call: CallInProgress
  readonly #json: JsonCall
  #place: 'head' | 'json' | 'tail' | 'broken' = 'head'

  constructor(calls: Calls) {
    this.#call = new CallInProgress(calls, OPEN)
    this.#json = new JsonCall(this.#call)
  }

  get markers(): readonly string[] {
    return this.#place === 'json' ? NO_MARKERS : MARKERS
  }

  text(text: string): number {
    const read = this.#read(text)
    if (this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  #read(text: string): number {
    if (this.#place === 'broken') {
      this.#call.append(text)
      return text.length
    }
    let i = 0
    if (this.#place !== 'json') {
      while (i < text.length && isJsonSpace(text.charCodeAt(i))) i++
      this.#call.append(text.slice(0, i))
      if (i < text.length) this.#place = this.#place === 'head' && text[i] === '{' ? 'json' : 'broken'
      return i
    }
    i = this.#json.read(text, 0)
    if (this.#json.status !== 'open') this.#place = this.#json.status === 'done' ? 'tail' : 'broken'
    return i
  }

  marker(marker: string): boolean {
    if (marker === OPEN) {
      this.end('', 'invalid-json')
      return false
    }
    if (marker !== CLOSE) return false
    this.#call.append(marker)
    if (this.#place === 'tail') this.#finish()
    else this.#fail('invalid-json')
    return true
  }

  end(rest: string, otherwise: MalformedReason = 'incomplete'): void {
    this.#call.append(rest)
    if (this.#place === 'tail') this.#finish()
    else this.#fail(this.#place === 'broken' ? 'invalid-json' : otherwise)
  }

  #finish(): void {
    this.isOver = true
    this.#json.finish()
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.#call.fail(reason)
  }
}
