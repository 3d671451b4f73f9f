import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments } from '../json-call.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, NO_MARKERS } from '../machine.js'

const CALLS_BEGIN = '<｜tool▁calls▁begin｜>'
const CALLS_END = '<｜tool▁calls▁end｜>'
const CALL_BEGIN = '<｜tool▁call▁begin｜>'
const CALL_END = '<｜tool▁call▁end｜>'
const SEPARATOR = '<｜tool▁sep｜>'
const MARKERS = [CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR]

export const DEEPSEEK_OPENS: readonly string[] = [CALLS_BEGIN, CALL_BEGIN]

/**
 * DeepSeek's tool calls: `<｜tool▁calls▁begin｜>`, then for each `<｜tool▁call▁begin｜>function<｜tool▁sep｜>name`, a
 * fenced block of JSON (V3.1: `name<｜tool▁sep｜>{…}`) and `<｜tool▁call▁end｜>`, then `<｜tool▁calls▁end｜>`.
 */
export class DeepSeekReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  #call: CallInProgress
  #json: JsonArguments | undefined
  #place: 'between' | 'type' | 'name' | 'json' | 'tail' | 'broken' = 'between'
  #type = ''
  #name = ''
  #tail = ''

  constructor(calls: Calls, marker: string) {
    this.#calls = calls
    this.#call = new CallInProgress(calls, '')
    this.marker(marker)
  }

  get markers(): readonly string[] {
    return this.#place === 'json' ? NO_MARKERS : MARKERS
  }

  text(text: string): number {
    const read = this.#read(text)
    if (this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (this.#place === 'between') {
      if (marker === CALL_BEGIN) {
        this.#call = new CallInProgress(this.#calls, marker)
        this.#place = 'type'
        this.#type = this.#name = this.#tail = ''
        return true
      }
      if (marker !== CALLS_BEGIN && marker !== CALLS_END) return false
      this.#calls.emit({ type: 'framing', text: marker })
      this.isOver = marker === CALLS_END
      return true
    }
    if (!MARKERS.includes(marker)) return false
    if (marker === SEPARATOR && this.#place === 'type') {
      this.#call.append(marker)
      this.#place = 'name'
      return true
    }
    if (marker === CALL_END) {
      this.#call.append(marker)
      this.#settle('invalid-json')
      return true
    }
    // Another marker ends a call that has not been ended.
    this.#settle('invalid-json')
    return this.marker(marker)
  }

  end(rest: string): void {
    this.isOver = true
    if (this.#place !== 'between') {
      this.#call.append(rest)
      this.#settle('incomplete')
    } else if (rest !== '') this.#calls.emit({ type: 'framing', text: rest })
  }

  #read(text: string): number {
    switch (this.#place) {
      case 'between': {
        const spaces = text.length - text.trimStart().length
        if (spaces > 0) this.#calls.emit({ type: 'framing', text: text.slice(0, spaces) })
        this.isOver = spaces < text.length
        return spaces
      }
      case 'type':
        this.#type += text
        break
      case 'name':
        return this.#readName(text)
      case 'json': {
        const json = this.#json as JsonArguments
        const read = json.read(text, 0)
        if (json.status !== 'open') this.#place = json.status === 'done' ? 'tail' : 'broken'
        return read
      }
      case 'tail':
        this.#tail += text
        break
    }
    this.#call.append(text)
    if (this.#type.length + this.#tail.length > MAX_HEADER_LENGTH) this.#place = 'broken'
    return text.length
  }

  #readName(text: string): number {
    const brace = text.indexOf('{')
    const part = brace < 0 ? text : text.slice(0, brace)
    this.#call.append(part)
    this.#name += part
    if (this.#name.length > MAX_HEADER_LENGTH) this.#place = 'broken'
    else if (brace >= 0) {
      const name = this.#name.replace('```json', '').trim() || this.#type.trim()
      this.#json = new JsonArguments(this.#call, name)
      this.#place = 'json'
    }
    return part.length
  }

  #settle(otherwise: MalformedReason): void {
    const isWhole = this.#place === 'tail' && /^\s*(```)?\s*$/.test(this.#tail)
    if (isWhole) this.#json?.finish()
    else this.#call.fail(this.#place === 'broken' || this.#place === 'tail' ? 'invalid-json' : otherwise)
    this.#place = 'between'
    this.#call = new CallInProgress(this.#calls, '')
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.#call.fail(reason)
  }
}
