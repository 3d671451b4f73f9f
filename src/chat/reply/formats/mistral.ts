import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments, JsonCall, type JsonPart } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, NO_MARKERS } from '../machine.js'

const TOOL_CALLS = '[TOOL_CALLS]'
const CALL_ID = '[CALL_ID]'
const ARGS = '[ARGS]'
const IN_HEADER = [TOOL_CALLS, CALL_ID, ARGS]
const OUTSIDE = [TOOL_CALLS]

export const MISTRAL_OPENS: readonly string[] = OUTSIDE

/**
 * Mistral's tool calls: `[TOOL_CALLS][{"name": …, "arguments": {…}, "id": …}, …]`, and since the eleventh version of
 * its tokenizer `[TOOL_CALLS]name[CALL_ID]id[ARGS]{…}`, the id not always.
 */
export class MistralReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  #call: CallInProgress
  #json: JsonPart | undefined
  #place: 'head' | 'array' | 'name' | 'id' | 'json' | 'broken' = 'head'
  #isArray = false
  /** Something of a call has come: in an array, its brace. */
  #isWithin = true
  /** A call of the array has ended and no comma has come. */
  #needsComma = false
  #name = ''
  #id: string | undefined

  constructor(calls: Calls) {
    this.#calls = calls
    this.#call = new CallInProgress(calls, TOOL_CALLS)
  }

  get markers(): readonly string[] {
    if (this.#place === 'json') return NO_MARKERS
    return this.#place === 'broken' ? OUTSIDE : IN_HEADER
  }

  text(text: string): number {
    const read = this.#read(text)
    if (this.#isWithin && this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (marker === TOOL_CALLS) {
      this.end('', 'invalid-json')
      return false
    }
    if (marker === CALL_ID && this.#place === 'name') this.#place = 'id'
    else if (marker === ARGS && (this.#place === 'name' || this.#place === 'id')) {
      this.#call.append(marker)
      this.#json = new JsonArguments(this.#call, this.#name.trim(), this.#id?.trim())
      this.#place = 'json'
      return true
    } else return false
    this.#id = ''
    this.#call.append(marker)
    return true
  }

  end(rest: string, otherwise: MalformedReason = 'incomplete'): void {
    this.#call.append(rest)
    if (this.#place === 'array' && !this.#isWithin) {
      this.isOver = true
      this.#frame(this.#call.raw)
    } else this.#fail(this.#place === 'broken' ? 'invalid-json' : otherwise)
  }

  #read(text: string): number {
    switch (this.#place) {
      case 'head':
      case 'array':
        return this.#readHead(text)
      case 'name':
      case 'id':
        return this.#readHeader(text)
      case 'json':
        return this.#readJson(text)
      default:
        this.#call.append(text)
        return text.length
    }
  }

  #readHead(text: string): number {
    const i = leadingSpace(text)
    if (i === text.length) {
      this.#call.append(text)
      return i
    }
    const next = text[i]
    if (this.#place === 'head' && next !== '[' && next !== '{') {
      this.#call.append(text.slice(0, i))
      this.#place = 'name'
      return i
    }
    if (next === '{' && (this.#place === 'head' || !this.#needsComma)) {
      this.#call.append(text.slice(0, i))
      this.#isWithin = true
      this.#json = new JsonCall(this.#call)
      this.#place = 'json'
      return i
    }
    this.#call.append(text.slice(0, i + 1))
    if (next === '[' && this.#place === 'head') {
      this.#place = 'array'
      this.#isArray = true
      this.#isWithin = false
    } else if (next === ',' && this.#needsComma) this.#needsComma = false
    else if (next === ']') {
      this.isOver = true
      this.#frame(this.#call.raw)
    } else {
      this.#isWithin = true
      this.#place = 'broken'
    }
    return i + 1
  }

  /** A name or an id. A brace ends it too, for some models leave the marker out. */
  #readHeader(text: string): number {
    const brace = text.indexOf('{')
    const part = brace < 0 ? text : text.slice(0, brace)
    this.#call.append(part)
    if (this.#place === 'name') this.#name += part
    else this.#id += part
    if (this.#name.length + (this.#id?.length ?? 0) > MAX_HEADER_LENGTH) this.#place = 'broken'
    else if (brace >= 0) {
      this.#json = new JsonArguments(this.#call, this.#name.trim(), this.#id?.trim())
      this.#place = 'json'
    }
    return part.length
  }

  #readJson(text: string): number {
    const json = this.#json as JsonPart
    const read = json.read(text, 0)
    if (json.status === 'broken') this.#place = 'broken'
    else if (json.status === 'done') this.#close(json)
    return read
  }

  #close(json: JsonPart): void {
    json.finish()
    if (!this.#isArray) {
      this.isOver = true
      this.#isWithin = false
      return
    }
    this.#place = 'array'
    this.#isWithin = false
    this.#needsComma = true
    this.#call = new CallInProgress(this.#calls, '')
  }

  #frame(text: string): void {
    if (text !== '') this.#calls.emit({ type: 'framing', text })
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.#call.fail(reason)
  }
}
