import { CallInProgress, type Calls } from '../call.js'
import type { Emit, MalformedReason } from '../events.js'
import { JsonArguments } from '../json-call.js'
import { leadingSpace } from '../json-scanner.js'
import { MAX_HEADER_LENGTH } from '../limits.js'
import { NO_MARKERS, type ReplyMachine } from '../machine.js'
import { TextChannel } from '../text-channel.js'

const START = '<|start|>'
const CHANNEL = '<|channel|>'
const CONSTRAIN = '<|constrain|>'
const MESSAGE = '<|message|>'
const ENDS: readonly string[] = ['<|end|>', '<|call|>', '<|return|>']
const ALL = [START, CHANNEL, CONSTRAIN, MESSAGE, ...ENDS]
const IN_MESSAGE = [START, CHANNEL, ...ENDS]

/** `to=functions.get_weather`, in the role's part of a header or in the channel's. */
const RECIPIENT = /(?:^|\s)to=([^\s<]+)/
const OWN_TOOLS = 'functions.'

/**
 * gpt-oss' Harmony: a reply is messages with headers, `<|channel|>name to=recipient <|constrain|>json<|message|>…<|end|>`,
 * with `<|start|>assistant` before all but the first. `analysis` is reasoning; a recipient makes a message a call, in
 * whatever channel; all else is content. Source: OpenAI's description of the format.
 */
export class HarmonyMachine implements ReplyMachine {
  readonly #emit: Emit
  readonly #calls: Calls
  readonly #content: TextChannel
  readonly #reasoning: TextChannel
  /** Of the message at hand: what stands before its text, with markers. */
  #header = ''
  #channel = ''
  #place: 'header' | 'content' | 'reasoning' | 'call' = 'header'
  #isInChannel = false
  #message: HarmonyCall | undefined

  constructor(emit: Emit, calls: Calls) {
    this.#emit = emit
    this.#calls = calls
    this.#content = new TextChannel(emit, 'content')
    this.#reasoning = new TextChannel(emit, 'reasoning', { afterMarker: true })
  }

  get isReasoning(): boolean {
    return this.#place === 'reasoning'
  }

  get markers(): readonly string[] {
    if (this.#place === 'header') return ALL
    return this.#message ? this.#message.markers : IN_MESSAGE
  }

  text(text: string): number {
    switch (this.#place) {
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
    if (this.#place === 'header') return this.#inHeader(marker)
    if (marker === MESSAGE || marker === CONSTRAIN) return false
    if (ENDS.includes(marker)) this.#close(marker)
    else {
      // The message before has not been ended.
      this.#close('')
      this.#inHeader(marker)
    }
    return true
  }

  end(rest: string): void {
    if (this.#message) this.#message.end('incomplete', rest)
    else this.text(rest)
    this.#message = undefined
    if (this.#place === 'header') {
      // A bare role says nothing; a header that a text has taken the place of does.
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
      this.#message = new HarmonyCall(this.#calls, header, name)
      this.#place = 'call'
      return
    }
    this.#frame(header)
    this.#place = channel === 'analysis' ? 'reasoning' : 'content'
  }

  #readCall(text: string): number {
    const message = this.#message as HarmonyCall
    const read = message.text(text)
    if (message.isOver) {
      this.#message = undefined
      this.#place = 'content'
    }
    return read
  }

  #close(marker: string): void {
    if (this.#message) this.#message.end('invalid-json', marker)
    else {
      if (this.#place === 'reasoning') this.#reasoning.close()
      else this.#content.close()
      if (marker !== '') this.#frame(marker)
    }
    this.#message = undefined
    this.#place = 'header'
    this.#isInChannel = false
  }

  /** No header is that long: the model has answered without one. */
  #readHeaderAsContent(): void {
    this.#content.push(this.#header)
    this.#header = ''
    this.#place = 'content'
  }

  #frame(text: string): void {
    if (text !== '') this.#emit({ type: 'framing', text })
  }
}

/** The tool that a message goes to. */
function recipientOf(header: string): string | undefined {
  const recipient = RECIPIENT.exec(header.replaceAll(/<\|[a-z]+\|>/g, ' '))?.[1]
  return recipient === 'assistant' ? undefined : recipient
}

/** A message to a tool. Its arguments are JSON, perhaps in a Markdown fence; within them no marker counts unless it is a control token. */
class HarmonyCall {
  isOver = false
  readonly #call: CallInProgress
  readonly #json: JsonArguments
  #place: 'head' | 'fence' | 'json' | 'tail' = 'head'
  #isBroken = false

  constructor(calls: Calls, header: string, name: string) {
    this.#call = new CallInProgress(calls, header)
    this.#json = new JsonArguments(this.#call, name)
  }

  get markers(): readonly string[] {
    return this.#place === 'tail' ? IN_MESSAGE : NO_MARKERS
  }

  text(text: string): number {
    const read = this.#read(text)
    if (this.#call.isTooLong) this.#fail('too-long')
    return read
  }

  /** It has ended: with `text`, a marker or half of one. */
  end(otherwise: MalformedReason, text: string): void {
    this.#call.append(text)
    if (this.#json.isEmpty && !this.#isBroken && ENDS.includes(text)) {
      this.#json.fillEmpty()
      this.#place = 'tail'
    }
    const isJsonOver = this.#place === 'tail'
    if (this.#isBroken || (isJsonOver && this.#json.isEmpty)) this.#fail('invalid-json')
    else if (!isJsonOver) this.#fail(otherwise)
    else this.#json.finish()
  }

  #read(text: string): number {
    switch (this.#place) {
      case 'head': {
        const spaces = leadingSpace(text)
        if (spaces < text.length) this.#place = text[spaces] === '`' ? 'fence' : 'json'
        this.#call.append(text.slice(0, spaces))
        return spaces
      }
      case 'fence': {
        const read = /^[`a-z0-9]*/i.exec(text)?.[0].length ?? 0
        if (read < text.length) this.#place = 'json'
        this.#call.append(text.slice(0, read))
        return read
      }
      case 'json': {
        const read = this.#json.read(text, 0)
        if (this.#json.status !== 'open') this.#place = 'tail'
        // A marker where the JSON would begin breaks it, too.
        this.#isBroken = this.#json.status === 'broken' && !this.#json.isEmpty
        return read
      }
      default:
        // A brace too many does no harm, nor does the end of a fence.
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
