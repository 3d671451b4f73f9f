import { ArgumentWriter } from '../argument-writer.js'
import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments, readUpTo } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'
import { MarkedCallsReader } from './marked-calls.js'

interface Tag {
  readonly open: string
  readonly close: string
}

/** Tags of a style. */
export interface KeyedStyle {
  readonly call: Tag
  readonly key: Tag
  readonly value: Tag
  /** Between the name and the first key. */
  readonly separator?: string
  /** Around all calls of a turn. */
  readonly section?: Tag
}

/** Creates the dialect of a style, detected by the tags that open a call and a key. */
export function keyedCalls<Name extends string>(name: Name, style: KeyedStyle): ToolDialect<Name> {
  const { call, key, value, separator, section } = style
  const sectionTags = section ? [section.open, section.close] : []
  const separators = separator === undefined ? [] : [separator]
  const outside = [call, key, value].flatMap(({ open, close }) => [open, close])
  const markers: Markers = { outside: [...outside, ...separators, ...sectionTags], inValue: [value.close] }
  return {
    name,
    opens: [call.open, ...sectionTags],
    syntax: { kind: 'keyed', style },
    detect: (template) => template.includes(key.open) && template.includes(call.open),
    reader: (calls, marker, content) =>
      marker === call.open
        ? new KeyedCallsReader(calls, content, style, markers)
        : new SectionTagReader(calls, marker),
  }
}

/** The markers outside of values, and within them. */
interface Markers {
  readonly outside: readonly string[]
  readonly inValue: readonly string[]
}

/** A tag around calls, which is framing. */
class SectionTagReader implements CallReader {
  readonly markers = NO_MARKERS
  readonly isOver = true

  constructor(calls: Calls, marker: string) {
    calls.emit({ type: 'framing', text: marker })
  }

  text(): number {
    return 0
  }

  marker(): boolean {
    return false
  }

  end(): void {}
}

/**
 * Reads calls of keys and values in tags: `<tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value></tool_call>`.
 * Values have no quotes; the tool's schema determines their types. Also reads a call in JSON between the outer tags, and
 * arguments in JSON after the name.
 */
class KeyedCallsReader extends MarkedCallsReader<'between' | 'key' | 'colon' | 'value' | 'json' | 'tail'> {
  readonly #style: KeyedStyle
  readonly #markers: Markers
  #name = ''
  #key = ''
  #arguments: ArgumentWriter | undefined
  #json: JsonArguments | undefined

  constructor(calls: Calls, content: ContentHost, style: KeyedStyle, markers: Markers) {
    super(calls, content, style.call)
    this.#style = style
    this.#markers = markers
  }

  protected get ownMarkers(): readonly string[] {
    if (this.state === 'json') return NO_MARKERS
    return this.state === 'value' ? this.#markers.inValue : this.#markers.outside
  }

  protected override takeMarker(marker: string): boolean {
    const { call, section } = this.#style
    if (marker === call.open) return super.takeMarker(marker)
    if (marker === section?.open || marker === section?.close) {
      if (this.state === 'value' || this.state === 'json') return false
      // The call may lack its closing tag.
      if (this.state === 'head' && this.#beginCall()) this.state = 'between'
      this.endWith('', 'invalid-json')
      return false
    }
    if (marker === call.close) {
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
    const { key, value, separator } = this.#style
    if (marker === separator && this.state === 'head' && this.#beginCall()) this.state = 'between'
    else if (
      marker === key.open &&
      (this.state === 'between' || (this.state === 'head' && this.#beginCall()))
    ) {
      this.state = 'key'
      this.#key = ''
    } else if (marker === key.close && this.state === 'key') this.state = 'colon'
    // The tag between a key and its value may be missing.
    else if (marker === value.open && (this.state === 'colon' || this.state === 'key')) {
      this.#arguments ??= new ArgumentWriter(this.call, this.calls.tools?.get(this.#name)?.parameters)
      this.#arguments.open(this.#key.trim())
      this.state = 'value'
    } else if (marker === value.close && this.state === 'value') {
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
        this.handOver(new JsonCallsReader(calls, content, style, [style.open, style.close ?? '']), style.open)
        return 0
      }
    }
    if (this.state === 'head') return this.#readName(text)
    if (this.state === 'json') return this.#readJson(text)
    if (this.state === 'between' && !this.#arguments && text[leadingSpace(text)] === '{') {
      this.#openJson()
      return 0
    }
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
    else if (brace >= 0) this.#openJson()
    return part.length
  }

  #openJson(): void {
    this.#json = new JsonArguments(this.call, this.#name)
    this.state = 'json'
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    const read = readUpTo(json, text, this.#style.call.close)
    if (json.status !== 'open') this.state = json.status === 'done' ? 'tail' : 'broken'
    return read
  }
}
