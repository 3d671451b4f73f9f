import { ArgumentWriter } from '../argument-writer.js'
import type { Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments, readUpTo } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import { CallsReader } from './calls-reader.js'
import { JsonCallsReader } from './json-calls.js'
import { parseTagHeader, type TagHeader } from './tag-header.js'
import { TagValue } from './tag-value.js'

export interface Tag {
  /** The opening tag up to the name. */
  readonly open: string
  /** An alternative form of that; for a call only within the outer tag. */
  readonly otherwise?: string
  readonly close: string
}

/** Tags of a style. */
export interface TagStyle {
  /** Around one or more calls. Models sometimes leave out one or both of these tags. */
  readonly outer?: { readonly open: string; readonly close: string }
  readonly call: Tag
  readonly parameter: Tag
  /** Whether values are on their own lines. Default: only those that begin with a line break. */
  readonly hasOwnLines?: boolean
  /** Whether a parameter's tag says whether its value is a string. Default: false. */
  readonly namesTypes?: boolean
  /** Whether values may be CDATA sections. Default: false. */
  readonly hasCdata?: boolean
}

const CDATA_OPEN = '<![CDATA['
const CDATA_CLOSE = ']]>'
const IN_CDATA = [CDATA_CLOSE]

/** `closing`: after a tag that may have ended a value and its call. `after`: after a call. */
type State = 'name' | 'body' | 'json' | 'key' | 'value' | 'cdata' | 'closing' | 'after'

/** Creates the dialect of a style, detected by the tag that opens a call. */
export function taggedCalls<Name extends string>(name: Name, style: TagStyle): ToolDialect<Name> {
  const { outer, call } = style
  return {
    name,
    opens: outer ? [outer.open, call.open] : [call.open],
    syntax: { kind: 'tagged', style },
    detect: (template) => template.includes(call.open),
    reader: (calls, marker, content) => new TaggedCallsReader(calls, content, style, marker),
  }
}

/**
 * Reads calls in tags: `<function=name><parameter=key>value</parameter></function>` and the like. Values have no quotes, so
 * the tool's schema determines their types, and no escapes, so a tag within a value counts only if the call may end there.
 */
export class TaggedCallsReader extends CallsReader<State> {
  readonly #style: TagStyle
  readonly #outside: readonly string[]
  readonly #inValue: readonly string[]
  readonly #hasOuter: boolean
  #header = ''
  #name = ''
  #arguments: ArgumentWriter | undefined
  #json: JsonArguments | undefined
  #value: TagValue | undefined
  /** A tag that may have ended the value, and the text after it, which may turn out to be part of the value. */
  #tentative = ''
  /** Whether a tag within a value may open the next parameter. */
  #isTentativeKey = false

  constructor(calls: Calls, content: ContentHost, style: TagStyle, marker: string) {
    super(calls, content, '')
    this.#style = style
    const { outer, call, parameter } = style
    const outerTags = outer ? [outer.open, outer.close] : []
    this.#outside = [...outerTags, ...tagsOf(call), ...tagsOf(parameter)]
    this.#inValue = style.hasCdata ? [...this.#outside, CDATA_OPEN] : this.#outside
    this.#hasOuter = marker === outer?.open
    if (this.#hasOuter) this.call.append(marker)
    else this.marker(marker)
  }

  protected get ownMarkers(): readonly string[] {
    if (this.state === 'json') return NO_MARKERS
    if (this.state === 'cdata') return IN_CDATA
    return this.state === 'value' || this.state === 'closing' ? this.#inValue : this.#outside
  }

  protected takeMarker(marker: string): boolean {
    switch (this.state) {
      case 'value':
      case 'closing':
        return this.#inValueMarker(marker)
      case 'cdata':
        if (marker !== CDATA_CLOSE) return false
        this.#append(marker, 'value')
        return true
      case 'content':
        return this.#afterText(marker)
      default:
        return this.#outsideMarker(marker)
    }
  }

  protected override endWith(rest: string, otherwise: MalformedReason): void {
    if (this.state === 'closing' && !this.calls.isCut) {
      this.#endValue(this.#tentative)
      this.state = 'after'
    }
    super.endWith(rest, otherwise)
  }

  protected reportWhole(): boolean {
    if (this.state === 'after' || (this.#isCallRead && !this.calls.isCut)) this.#finish()
    else if (this.call.raw.trim() === '') this.frame(this.call.raw)
    else return false
    return true
  }

  protected read(text: string): number {
    switch (this.state) {
      case 'name':
      case 'key':
        return this.#readHeader(text)
      case 'value':
        this.call.append(text)
        this.#value?.text(text)
        return text.length
      case 'closing':
        return this.#readTentative(text)
      case 'cdata':
        this.call.append(text)
        this.#value?.cdata(text)
        return text.length
      case 'json':
        return this.#readJson(text)
      default:
        return this.#readSpace(text)
    }
  }

  protected override fail(reason: MalformedReason): void {
    if (this.#isTentativeKey || this.state === 'closing') this.call.append(this.#tentative)
    super.fail(reason)
  }

  /** Reads white space between tags, or something else that ends it. */
  #readSpace(text: string): number {
    const spaces = leadingSpace(text)
    this.call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    const next = text[spaces]
    const { outer } = this.#style
    if (this.state === 'head' && this.#hasOuter && outer && (next === '{' || next === '[')) {
      // Some models write JSON between the outer tags.
      const { calls, content } = this
      this.handOver(new JsonCallsReader(calls, content, outer, [outer.open, outer.close]), outer.open)
    } else if (this.state === 'body' && next === '{' && !this.#arguments && !this.#json) {
      this.#json = new JsonArguments(this.call, this.#name)
      this.state = 'json'
    } else if (this.state === 'body' && next === '}' && this.#json?.status === 'done') {
      // Surplus braces are ignored.
      this.call.append(next)
      return spaces + 1
    } else if (this.state === 'after') {
      this.#finish()
      this.state = 'content'
      this.isOver = !this.#hasOuter
    } else this.state = 'broken'
    return spaces
  }

  #outsideMarker(marker: string): boolean {
    const { outer, call, parameter } = this.#style
    if (opens(call, marker)) {
      // The preceding call may lack its closing tag.
      if (this.#isCallRead) this.#finish()
      else if (this.state !== 'head') {
        this.fail('invalid-json')
        return false
      }
      this.#openCall(marker)
    } else if (marker === call.close && (this.state === 'body' || this.state === 'json')) {
      this.#append(marker, this.state === 'json' && !this.#json?.close() ? 'broken' : 'after')
    } else if (opens(parameter, marker) && this.state === 'body' && !this.#json) {
      this.#append(marker, 'key')
      this.#header = ''
    } else if (marker === outer?.close) {
      this.call.append(marker)
      // The call's own closing tag may be missing.
      if (this.#isCallRead) this.#finish()
      else this.fail('invalid-json')
      this.isOver = true
    } else if (marker === outer?.open) {
      if (this.#isCallRead) this.#finish()
      else this.fail('invalid-json')
      this.isOver = true
      return false
    } else if (marker === call.close && !this.#hasOuter) {
      this.call.append(marker)
      this.fail('invalid-json')
    } else {
      this.#append(marker, this.state === 'body' && marker === parameter.close ? 'body' : 'broken')
    }
    return true
  }

  /** A marker after a call and other text, which is content. */
  #afterText(marker: string): boolean {
    const { outer, call } = this.#style
    if (marker === outer?.close) {
      this.closeContent(marker)
      return true
    }
    if (marker === outer?.open || marker === call.open) this.isOver = true
    return false
  }

  #inValueMarker(marker: string): boolean {
    const { outer, call, parameter } = this.#style
    if (this.state === 'closing') {
      if (marker === outer?.close || opens(call, marker) || marker === outer?.open) {
        // Only the end of a call can be followed by this marker, so the call has ended without the closing tag of its value.
        this.#endValue(this.#tentative)
        this.state = 'after'
        return this.#outsideMarker(marker)
      }
      this.#resumeValue()
    }
    if (marker === parameter.close) {
      this.#endValue(marker)
      this.state = 'body'
    } else if (marker === call.close) {
      this.#tentative = marker
      this.state = 'closing'
    } else if (opens(parameter, marker) && this.#value?.endsLine) {
      this.#isTentativeKey = true
      this.#tentative = marker
      this.#header = ''
      this.state = 'key'
    } else if (marker === CDATA_OPEN && this.#value?.isAtStart) {
      this.#append(marker, 'cdata')
      this.#value.openCdata()
    } else {
      this.call.append(marker)
      this.#value?.text(marker)
    }
    return true
  }

  /** Whether the call has its name and all its values are closed. */
  get #isCallRead(): boolean {
    return this.state === 'after' || (this.state === 'body' && this.#json?.status !== 'broken')
  }

  #openCall(marker: string): void {
    if (this.#name !== '') this.nextCall()
    this.#append(marker, 'name')
    this.#header = ''
    this.#name = ''
    this.#arguments = undefined
    this.#json = undefined
  }

  /** Reads the rest of an opening tag. */
  #readHeader(text: string): number {
    const end = text.indexOf('>')
    const part = end < 0 ? text : text.slice(0, end)
    this.#header += part
    const taken = end < 0 ? part : `${part}>`
    if (this.#isTentativeKey) this.#tentative += taken
    else this.call.append(taken)
    if (this.#header.length > MAX_HEADER_LENGTH) this.#endHeader(undefined)
    else if (end >= 0) this.#endHeader(parseTagHeader(this.#header))
    return taken.length
  }

  #endHeader(header: TagHeader | undefined): void {
    if (this.state === 'name') {
      this.#name = header?.name ?? ''
      if (header) this.state = header.isClosed ? 'after' : 'body'
      else this.state = 'broken'
      if (header) this.call.begin(header.name)
      return
    }
    if (this.#isTentativeKey) {
      const isNext = header !== undefined && this.#arguments?.isParameter(header.name) === true
      this.#isTentativeKey = false
      if (!isNext) {
        this.#resumeValue()
        return
      }
      this.#endValue(this.#tentative)
    }
    if (header?.isClosed) {
      this.#openValue(header)
      this.#endValue('')
      this.state = 'body'
    } else if (header) this.#openValue(header)
    else this.state = 'broken'
  }

  #openValue({ name, isString }: TagHeader): void {
    this.#arguments ??= new ArgumentWriter(this.call, this.calls.tools?.get(this.#name)?.parameters)
    this.#arguments.open(name, { isString })
    this.#value = new TagValue(this.#arguments, { hasOwnLines: this.#style.hasOwnLines === true })
    this.state = 'value'
  }

  #endValue(tag: string): void {
    this.call.append(tag)
    this.#value?.close()
    this.#value = undefined
    this.#tentative = ''
  }

  #readTentative(text: string): number {
    const spaces = leadingSpace(text)
    this.#tentative += text.slice(0, spaces)
    if (spaces < text.length) this.#resumeValue()
    return spaces
  }

  /** What seemed to be the end of a value is part of it. */
  #resumeValue(): void {
    const text = this.#tentative
    this.#tentative = ''
    this.state = 'value'
    this.call.append(text)
    this.#value?.text(text)
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    if (json.status !== 'open') {
      const spaces = leadingSpace(text)
      this.call.append(text.slice(0, spaces))
      if (spaces < text.length) this.state = 'broken'
      return spaces
    }
    const read = readUpTo(json, text, this.#style.call.close)
    if (json.status !== 'open') this.state = json.status === 'done' ? 'body' : 'broken'
    return read
  }

  #append(text: string, state: State | 'broken'): void {
    this.call.append(text)
    this.state = state
  }

  #finish(): void {
    if (this.#json) this.#json.finish()
    else {
      const args = this.#arguments ? this.#arguments.finish() : {}
      this.call.finish(this.#name, args)
    }
  }
}

function tagsOf({ open, otherwise, close }: Tag): readonly string[] {
  return otherwise === undefined ? [open, close] : [open, otherwise, close]
}

function opens({ open, otherwise }: Tag, marker: string): boolean {
  return marker === open || marker === otherwise
}
