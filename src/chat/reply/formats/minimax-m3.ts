import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { MalformedReason } from '../events.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_CALL_DEPTH, MAX_HEADER_LENGTH } from '../limits.js'
import type { ContentHost } from '../machine.js'
import { NestedWriter } from '../nested-writer.js'
import { CallsReader } from './calls-reader.js'
import { parseTagHeader } from './tag-header.js'

const MARK = ']<]minimax[>['
const MARKERS = [MARK]
const SECTION = 'tool_call'
const SECTION_CLOSE = '/tool_call'
const CALL = 'invoke name='
const CALL_CLOSE = '/invoke'
/** The name of a parameter, or of a key of an object. */
const NAME = /^[^\s<>/][^\s<>]*$/

/** MiniMax M3's tool calls. */
export const MINIMAX_M3: ToolDialect<'minimax-m3'> = {
  name: 'minimax-m3',
  opens: MARKERS,
  syntax: { kind: 'minimax-m3' },
  detect: (template) => template.includes(MARK),
  reader: (calls, _, content) => new MinimaxM3Reader(calls, content),
}

type State = 'section' | 'body' | 'value' | 'after' | 'between' | 'lost'

/**
 * Reads MiniMax M3's tool calls, in which a marker precedes every tag (here `¦`):
 * `¦<tool_call>¦<invoke name="…">¦<key>value¦</key>¦<list>¦<item>…¦</item>¦</list>¦</invoke>¦</tool_call>`. Parameters are named by
 * their tags, and lists and objects are nested elements. `lost`: the call is malformed and ends with its closing tag.
 */
class MinimaxM3Reader extends CallsReader<State | 'tag'> {
  #hasSection = false
  /** The tag after the marker, up to its `>`, and the state before it. */
  #tag = ''
  #before: State | 'head' | 'content' = 'head'
  #name = ''
  #arguments: NestedWriter | undefined

  constructor(calls: Calls, content: ContentHost) {
    super(calls, content, '')
    this.takeMarker(MARK)
  }

  protected get ownMarkers(): readonly string[] {
    return MARKERS
  }

  protected takeMarker(marker: string): boolean {
    if (marker !== MARK) return false
    if (this.state === 'tag') this.#notATag()
    if (this.isOver) return false
    if (this.state === 'after') {
      this.#finish()
      this.state = 'between'
    }
    if (this.state !== 'tag' && this.state !== 'broken') this.#before = this.state
    this.state = 'tag'
    this.#tag = ''
    this.call.append(MARK)
    return true
  }

  protected override endWith(rest: string, otherwise: MalformedReason): void {
    if (this.state === 'tag' && ['head', 'between', 'content'].includes(this.#before)) {
      this.isOver = true
      if (this.#before === 'between') this.frame(this.call.raw + rest)
      else this.content.push(this.call.raw + rest)
    } else super.endWith(rest, this.state === 'lost' ? 'invalid-json' : otherwise)
  }

  protected reportWhole(): boolean {
    if (this.state === 'after' || (this.state === 'body' && !this.calls.isCut)) this.#finish()
    else if (this.state === 'section') this.frame(this.call.raw)
    else return false
    return true
  }

  protected read(text: string): number {
    if (this.state === 'tag') return this.#readTag(text)
    if (this.state === 'after') return this.#readAfter(text)
    if (this.state === 'value' && this.#arguments?.takesText) this.#arguments.text(text)
    else if (leadingSpace(text) < text.length) this.state = 'lost'
    this.call.append(text)
    return text.length
  }

  /** Reads white space after a call, or something else, which is content. */
  #readAfter(text: string): number {
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    if (spaces < text.length) {
      this.#finish()
      this.state = 'content'
      this.isOver = !this.#hasSection
    }
    return spaces
  }

  #readTag(text: string): number {
    if (this.#tag === '' && text[0] !== '<') {
      this.#notATag()
      return 0
    }
    const end = text.indexOf('>')
    const part = end < 0 ? text : text.slice(0, end + 1)
    this.#tag += part
    this.call.append(part)
    if (this.#tag.length > MAX_HEADER_LENGTH) this.#notATag()
    else if (end >= 0) this.#endTag(this.#tag.slice(1, -1))
    return part.length
  }

  /** What follows the marker is not a tag of the format: it is part of the value or content, or makes the call malformed. */
  #notATag(): void {
    const before = this.#before
    if (before === 'value' && this.#arguments?.takesText) {
      this.#arguments.text(MARK + this.#tag)
      this.state = 'value'
    } else if (before === 'head' || before === 'content') {
      this.content.push(this.call.raw)
      this.nextCall()
      this.state = 'content'
      this.isOver = before === 'head'
    } else this.state = 'lost'
  }

  #endTag(tag: string): void {
    const before = this.#before
    if (before === 'lost') {
      this.state = 'lost'
      if (tag === (this.#hasSection ? SECTION_CLOSE : CALL_CLOSE)) this.fail('invalid-json')
    } else if (before === 'value') this.#inValue(tag)
    else if (before === 'body') this.#inBody(tag)
    else if (tag === SECTION && before === 'head') {
      this.#hasSection = true
      this.state = 'section'
    } else if (tag.startsWith(CALL)) {
      if (before === 'content') this.content.close()
      this.#openCall(tag.slice(CALL.length))
    } else if (tag === SECTION_CLOSE && before !== 'head') this.#endSection()
    else this.#notATag()
  }

  #endSection(): void {
    if (this.#before === 'content') this.content.close()
    this.frame(this.call.raw)
    this.isOver = true
  }

  #openCall(header: string): void {
    this.#name = parseTagHeader(header)?.name ?? ''
    this.state = this.#name === '' ? 'lost' : 'body'
    if (this.#name !== '') this.call.begin(this.#name)
  }

  #inBody(tag: string): void {
    if (tag === CALL_CLOSE) this.state = 'after'
    else if (NAME.test(tag)) {
      this.#arguments ??= new NestedWriter(this.call, this.calls.tools?.get(this.#name)?.parameters)
      this.#arguments.open(tag)
      this.state = 'value'
    } else this.state = 'lost'
  }

  #inValue(tag: string): void {
    const args = this.#arguments as NestedWriter
    if (tag === `/${args.name}`) {
      args.close()
      this.state = args.depth === 0 ? 'body' : 'value'
    } else if (tag === CALL_CLOSE) {
      // Closing tags of elements may be missing.
      while (args.depth > 0) args.close()
      this.state = 'after'
    } else if (NAME.test(tag) && args.depth < MAX_CALL_DEPTH && args.open(tag)) this.state = 'value'
    else this.#notATag()
  }

  #finish(): void {
    this.call.finish(this.#name, this.#arguments ? this.#arguments.finish() : {})
    this.#name = ''
    this.#arguments = undefined
    this.nextCall()
  }
}
