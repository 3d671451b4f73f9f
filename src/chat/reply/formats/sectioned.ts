import { CallInProgress, type Calls } from '../call.js'
import type { ToolDialect } from '../dialect.js'
import type { Emit } from '../events.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallReader, type MarkerOrigin, NO_MARKERS, type ReplyMachine } from '../machine.js'
import type { SectionStyle } from '../sections.js'
import { TextChannel } from '../text-channel.js'

/** A reply of sections with headers; see `SectionStyle`. Text where a header may be, but that is not one, is content. */
export class SectionedMachine implements ReplyMachine {
  readonly #emit: Emit
  readonly #calls: Calls
  readonly #style: SectionStyle
  readonly #dialect: ToolDialect | undefined
  readonly #content: TextChannel
  readonly #reasoning: TextChannel
  readonly #inHeader: readonly string[]
  readonly #inContent: readonly string[]
  readonly #inReasoning: readonly string[]
  #state: 'header' | 'content' | 'reasoning'
  /** The state before the header. */
  #before: 'content' | 'reasoning' = 'content'
  /** The marker that opened the header. */
  #open = ''
  #header = ''
  #reader: CallReader | undefined

  /** `dialect`: for calls within content. */
  constructor(emit: Emit, calls: Calls, style: SectionStyle, dialect: ToolDialect | undefined) {
    this.#emit = emit
    this.#calls = calls
    this.#style = style
    this.#dialect = calls.isEnabled ? dialect : undefined
    this.#content = new TextChannel(emit, 'content')
    this.#reasoning = new TextChannel(emit, 'reasoning', { afterMarker: true })
    const { opens, ends, closes } = style
    this.#inHeader = [...opens, ...ends, ...closes]
    this.#inReasoning = [...opens, ...closes]
    this.#inContent = [...this.#inReasoning, ...(this.#dialect?.opens ?? NO_MARKERS)]
    this.#state = style.beginsInHeader ? 'header' : 'content'
  }

  get isReasoning(): boolean {
    return this.#state === 'reasoning'
  }

  get header(): string | undefined {
    return this.#state === 'header' && !this.#reader ? this.#open + this.#header : undefined
  }

  get markers(): readonly string[] {
    if (this.#reader) return this.#reader.markers
    if (this.#state === 'header') return this.#inHeader
    return this.#state === 'reasoning' ? this.#inReasoning : this.#inContent
  }

  text(text: string): number {
    if (this.#reader) {
      const read = this.#reader.text(text)
      if (this.#reader.isOver) this.#reader = undefined
      return read
    }
    if (this.#state === 'header') {
      const header = this.#header + text
      if (header.length <= MAX_HEADER_LENGTH && this.#style.mayBegin(header)) {
        this.#header = header
        return text.length
      }
      this.#headerIsText()
      return 0
    }
    this.#channel(this.#state).push(text)
    return text.length
  }

  marker(marker: string, { isControl }: MarkerOrigin): boolean {
    const { opens, ends, closes } = this.#style
    if (this.#reader) {
      const isTaken = this.#reader.marker(marker)
      // A control token for the next section ends a call, however incomplete.
      const isCut = isControl && !isTaken && (opens.includes(marker) || closes.includes(marker))
      if (isCut && !this.#reader.isOver) this.#reader.end('')
      if (isCut || this.#reader.isOver) this.#reader = undefined
      if (isTaken || this.#reader) return isTaken
    }
    if (this.#state === 'header' && ends.includes(marker)) return this.#endHeader(marker)
    if (opens.includes(marker) || closes.includes(marker)) {
      if (this.#state === 'header') this.#dropHeader()
      else this.#before = this.#state
      this.#state = 'header'
      this.#header = ''
      this.#open = ''
      if (opens.includes(marker)) this.#open = marker
      else this.#closeSection(marker)
      return true
    }
    if (this.#state !== 'content' || !this.#dialect?.opens.includes(marker)) return false
    this.#content.close()
    this.#reader = this.#dialect.reader(this.#calls, marker, this.#content)
    return true
  }

  end(rest: string): void {
    if (this.#reader) this.#reader.end(rest)
    else for (let at = 0; at < rest.length; ) at += this.text(rest.slice(at))
    this.#reader = undefined
    if (this.#state === 'header') this.#dropHeader()
    this.#reasoning.end()
    this.#content.end()
  }

  #endHeader(end: string): boolean {
    const header = { open: this.#open, text: this.#header, end }
    const route = this.#style.route(header, this.#calls)
    if (route === undefined) {
      this.#headerIsText()
      return false
    }
    const raw = header.open + header.text
    this.#header = this.#open = ''
    this.#channel(this.#before).close()
    this.#state = route === 'reasoning' ? route : 'content'
    if (typeof route === 'function') {
      // After a call, content continues.
      this.#content.close()
      this.#reader = route(raw + end, this.#content)
    } else if (route === 'dialect' && this.#dialect) {
      this.#frame(raw)
      this.#content.close()
      this.#reader = this.#dialect.reader(this.#calls, end, this.#content)
    } else this.#frame(raw + end)
    return true
  }

  /** The header never ended: it is framing, a call without arguments, or text. */
  #dropHeader(): void {
    const header = { open: this.#open, text: this.#header, end: '' }
    const raw = header.open + header.text
    const isEmpty = header.text.trim() === ''
    const route = isEmpty ? 'framing' : this.#style.route(header, this.#calls)
    if (route === undefined) {
      this.#headerIsText()
      return
    }
    this.#header = this.#open = ''
    this.#channel(this.#before).close()
    this.#before = 'content'
    if (typeof route === 'function') new CallInProgress(this.#calls, raw).fail('incomplete')
    else this.#frame(raw)
  }

  /** What seemed to be a header is text of the section before it. */
  #headerIsText(): void {
    this.#state = this.#before
    this.#channel(this.#before).push(this.#open + this.#header)
    this.#header = this.#open = ''
  }

  #closeSection(marker: string): void {
    this.#channel(this.#before).close()
    this.#before = 'content'
    this.#frame(marker)
  }

  #channel(state: 'content' | 'reasoning'): TextChannel {
    return state === 'reasoning' ? this.#reasoning : this.#content
  }

  #frame(text: string): void {
    if (text !== '') this.#emit({ type: 'framing', text })
  }
}
