import { CallInProgress, type Calls } from '../call.js'
import type { Emit, MalformedReason } from '../events.js'
import { JsonArguments } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { type CallProbe, type CallReader, NO_MARKERS, type ReplyMachine } from '../machine.js'
import { TextChannel } from '../text-channel.js'

const START = '<|start|>'
const CHANNEL = '<|channel|>'
const CONSTRAIN = '<|constrain|>'
const MESSAGE = '<|message|>'
const ENDS: readonly string[] = ['<|end|>', '<|call|>', '<|return|>']
const ALL = [START, CHANNEL, CONSTRAIN, MESSAGE, ...ENDS]
const IN_MESSAGE = [START, CHANNEL, ...ENDS]

/** `to=functions.get_weather`, in the role or in the channel of a header. */
const RECIPIENT = /(?:^|\s)to=([^\s<]+)/
const OWN_TOOLS = 'functions.'

/**
 * gpt-oss' Harmony: a reply consists of messages with headers, `<|channel|>name to=recipient <|constrain|>json<|message|>…<|end|>`,
 * with `<|start|>assistant` before all but the first. `analysis` is reasoning; a message with a recipient is a call, in any
 * channel; everything else is content. Source: OpenAI's description of the format.
 */
export class HarmonyMachine implements ReplyMachine {
  readonly #emit: Emit
  readonly #calls: Calls
  readonly #content: TextChannel
  readonly #reasoning: TextChannel
  /** The header of the current message, with markers. */
  #header = ''
  #channel = ''
  #state: 'header' | 'content' | 'reasoning' | 'call' = 'header'
  #isInChannel = false
  #message: HarmonyMessage | undefined
  readonly #probe: CallProbe | undefined

  /** `probe`: reads calls instead, from their recipient on. */
  constructor(emit: Emit, calls: Calls, probe?: CallProbe) {
    this.#probe = probe
    this.#emit = emit
    this.#calls = calls
    this.#content = new TextChannel(emit, 'content')
    this.#reasoning = new TextChannel(emit, 'reasoning', { afterMarker: true })
  }

  get isReasoning(): boolean {
    return this.#state === 'reasoning'
  }

  get header(): string | undefined {
    return this.#state === 'header' ? this.#header : undefined
  }

  get markers(): readonly string[] {
    if (this.#state === 'header') return ALL
    return this.#message ? this.#message.markers : IN_MESSAGE
  }

  text(text: string): number {
    switch (this.#state) {
      case 'header':
        this.#header += text
        if (this.#isInChannel) this.#channel += text
        if (this.#header.length > MAX_HEADER_LENGTH) this.#readHeaderAsContent()
        return text.length
      case 'reasoning':
        this.#reasoning.push(text)
        return text.length
      case 'content':
        this.#content.push(text)
        return text.length
      default:
        return this.#readCall(text)
    }
  }

  marker(marker: string): boolean {
    if (!ALL.includes(marker)) return false
    if (this.#state === 'header') return this.#inHeader(marker)
    if (marker === MESSAGE || marker === CONSTRAIN) return false
    if (ENDS.includes(marker)) this.#close(marker)
    else {
      // The preceding message has no end marker.
      this.#close('')
      this.#inHeader(marker)
    }
    return true
  }

  end(rest: string): void {
    if (this.#message) this.#message.end('incomplete', rest)
    else this.text(rest)
    this.#message = undefined
    if (this.#state === 'header') {
      // A bare role is framing; any other text without markers is content.
      if (recipientOf(this.#header)) new CallInProgress(this.#calls, this.#header).fail('incomplete')
      else if (this.#header.includes('<|') || /^\s*(assistant)?\s*$/.test(this.#header))
        this.#frame(this.#header)
      else this.#content.push(this.#header)
      this.#header = ''
    }
    this.#reasoning.end()
    this.#content.end()
  }

  #inHeader(marker: string): boolean {
    if (ENDS.includes(marker)) {
      this.#frame(this.#header + marker)
      this.#header = ''
      return true
    }
    this.#header += marker
    this.#isInChannel = marker === CHANNEL
    if (this.#isInChannel) this.#channel = ''
    if (marker === MESSAGE) this.#open()
    return true
  }

  #open(): void {
    const recipient = recipientOf(this.#header)
    const channel = this.#channel.trim().split(/\s/)[0]
    const header = this.#header
    this.#header = ''
    this.#channel = ''
    if (recipient !== undefined) {
      const name = recipient.startsWith(OWN_TOOLS) ? recipient.slice(OWN_TOOLS.length) : recipient
      this.#message = this.#probe
        ? probedMessage(this.#probe(` to=${OWN_TOOLS}${name}${MESSAGE}`, this.#content))
        : new HarmonyCall(this.#calls, header, name)
      this.#state = 'call'
      return
    }
    this.#frame(header)
    this.#state = channel === 'analysis' ? 'reasoning' : 'content'
  }

  #readCall(text: string): number {
    const message = this.#message as HarmonyMessage
    const read = message.text(text)
    if (message.isOver) {
      this.#message = undefined
      this.#state = 'content'
    }
    return read
  }

  #close(marker: string): void {
    if (this.#message) this.#message.end('invalid-json', marker)
    else {
      if (this.#state === 'reasoning') this.#reasoning.close()
      else this.#content.close()
      if (marker !== '') this.#frame(marker)
    }
    this.#message = undefined
    this.#state = 'header'
    this.#isInChannel = false
  }

  /** No header is that long, so the model has answered without one. */
  #readHeaderAsContent(): void {
    this.#content.push(this.#header)
    this.#header = ''
    this.#state = 'content'
  }

  #frame(text: string): void {
    if (text !== '') this.#emit({ type: 'framing', text })
  }
}

/** What reads a message to a tool. */
type HarmonyMessage = Pick<HarmonyCall, 'isOver' | 'markers' | 'text' | 'end'>

function probedMessage(reader: CallReader): HarmonyMessage {
  return {
    get isOver() {
      return reader.isOver
    },
    get markers() {
      return reader.markers
    },
    text: (text) => reader.text(text),
    end: (_, text) => reader.end(text),
  }
}

/** The tool that a message goes to. */
function recipientOf(header: string): string | undefined {
  const recipient = RECIPIENT.exec(header.replaceAll(/<\|[a-z]+\|>/g, ' '))?.[1]
  return recipient === 'assistant' ? undefined : recipient
}

/** A message to a tool. Its arguments are JSON, possibly in a Markdown fence, in which only control tokens count as markers. */
class HarmonyCall {
  isOver = false
  readonly #call: CallInProgress
  readonly #json: JsonArguments
  #state: 'head' | 'fence' | 'json' | 'tail' = 'head'
  #isBroken = false

  constructor(calls: Calls, header: string, name: string) {
    this.#call = new CallInProgress(calls, header)
    this.#json = new JsonArguments(this.#call, name)
  }

  get markers(): readonly string[] {
    return this.#state === 'tail' ? IN_MESSAGE : NO_MARKERS
  }

  text(text: string): number {
    const read = this.#read(text)
    if (this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  /** The message has ended with `text`, a marker or part of one. */
  end(otherwise: MalformedReason, text: string): void {
    this.#call.append(text)
    if (this.#json.isEmpty && !this.#isBroken && ENDS.includes(text)) {
      this.#json.fillEmpty()
      this.#state = 'tail'
    }
    const isJsonOver = this.#state === 'tail'
    if (this.#isBroken || (isJsonOver && this.#json.isEmpty)) this.#fail('invalid-json')
    else if (!isJsonOver) this.#fail(otherwise)
    else this.#json.finish()
  }

  #read(text: string): number {
    switch (this.#state) {
      case 'head': {
        const spaces = leadingSpace(text)
        if (spaces < text.length) this.#state = text[spaces] === '`' ? 'fence' : 'json'
        this.#call.append(text.slice(0, spaces))
        return spaces
      }
      case 'fence': {
        const read = /^[`a-z0-9]*/i.exec(text)?.[0].length ?? 0
        if (read < text.length) this.#state = 'json'
        this.#call.append(text.slice(0, read))
        return read
      }
      case 'json': {
        const read = this.#json.read(text, 0)
        if (this.#json.status !== 'open') this.#state = 'tail'
        // A marker where the JSON would begin also breaks it, but then there are no arguments.
        this.#isBroken = this.#json.status === 'broken' && !this.#json.isEmpty
        return read
      }
      default:
        // Surplus braces and the end of a fence are ignored.
        this.#call.append(text)
        if (/[^\s}`]/.test(text)) this.#isBroken = true
        return text.length
    }
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.#call.fail(reason)
  }
}
