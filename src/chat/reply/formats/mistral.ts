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

/** Mistral's tool calls. */
export const MISTRAL: ToolDialect<'mistral'> = {
  name: 'mistral',
  opens: OUTSIDE,
  syntax: { kind: 'mistral' },
  detect: (template) => template.includes(TOOL_CALLS),
  reader: (calls, _, content) => new MistralReader(calls, content),
}

/**
 * Reads Mistral's tool calls: `[TOOL_CALLS][{"name": …, "arguments": {…}, "id": …}, …]`, and since version 11 of the tokenizer
 * `[TOOL_CALLS]name[CALL_ID]id[ARGS]{…}`, where the id is optional.
 */
class MistralReader extends MarkedCallsReader<'name' | 'id' | 'json'> {
  #name = ''
  #id: string | undefined
  #json: JsonArguments | undefined

  constructor(calls: Calls, content: ContentHost) {
    super(calls, content, { open: TOOL_CALLS })
  }

  protected get ownMarkers(): readonly string[] {
    if (this.state === 'json') return NO_MARKERS
    return this.state === 'broken' ? OUTSIDE : IN_HEADER
  }

  protected override takeMarker(marker: string): boolean {
    if (marker === CALL_ID && this.state === 'name') {
      this.state = 'id'
      this.#id = ''
    } else if (marker === ARGS && (this.state === 'name' || this.state === 'id')) this.#beginArguments()
    else return super.takeMarker(marker)
    this.call.append(marker)
    return true
  }

  /** A call is reported when its JSON ends; before that it is incomplete. */
  protected reportWhole(): boolean {
    return false
  }

  protected read(text: string): number {
    if (this.state === 'head') return this.#readHead(text)
    return this.state === 'json' ? this.#readJson(text) : this.#readHeader(text)
  }

  #readHead(text: string): number {
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    if ('[{`'.includes(text[spaces])) {
      // Calls in JSON, as in older versions.
      const { calls, content, style } = this
      this.handOver(new JsonCallsReader(calls, content, style, OUTSIDE), TOOL_CALLS)
    } else this.state = 'name'
    return spaces
  }

  /** Reads a name or an id. A brace also ends it, because some models leave the marker out. */
  #readHeader(text: string): number {
    const brace = text.indexOf('{')
    const part = brace < 0 ? text : text.slice(0, brace)
    this.call.append(part)
    if (this.state === 'name') this.#name += part
    else this.#id += part
    if (this.#name.length + (this.#id?.length ?? 0) > MAX_HEADER_LENGTH) this.state = 'broken'
    else if (brace >= 0) this.#beginArguments()
    return part.length
  }

  #beginArguments(): void {
    this.#json = new JsonArguments(this.call, this.#name.trim(), this.#id?.trim())
    this.state = 'json'
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    const read = json.read(text, 0)
    if (json.status === 'broken') this.state = 'broken'
    else if (json.status === 'done') {
      json.finish()
      this.state = 'content'
      this.isOver = true
    }
    return read
  }
}
