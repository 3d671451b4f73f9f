import { ArgumentWriter } from '../argument-writer.js'
import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import { JsonArguments } from '../json-call.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type ContentHost, NO_MARKERS } from '../machine.js'
import type { SectionedFormat } from '../sections.js'
import { CallsReader } from './calls-reader.js'

const OPEN = '<|open|>'
const CLOSE = '<|close|>'
const END = '<|sep|>'
const MARKERS = [OPEN, CLOSE, END]
/** The tags of a reply, and those within a call. */
const TAGS = ['think', 'response', 'tools', 'call', 'message']
const CALL_TAGS = [...TAGS, 'argument', 'json']
const TAG = /^([a-z]+)(?=$| )/

/**
 * Kimi K3's replies: tags of control tokens, `<|open|>name key="value"<|sep|>…<|close|>name<|sep|>`. `think` is reasoning,
 * `response` content, and `tools` contains calls: `call tool="name"` with an `argument key="…" type="…"` for each argument, or
 * all of them as `json`. The prompt opens `think` or `response`.
 */
export const KIMI_K3: SectionedFormat<'kimi-k3'> = {
  name: 'kimi-k3',
  detect: (template) => template.includes(OPEN) && template.includes('<|end_of_msg|>'),
  thoughts: { open: `${OPEN}think${END}`, close: `${CLOSE}think${END}${OPEN}response${END}` },
  sections: {
    opens: [OPEN, CLOSE],
    ends: [END],
    closes: ['<|end_of_msg|>'],
    beginsInHeader: false,
    mayBegin: (text) => mayBeTag(text, TAGS),
    route: ({ open, text }, calls) => {
      const tag = TAG.exec(text)?.[1] ?? ''
      if (!TAGS.includes(tag)) return undefined
      if (open !== OPEN) return 'framing'
      if (tag === 'think') return 'reasoning'
      if (tag === 'response') return 'content'
      if (tag !== 'call') return 'framing'
      if (!calls.isEnabled) return undefined
      return (raw, content) => new KimiK3Reader(calls, content, raw, text)
    },
  },
}

function mayBeTag(text: string, tags: readonly string[]): boolean {
  return tags.some((tag) => tag.startsWith(text) || text.startsWith(`${tag} `))
}

/** The value of an attribute, whose quotes and ampersands are escaped. */
function attribute(header: string, name: string): string | undefined {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(header)?.[1]
  return value?.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}

/** Reads a call, and those after it if it lacks its closing tag. A tag within a value that cannot end it is part of it. */
class KimiK3Reader extends CallsReader<'tag' | 'body' | 'value' | 'json' | 'lost'> {
  #name = ''
  #arguments: ArgumentWriter | undefined
  #json: JsonArguments | undefined
  /** The tag that is being read, which may turn out to be part of a value or of the next call, and the state before it. */
  #tag = ''
  #before: 'body' | 'value' | 'json' | 'lost' = 'body'

  /** `header`: the tag of the first call, without markers. */
  constructor(calls: Calls, content: ContentHost, raw: string, header: string) {
    super(calls, content, raw)
    this.#openCall(header)
  }

  protected get ownMarkers(): readonly string[] {
    return this.state === 'json' && this.#json?.status === 'open' ? NO_MARKERS : MARKERS
  }

  protected takeMarker(marker: string): boolean {
    if (!MARKERS.includes(marker)) return false
    if (this.state === 'tag') {
      if (marker === END) {
        this.#endTag(this.#tag + END)
        return true
      }
      this.#tagIsText()
    }
    if (this.isOver) return false
    if (marker === END) {
      this.#literal(marker)
      return true
    }
    this.#before = this.state as 'body'
    this.state = 'tag'
    this.#tag = marker
    return true
  }

  protected override endWith(rest: string, otherwise: MalformedReason): void {
    if (this.state === 'tag') {
      this.state = this.#before
      this.call.append(this.#tag)
    }
    super.endWith(rest, this.state === 'lost' ? 'invalid-json' : otherwise)
  }

  protected override fail(reason: MalformedReason): void {
    if (this.state === 'tag') this.call.append(this.#tag)
    super.fail(reason)
  }

  protected reportWhole(): boolean {
    const isJsonOver = this.state === 'json' && this.#json?.status === 'done'
    const isWhole = (this.state === 'body' || isJsonOver) && !this.calls.isCut
    if (isWhole) this.#finish()
    return isWhole
  }

  protected read(text: string): number {
    if (this.state === 'tag') return this.#readTag(text)
    if (this.state === 'json' && this.#json?.status === 'open') return this.#readJson(text)
    this.#literal(text)
    return text.length
  }

  /** Reads text, or a marker that is text. */
  #literal(text: string): void {
    this.call.append(text)
    if (this.state === 'value') this.#arguments?.text(text)
    // Surplus braces are ignored.
    else if (/[^\s}]/.test(text) || (this.state !== 'json' && text.includes('}'))) this.state = 'lost'
  }

  #readTag(text: string): number {
    const tag = this.#tag + text
    if (tag.length > MAX_HEADER_LENGTH || !mayBeTag(tag.slice(tag.indexOf('>') + 1), CALL_TAGS)) {
      this.#tagIsText()
      return 0
    }
    this.#tag = tag
    return text.length
  }

  #readJson(text: string): number {
    const json = this.#json as JsonArguments
    const read = json.read(text, 0)
    // An error where a marker may begin is not one if only closing brackets are missing.
    if (json.status === 'broken' && !(text[read] === '<' && json.close())) this.state = 'lost'
    return read
  }

  #tagIsText(): void {
    const tag = this.#tag
    this.#tag = ''
    this.state = this.#before
    this.#literal(tag)
  }

  #endTag(tag: string): void {
    const isOpen = tag.startsWith(OPEN)
    const header = tag.slice(isOpen ? OPEN.length : CLOSE.length, -END.length)
    const name = TAG.exec(header)?.[1] ?? ''
    this.state = this.#before
    if (isOpen && name === 'call') this.#nextCall(tag, header)
    else if (!isOpen && ['call', 'tools', 'message'].includes(name)) this.#close(tag, name)
    else if (this.state === 'value') this.#inValue(tag, isOpen, name)
    else if (this.state === 'json' && !isOpen && name === 'json') {
      // Control tokens end the JSON; nothing but brackets may be missing.
      this.#json?.close()
      this.#append(tag, this.#json?.status === 'done' ? 'body' : 'lost')
    } else if (this.state !== 'body' || !isOpen) this.#append(tag, 'lost')
    else if (name === 'argument') this.#openArgument(tag, header)
    else if (name === 'json' && !this.#arguments && !this.#json) {
      this.#append(tag, 'json')
      this.#json = new JsonArguments(this.call, this.#name)
    } else this.#append(tag, 'lost')
  }

  #inValue(tag: string, isOpen: boolean, name: string): void {
    if (isOpen || name !== 'argument') {
      this.#literal(tag)
      return
    }
    this.#arguments?.close()
    this.#append(tag, 'body')
  }

  #openArgument(tag: string, header: string): void {
    const key = attribute(header, 'key')
    if (key === undefined || this.#json) {
      this.#append(tag, 'lost')
      return
    }
    this.#arguments ??= new ArgumentWriter(this.call, this.calls.tools?.get(this.#name)?.parameters)
    const isString = attribute(header, 'type') === 'string'
    this.#arguments.open(key, isString ? { isString } : {})
    this.#append(tag, 'value')
  }

  /** The tag of the next call; the preceding one lacks its closing tag. */
  #nextCall(tag: string, header: string): void {
    this.#settle()
    this.call = new CallInProgress(this.calls, tag)
    this.#openCall(header)
  }

  /** A closing tag of a call, or of what contains it. */
  #close(tag: string, name: string): void {
    if (name === 'call') this.call.append(tag)
    this.#settle()
    if (name !== 'call') this.frame(tag)
    this.state = 'content'
    this.isOver = true
  }

  #openCall(header: string): void {
    this.#name = attribute(header, 'tool') ?? ''
    this.#arguments = undefined
    this.#json = undefined
    this.state = this.#name === '' ? 'lost' : 'body'
    if (this.#name !== '') this.call.begin(this.#name)
  }

  /** Reports the call, which may lack closing tags. */
  #settle(): void {
    if (this.state === 'value') this.#arguments?.close()
    const isJsonOpen = this.state === 'json' && this.#json?.status !== 'done'
    if (this.state === 'lost' || isJsonOpen) this.call.fail('invalid-json')
    else this.#finish()
  }

  #finish(): void {
    if (this.#json) this.#json.finish()
    else this.call.finish(this.#name, this.#arguments ? this.#arguments.finish() : {})
  }

  #append(tag: string, state: 'body' | 'value' | 'json' | 'lost'): void {
    this.call.append(tag)
    this.state = state
  }
}
