import type { ReplyEvent, SessionStats, StopReason } from 'dasllama'
import { element } from '../app/dom.js'
import { digits, whole } from '../app/format.js'
import { StreamedText } from '../app/streamed-text.js'
import { CallView } from './call-view.js'

const REASONS: Readonly<Partial<Record<StopReason, string>>> = {
  length: 'cut: the most tokens of a reply',
  context: 'cut: the context is full',
  abort: 'stopped',
}

/** A reply in its parts, as they arrive. */
export class ReplyView {
  readonly element = element('article', { class: 'message is-reply', 'aria-label': 'Reply' })
  readonly #onGrow: () => void
  readonly #calls = new Map<number, CallView>()
  readonly #texts: StreamedText[] = []
  /** The part that text of this type continues. */
  #open: { readonly type: 'reasoning' | 'content'; readonly text: StreamedText } | undefined
  #reasoning: ReasoningView | undefined

  constructor(onGrow: () => void) {
    this.#onGrow = onGrow
    this.element.append(element('span', { class: 'waiting', 'aria-hidden': 'true' }))
  }

  take(event: ReplyEvent): void {
    this.element.querySelector(':scope > .waiting')?.remove()
    if (event.type === 'reasoning') this.#textOf('reasoning').append(event.text)
    else {
      this.#reasoning?.close()
      if (event.type === 'content') this.#textOf('content').append(event.text)
      else this.#takeCall(event)
    }
  }

  /** The view of a call, where its result is shown. */
  call(index: number): CallView {
    return this.#calls.get(index)!
  }

  finish(stats: SessionStats, stopReason: StopReason | undefined): void {
    this.element.querySelector(':scope > .waiting')?.remove()
    this.#reasoning?.close()
    for (const text of this.#texts) text.flush()
    this.element.append(element('p', { class: 'reply-stats hint' }, describe(stats, stopReason)))
    this.#onGrow()
  }

  #textOf(type: 'reasoning' | 'content'): StreamedText {
    if (this.#open?.type === type) return this.#open.text
    const text = new StreamedText(this.#onGrow, {
      className: type === 'content' ? 'reply-text' : '',
      isTrimmed: true,
    })
    this.#texts.push(text)
    this.#open = { type, text }
    if (type === 'reasoning') {
      this.#reasoning = new ReasoningView(text)
      this.element.append(this.#reasoning.element)
    } else this.element.append(text.element)
    return text
  }

  #takeCall(event: Exclude<ReplyEvent, { type: 'reasoning' | 'content' }>): void {
    this.#open = undefined
    if (event.type === 'malformed-tool-call') {
      const begun = event.index === undefined ? undefined : this.#calls.get(event.index)
      const view = begun ?? this.#newCall('')
      view.showMalformed(event.text, event.reason)
      return
    }
    const view =
      this.#calls.get(event.index) ?? this.#newCall(event.type === 'tool-call-delta' ? '' : nameOf(event))
    this.#calls.set(event.index, view)
    if (event.type === 'tool-call-delta') view.appendArguments(event.argumentsText)
    if (event.type === 'tool-call') view.showArguments(event.call.arguments, event.problems)
  }

  #newCall(name: string): CallView {
    const view = new CallView(name, this.#onGrow)
    this.element.append(view.element)
    return view
  }
}

function nameOf(event: Extract<ReplyEvent, { type: 'tool-call-start' | 'tool-call' }>): string {
  return event.type === 'tool-call' ? event.call.name : event.name
}

/** Open while the model thinks, then closed. */
class ReasoningView {
  readonly element: HTMLDetailsElement
  readonly #summary = element('summary', {}, 'Thinking …')
  readonly #text: StreamedText
  #isClosed = false

  constructor(text: StreamedText) {
    this.#text = text
    this.element = element('details', { class: 'reasoning', open: true }, this.#summary, text.element)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#text.flush()
    const words = this.#text.element.textContent?.trim().split(/\s+/).length ?? 0
    this.#summary.textContent = `Reasoning · ${whole(words)} ${words === 1 ? 'word' : 'words'}`
    this.element.open = false
  }
}

function describe(
  { nGen, genTps, ttftMs, nPrompt, nCached }: SessionStats,
  stopReason: StopReason | undefined,
): string {
  const parts = [`${whole(nGen)} ${nGen === 1 ? 'token' : 'tokens'}`]
  if (genTps > 0) parts.push(`${digits(genTps)} per second`)
  parts.push(`first after ${Math.round(ttftMs)} ms`)
  parts.push(`prompt of ${whole(nPrompt + nCached)}${nCached > 0 ? `, ${whole(nCached)} cached` : ''}`)
  const reason = stopReason && REASONS[stopReason]
  if (reason) parts.push(reason)
  return parts.join(' · ')
}
