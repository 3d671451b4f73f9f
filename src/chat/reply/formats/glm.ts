import { ArgumentWriter } from '../argument-writer.js'
import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments, readUpTo } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'
import { MarkedCallsReader } from './marked-calls.js'

const OPEN = '<tool_call>'
const CLOSE = '</tool_call>'
const KEY_OPEN = '<arg_key>'
const KEY_CLOSE = '</arg_key>'
const VALUE_OPEN = '<arg_value>'
const VALUE_CLOSE = '</arg_value>'
const OUTSIDE = [OPEN, CLOSE, KEY_OPEN, KEY_CLOSE, VALUE_OPEN, VALUE_CLOSE]
const IN_VALUE = [VALUE_CLOSE]

/** Tool calls of GLM 4.5 and later. */
export const GLM: ToolDialect<'glm'> = {
  name: 'glm',
  opens: [OPEN],
  detect: (template) => template.includes(KEY_OPEN) && template.includes(OPEN),
  reader: (calls, _, content) => new GlmReader(calls, content),
}

/**
 * Reads GLM's tool calls: `<tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value></tool_call>`. Values have no
 * quotes; the tool's schema determines their types. Also reads a call in JSON between the outer tags, and arguments in JSON
 * after the name.
 */
class GlmReader extends MarkedCallsReader<'between' | 'key' | 'colon' | 'value' | 'json' | 'tail'> {
  #name = ''
  #key = ''
  #arguments: ArgumentWriter | undefined
  #json: JsonArguments | undefined

  constructor(calls: Calls, content: ContentHost) {
    super(calls, content, { open: OPEN, close: CLOSE })
  }

  protected get ownMarkers(): readonly string[] {
    if (this.state === 'json') return NO_MARKERS
    return this.state === 'value' ? IN_VALUE : OUTSIDE
  }

  protected override takeMarker(marker: string): boolean {
    if (marker === OPEN) return super.takeMarker(marker)
    if (marker === CLOSE) {
      if (this.state === 'head' && this.#beginCall()) this.state = 'between'
      if (this.state === 'between' || (this.state === 'json' && this.#json?.close())) this.state = 'tail'
      return super.takeMarker(marker)
    }
    if (this.state === 'json') return false
    this.call.append(marker)
    this.#tag(marker)
    return true
  }

  protected override endWith(rest: string, otherwise: MalformedReason): void {
    // The model ended the reply, so nothing is missing.
    if (this.state === 'between' && !this.calls.isCut) this.state = 'tail'
    super.endWith(rest, otherwise)
  }

  protected reportWhole(): boolean {
    if (this.state !== 'tail') return false
    if (this.#json) this.#json.finish()
    else this.call.finish(this.#name, this.#arguments ? this.#arguments.finish() : {})
    return true
  }

  #tag(marker: string): void {
    if (marker === KEY_OPEN && (this.state === 'between' || (this.state === 'head' && this.#beginCall()))) {
      this.state = 'key'
      this.#key = ''
    } else if (marker === KEY_CLOSE && this.state === 'key') this.state = 'colon'
    // The tag between a key and its value may be missing.
    else if (marker === VALUE_OPEN && (this.state === 'colon' || this.state === 'key')) {
      this.#arguments ??= new ArgumentWriter(this.call, this.calls.tools?.get(this.#name)?.parameters)
      this.#arguments.open(this.#key.trim())
      this.state = 'value'
    } else if (marker === VALUE_CLOSE && this.state === 'value') {
      this.#arguments?.close()
      this.state = 'between'
    } else this.state = 'broken'
  }

  /** The name is complete. */
  #beginCall(): boolean {
    this.#name = this.#name.trim()
    if (!/^[^\s<>{}]+$/.test(this.#name)) return false
    this.call.begin(this.#name)
    return true
  }

  protected read(text: string): number {
    if (this.state === 'head' && this.#name.trim() === '') {
      const first = text.trimStart()[0]
      if (first === '{' || first === '[') {
        const { calls, content, style } = this
        this.handOver(new JsonCallsReader(calls, content, style, [OPEN, CLOSE]), OPEN)
        return 0
      }
    }
    if (this.state === 'head') return this.#readName(text)
    if (this.state === 'json') return this.#readJson(text)
    this.call.append(text)
    switch (this.state) {
      case 'key':
        this.#key += text
        if (this.#key.length > MAX_HEADER_LENGTH) this.state = 'broken'
        break
      case 'value':
        this.#arguments?.text(text)
        break
      case 'tail':
        // Surplus braces are ignored.
        if (/[^\s}]/.test(text)) this.state = 'broken'
        break
      default:
        if (leadingSpace(text) < text.length) this.state = 'broken'
    }
    return text.length
  }

  /** Reads the name up to a brace, at which arguments in JSON begin. */
  #readName(text: string): number {
    const brace = text.indexOf('{')
    const part = brace < 0 ? text : text.slice(0, brace)
    this.call.append(part)
    this.#name += part
    if (this.#name.length > MAX_HEADER_LENGTH || (brace >= 0 && !this.#beginCall())) this.state = 'broken'
    else if (brace >= 0) {
      this.#json = new JsonArguments(this.call, this.#name)
      this.state = 'json'
    }
    return part.length
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    const read = readUpTo(json, text, CLOSE)
    if (json.status !== 'open') this.state = json.status === 'done' ? 'tail' : 'broken'
    return read
  }
}
