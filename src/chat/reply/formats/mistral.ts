import { CallInProgress, type Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'

const TOOL_CALLS = '[TOOL_CALLS]'
const CALL_ID = '[CALL_ID]'
const ARGS = '[ARGS]'
const IN_HEADER = [TOOL_CALLS, CALL_ID, ARGS]
const OUTSIDE = [TOOL_CALLS]

/** Mistral's. */
export const MISTRAL: ToolDialect<'mistral'> = {
  name: 'mistral',
  opens: OUTSIDE,
  detect: (template) => template.includes(TOOL_CALLS),
  reader: (calls, _, content) => new MistralReader(calls, content),
}

/**
 * Mistral's tool calls: `[TOOL_CALLS][{"name": …, "arguments": {…}, "id": …}, …]`, and since the eleventh version of
 * its tokenizer `[TOOL_CALLS]name[CALL_ID]id[ARGS]{…}`, the id not always.
 */
class MistralReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  readonly #content: ContentHost
  readonly #call: CallInProgress
  #place: 'head' | 'name' | 'id' | 'json' | 'broken' = 'head'
  #name = ''
  #id: string | undefined
  #json: JsonArguments | undefined
  /** The calls as JSON, as the older versions have them. */
  #list: JsonCallsReader | undefined

  constructor(calls: Calls, content: ContentHost) {
    this.#calls = calls
    this.#content = content
    this.#call = new CallInProgress(calls, TOOL_CALLS)
  }

  get markers(): readonly string[] {
    if (this.#list) return this.#list.markers
    if (this.#place === 'json') return NO_MARKERS
    return this.#place === 'broken' ? OUTSIDE : IN_HEADER
  }

  text(text: string): number {
    if (this.#list) {
      const read = this.#list.text(text)
      this.isOver = this.#list.isOver
      return read
    }
    const read = this.#read(text)
    if (!this.isOver && this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (this.#list) {
      const isTaken = this.#list.marker(marker)
      this.isOver = this.#list.isOver
      return isTaken
    }
    if (marker === TOOL_CALLS) {
      this.end('', 'invalid-json')
      return false
    }
    if (marker === CALL_ID && this.#place === 'name') {
      this.#place = 'id'
      this.#id = ''
    } else if (marker === ARGS && (this.#place === 'name' || this.#place === 'id')) this.#beginArguments()
    else return false
    this.#call.append(marker)
    return true
  }

  end(rest: string, otherwise: MalformedReason = 'incomplete'): void {
    if (this.#list) {
      this.isOver = true
      this.#list.end(rest)
      return
    }
    this.#call.append(rest)
    this.#fail(this.#place === 'broken' ? 'invalid-json' : otherwise)
  }

  #read(text: string): number {
    switch (this.#place) {
      case 'head':
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
    const spaces = leadingSpace(text)
    this.#call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    if ('[{`'.includes(text[spaces])) {
      this.#list = new JsonCallsReader(this.#calls, this.#content, { open: TOOL_CALLS }, OUTSIDE)
      const before = this.#call.raw.slice(TOOL_CALLS.length)
      if (before !== '') this.#list.text(before)
    } else this.#place = 'name'
    return spaces
  }

  /** A name or an id. A brace ends it too, for some models leave the marker out. */
  #readHeader(text: string): number {
    const brace = text.indexOf('{')
    const part = brace < 0 ? text : text.slice(0, brace)
    this.#call.append(part)
    if (this.#place === 'name') this.#name += part
    else this.#id += part
    if (this.#name.length + (this.#id?.length ?? 0) > MAX_HEADER_LENGTH) this.#place = 'broken'
    else if (brace >= 0) this.#beginArguments()
    return part.length
  }

  #beginArguments(): void {
    this.#json = new JsonArguments(this.#call, this.#name.trim(), this.#id?.trim())
    this.#place = 'json'
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    const read = json.read(text, 0)
    if (json.status === 'broken') this.#place = 'broken'
    else if (json.status === 'done') {
      json.finish()
      this.isOver = true
    }
    return read
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.#call.fail(reason)
  }
}
