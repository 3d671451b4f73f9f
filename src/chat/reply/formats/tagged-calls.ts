import { ArgumentWriter } from '../argument-writer.js'
import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, type ContentHost, NO_MARKERS } from '../machine.js'
import { JsonCallsReader } from './json-calls.js'

/** Tags of a style; of opening ones all that stands before the name. */
export interface TagStyle {
  /** Around one or more calls. Models leave it out at times, or half of it. */
  readonly outer?: { readonly open: string; readonly close: string }
  readonly call: { readonly open: string; readonly close: string }
  readonly parameter: { readonly open: string; readonly close: string }
  /** Values stand on lines of their own. Default: only where one begins with a line break. */
  readonly hasOwnLines?: boolean
  /** Values may be wrapped in CDATA. Default false. */
  readonly hasCdata?: boolean
}

const CDATA_OPEN = '<![CDATA['
const CDATA_CLOSE = ']]>'
const IN_CDATA = [CDATA_CLOSE]

/** The name that a tag's header has: `name`, or `"name"`, perhaps with attributes behind it. */
const HEADER = /^\s*(?:"([^"<>]*)"|'([^'<>]*)'|([^\s"'<>]+))((?:\s+[\w:-]+\s*=\s*"[^"]*")*)\s*$/
/** DeepSeek says of each parameter whether it is a text. */
const IS_STRING = /\bstring\s*=\s*"(true|false)"/

type Place =
  | 'outer'
  | 'name'
  | 'body'
  | 'json'
  | 'key'
  | 'value'
  | 'cdata'
  | 'closing'
  | 'after'
  | 'content'
  | 'broken'

/**
 * Calls as tags: `<function=name><parameter=key>value</parameter></function>` and the like. Values have no quotes, so
 * that the tool's schema says what they are, and no escapes, so that a tag counts in one only where the call can end there.
 */
export class TaggedCallsReader implements CallReader {
  isOver = false
  readonly #calls: Calls
  readonly #content: ContentHost
  readonly #style: TagStyle
  readonly #outside: readonly string[]
  readonly #inValue: readonly string[]
  readonly #hasOuter: boolean
  #call: CallInProgress
  #place: Place = 'outer'
  #header = ''
  #name = ''
  #arguments: ArgumentWriter | undefined
  #json: JsonArguments | undefined
  /** Calls as JSON, which some models write between the outer tags. */
  #fallback: JsonCallsReader | undefined
  /** Of a value: nothing but white space has come. */
  #isAtStart = true
  /** It stands on lines of its own, whose breaks are not part of it. */
  #hasOwnLines = false
  /** White space that may be the break before the closing tag. */
  #held = ''
  /** Text behind a closing tag that may turn out to be part of the value; the tag that may have ended it included. */
  #doubtful = ''
  /** A tag within a value may open the next parameter. */
  #isDoubtfulKey = false

  constructor(calls: Calls, content: ContentHost, style: TagStyle, marker: string) {
    this.#calls = calls
    this.#content = content
    this.#style = style
    const { outer, call, parameter } = style
    const outerTags = outer ? [outer.open, outer.close] : []
    this.#outside = [...outerTags, call.open, call.close, parameter.open, parameter.close]
    this.#inValue = style.hasCdata ? [...this.#outside, CDATA_OPEN] : this.#outside
    this.#hasOuter = marker === outer?.open
    this.#call = new CallInProgress(calls, '')
    if (this.#hasOuter) this.#call.append(marker)
    else this.marker(marker)
  }

  get markers(): readonly string[] {
    if (this.#fallback) return this.#fallback.markers
    if (this.#place === 'json') return NO_MARKERS
    if (this.#place === 'cdata') return IN_CDATA
    return this.#place === 'value' || this.#place === 'closing' ? this.#inValue : this.#outside
  }

  text(text: string): number {
    if (this.#fallback) {
      const read = this.#fallback.text(text)
      this.isOver = this.#fallback.isOver
      return read
    }
    const read = this.#read(text)
    if (this.#place !== 'content' && this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (this.#fallback) {
      const isTaken = this.#fallback.marker(marker)
      this.isOver = this.#fallback.isOver
      return isTaken
    }
    switch (this.#place) {
      case 'value':
      case 'closing':
        return this.#inValueMarker(marker)
      case 'cdata':
        if (marker !== CDATA_CLOSE) return false
        this.#call.append(marker)
        this.#place = 'value'
        return true
      case 'content':
        return this.#afterText(marker)
      default:
        return this.#outsideMarker(marker)
    }
  }

  end(rest: string): void {
    this.isOver = true
    if (this.#fallback) {
      this.#fallback.end(rest)
      return
    }
    if (this.#place === 'content') {
      if (rest !== '') this.#content.push(rest)
      return
    }
    if (this.#place === 'closing' && !this.#calls.isCut) {
      this.#endValue(this.#doubtful)
      this.#place = 'after'
    }
    this.#call.append(rest)
    if (this.#place === 'after' || (this.#isCallRead && !this.#calls.isCut)) this.#finish()
    else if (this.#call.raw.trim() === '') this.#frame(this.#call.raw)
    else this.#fail(this.#place === 'broken' ? 'invalid-json' : 'incomplete')
  }

  #read(text: string): number {
    switch (this.#place) {
      case 'name':
      case 'key':
        return this.#readHeader(text)
      case 'value':
        this.#call.append(text)
        this.#readValue(text)
        return text.length
      case 'closing':
        return this.#readDoubtful(text)
      case 'cdata':
        this.#call.append(text)
        this.#arguments?.text(text)
        return text.length
      case 'json':
        return this.#readJson(text)
      case 'content':
        this.#content.push(text)
        return text.length
      case 'broken':
        this.#call.append(text)
        return text.length
      default:
        return this.#readSpace(text)
    }
  }

  /** Between tags: white space, or something that belongs elsewhere. */
  #readSpace(text: string): number {
    const spaces = leadingSpace(text)
    this.#call.append(text.slice(0, spaces))
    if (spaces === text.length) return spaces
    const next = text[spaces]
    const { outer } = this.#style
    if (this.#place === 'outer' && this.#hasOuter && outer && (next === '{' || next === '[')) {
      this.#fallback = new JsonCallsReader(
        this.#calls,
        this.#content,
        { open: outer.open, close: outer.close },
        [outer.open, outer.close],
      )
      const before = this.#call.raw.slice(outer.open.length)
      if (before !== '') this.#fallback.text(before)
    } else if (this.#place === 'body' && next === '{' && this.#arguments === undefined) {
      this.#json = new JsonArguments(this.#call, this.#name)
      this.#place = 'json'
    } else if (this.#place === 'body' && next === '}' && this.#json?.status === 'done') {
      // A brace too many does no harm.
      this.#call.append(next)
      return spaces + 1
    } else if (this.#place === 'after') {
      this.#finish()
      this.#place = 'content'
      this.isOver = !this.#hasOuter
    } else this.#place = 'broken'
    return spaces
  }

  #outsideMarker(marker: string): boolean {
    const { outer, call, parameter } = this.#style
    if (marker === call.open) {
      // The call before may lack its closing tag.
      if (this.#isCallRead) this.#finish()
      else if (this.#place !== 'outer') {
        this.#fail('invalid-json')
        return false
      }
      this.#openCall(marker)
    } else if (marker === call.close && (this.#place === 'body' || this.#place === 'json')) {
      this.#append(marker, this.#place === 'json' && !this.#json?.close() ? 'broken' : 'after')
    } else if (marker === parameter.open && this.#place === 'body' && !this.#json) {
      this.#append(marker, 'key')
      this.#header = ''
    } else if (marker === outer?.close) {
      this.#call.append(marker)
      // The call's own closing tag may be missing.
      if (this.#isCallRead) this.#finish()
      else this.#fail('invalid-json')
      this.isOver = true
    } else if (marker === outer?.open) {
      if (this.#isCallRead) this.#finish()
      else this.#fail('invalid-json')
      this.isOver = true
      return false
    } else if (marker === call.close && !this.#hasOuter) {
      this.#call.append(marker)
      this.#fail('invalid-json')
    } else {
      this.#append(marker, this.#place === 'body' && marker === parameter.close ? 'body' : 'broken')
    }
    return true
  }

  /** Behind a call and other text, which is content. */
  #afterText(marker: string): boolean {
    const { outer, call } = this.#style
    if (marker === outer?.close) {
      this.#content.close()
      this.#frame(marker)
      this.isOver = true
      return true
    }
    if (marker === outer?.open || marker === call.open) this.isOver = true
    return false
  }

  #inValueMarker(marker: string): boolean {
    const { outer, call, parameter } = this.#style
    if (this.#place === 'closing') {
      if (marker === outer?.close || marker === call.open || marker === outer?.open) {
        // Nothing else can follow the end of a call: it has ended, only without the closing tag of its value.
        this.#endValue(this.#doubtful)
        this.#place = 'after'
        return this.#outsideMarker(marker)
      }
      this.#undoubt()
    }
    if (marker === parameter.close) {
      this.#endValue(marker)
      this.#place = 'body'
    } else if (marker === call.close) {
      this.#doubtful = marker
      this.#place = 'closing'
    } else if (marker === parameter.open && this.#held.endsWith('\n')) {
      this.#isDoubtfulKey = true
      this.#doubtful = marker
      this.#header = ''
      this.#place = 'key'
    } else if (marker === CDATA_OPEN && this.#isAtStart) {
      this.#call.append(marker)
      this.#held = ''
      this.#isAtStart = false
      this.#hasOwnLines = true
      this.#place = 'cdata'
    } else {
      this.#call.append(marker)
      this.#readValue(marker)
    }
    return true
  }

  /** A call that has its name and whose values are closed. */
  get #isCallRead(): boolean {
    return this.#place === 'after' || (this.#place === 'body' && this.#json?.status !== 'broken')
  }

  #openCall(marker: string): void {
    if (this.#name !== '') this.#call = new CallInProgress(this.#calls, '')
    this.#append(marker, 'name')
    this.#header = ''
    this.#name = ''
    this.#arguments = undefined
    this.#json = undefined
  }

  /** The rest of an opening tag. */
  #readHeader(text: string): number {
    const end = text.indexOf('>')
    const part = end < 0 ? text : text.slice(0, end)
    this.#header += part
    const taken = end < 0 ? part : `${part}>`
    if (this.#isDoubtfulKey) this.#doubtful += taken
    else this.#call.append(taken)
    if (this.#header.length > MAX_HEADER_LENGTH) this.#endHeader(undefined)
    else if (end >= 0) this.#endHeader(HEADER.exec(this.#header))
    return taken.length
  }

  #endHeader(found: RegExpExecArray | null | undefined): void {
    const name = found ? (found[1] ?? found[2] ?? found[3]) : undefined
    if (this.#place === 'name') {
      this.#name = name ?? ''
      this.#place = name === undefined ? 'broken' : 'body'
      if (name !== undefined) this.#call.begin(name)
      return
    }
    if (this.#isDoubtfulKey) {
      const isNext = name !== undefined && this.#arguments?.isParameter(name) === true
      this.#isDoubtfulKey = false
      if (!isNext) {
        this.#undoubt()
        return
      }
      this.#endValue(this.#doubtful)
    }
    if (name === undefined) {
      this.#place = 'broken'
      return
    }
    this.#arguments ??= new ArgumentWriter(this.#call, this.#calls.tools?.get(this.#name)?.parameters)
    const isString = IS_STRING.exec(found?.[4] ?? '')?.[1]
    this.#arguments.open(name, isString === undefined ? undefined : isString === 'true')
    this.#isAtStart = true
    this.#hasOwnLines = this.#style.hasOwnLines === true
    this.#held = ''
    this.#place = 'value'
  }

  /** Text of a value: a line break at its beginning and the one at its end frame it. */
  #readValue(text: string): void {
    let value = this.#held + text
    if (this.#isAtStart) {
      if (value.trim() === '') {
        this.#held = value
        return
      }
      this.#isAtStart = false
      const first = /^\r?\n/.exec(value)?.[0] ?? ''
      if (first !== '') this.#hasOwnLines = true
      value = value.slice(first.length)
    }
    const end = value.length - (/\r?\n?$/.exec(value)?.[0].length ?? 0)
    this.#held = value.slice(end)
    this.#arguments?.text(value.slice(0, end))
  }

  #endValue(tag: string): void {
    this.#call.append(tag)
    // A value of white space alone: the breaks of its lines are framing, too.
    if (this.#isAtStart) this.#held = this.#held.replace(/^\r?\n/, '').replace(/\r?\n$/, '')
    if (this.#held !== '' && !(this.#hasOwnLines && !this.#isAtStart)) this.#arguments?.text(this.#held)
    this.#arguments?.close()
    this.#held = ''
    this.#doubtful = ''
  }

  #readDoubtful(text: string): number {
    const spaces = leadingSpace(text)
    this.#doubtful += text.slice(0, spaces)
    if (spaces < text.length) this.#undoubt()
    return spaces
  }

  /** What seemed to be the end of a value is part of it. */
  #undoubt(): void {
    const text = this.#doubtful
    this.#doubtful = ''
    this.#place = 'value'
    this.#call.append(text)
    this.#readValue(text)
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    if (json.status !== 'open') {
      const spaces = leadingSpace(text)
      this.#call.append(text.slice(0, spaces))
      if (spaces < text.length) this.#place = 'broken'
      return spaces
    }
    const read = json.read(text, 0)
    const status = this.#json?.status
    if (status === 'open') return read
    // Brackets may be all that is missing before the closing tag.
    const isClosed = status === 'done' || (text[read] === '<' && json.close())
    this.#place = isClosed ? 'body' : 'broken'
    return read
  }

  #append(text: string, place: Place): void {
    this.#call.append(text)
    this.#place = place
  }

  #finish(): void {
    if (this.#json) this.#json.finish()
    else {
      const args = this.#arguments ? this.#arguments.finish() : {}
      this.#call.finish(this.#name, args)
    }
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    if (this.#isDoubtfulKey || this.#place === 'closing') this.#call.append(this.#doubtful)
    this.#call.fail(reason)
  }

  #frame(text: string): void {
    if (text !== '') this.#calls.emit({ type: 'framing', text })
  }
}
