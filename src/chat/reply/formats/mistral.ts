import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import { JsonArguments } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'
import { MarkedCallsReader } from './marked-calls.js'

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
class MistralReader extends MarkedCallsReader<'name' | 'id' | 'json'> {
  #name = ''
  #id: string | undefined
  #json: JsonArguments | undefined

  constructor(calls: Calls, content: ContentHost) {
    super(calls, content, { open: TOOL_CALLS })
  }

  protected get ownMarkers(): readonly string[] {
    if (this.place === 'json') return NO_MARKERS
    return this.place === 'broken' ? OUTSIDE : IN_HEADER
  }

  protected override takeMarker(marker: string): boolean {
    if (marker === CALL_ID && this.place === 'name') {
      this.place = 'id'
      this.#id = ''
    } else if (marker === ARGS && (this.place === 'name' || this.place === 'id')) this.#beginArguments()
    else return super.takeMarker(marker)
    this.call.append(marker)
    return true
  }

  /** A call is reported where its JSON ends; one that has not come to that is not whole. */
  protected reportWhole(): boolean {
    return false
  }

  protected read(text: string): number {
    if (this.place === 'head') return this.#readHead(text)
    return this.place === 'json' ? this.#readJson(text) : this.#readHeader(text)
  }

  #readHead(text: string): number {
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    if ('[{`'.includes(text[spaces])) {
      // The calls as JSON, as the older versions have them.
      const { calls, content, style } = this
      this.handOver(new JsonCallsReader(calls, content, style, OUTSIDE), TOOL_CALLS)
    } else this.place = 'name'
    return spaces
  }

  /** A name or an id. A brace ends it too, for some models leave the marker out. */
  #readHeader(text: string): number {
    const brace = text.indexOf('{')
    const part = brace < 0 ? text : text.slice(0, brace)
    this.call.append(part)
    if (this.place === 'name') this.#name += part
    else this.#id += part
    if (this.#name.length + (this.#id?.length ?? 0) > MAX_HEADER_LENGTH) this.place = 'broken'
    else if (brace >= 0) this.#beginArguments()
    return part.length
  }

  #beginArguments(): void {
    this.#json = new JsonArguments(this.call, this.#name.trim(), this.#id?.trim())
    this.place = 'json'
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    const read = json.read(text, 0)
    if (json.status === 'broken') this.place = 'broken'
    else if (json.status === 'done') {
      json.finish()
      this.place = 'content'
      this.isOver = true
    }
    return read
  }
}
