import type { CallChunk, Chunk, Usage } from './chunk.js'
import { element } from './dom.js'
import { digits, whole } from './format.js'

const REASONS: Readonly<Record<string, string>> = {
  length: 'cut at the most tokens',
  tool_calls: 'waits for the result of a call',
}

/** A reply in its parts, as they arrive. */
export class ReplyView {
  readonly element = element('article', { class: 'message is-reply', 'aria-label': 'Reply' })
  readonly #waiting = element('span', { class: 'waiting', 'aria-hidden': 'true' })
  readonly #calls = new Map<number, Text>()
  readonly #since = performance.now()
  #firstAt: number | undefined
  #lastAt = 0
  #reasoning: HTMLDetailsElement | undefined
  /** What text continues, and of which kind it is. */
  #open: { readonly kind: 'reasoning' | 'content'; readonly text: Text } | undefined
  #finish: string | undefined
  #usage: Usage | undefined
  /** The reply's text, for the next request. */
  content = ''

  constructor() {
    this.element.append(this.#waiting)
  }

  /** Whether anything has arrived that can be seen. */
  get isEmpty(): boolean {
    return this.#firstAt === undefined
  }

  take({ reasoning, content, calls, finish, usage }: Chunk): void {
    if (reasoning + content !== '' || calls.length > 0) {
      this.#lastAt = performance.now()
      this.#firstAt ??= this.#lastAt
      this.#waiting.remove()
    }
    this.#append('reasoning', reasoning)
    this.#append('content', content)
    this.content += content
    for (const call of calls) this.#takeCall(call)
    this.#finish = finish ?? this.#finish
    this.#usage = usage ?? this.#usage
  }

  /** No more arrives. `failure`: why the reply is not complete. */
  end({
    isStopped = false,
    failure,
  }: {
    readonly isStopped?: boolean
    readonly failure?: string
  } = {}): void {
    this.#waiting.remove()
    this.#closeReasoning()
    if (failure !== undefined) this.element.append(element('p', { class: 'failure' }, failure))
    const parts = [...this.#counts(), isStopped ? 'stopped' : REASONS[this.#finish ?? '']]
    const text = parts.filter((part) => part !== undefined).join(' · ')
    if (text !== '') this.element.append(element('p', { class: 'reply-stats quiet' }, text))
  }

  #counts(): string[] {
    if (this.#firstAt === undefined) return []
    const first = `first after ${whole(this.#firstAt - this.#since)} ms`
    if (!this.#usage) return [first]
    const { promptTokens, cachedTokens, completionTokens } = this.#usage
    const seconds = (this.#lastAt - this.#firstAt) / 1000
    const speed = seconds > 0 ? [`${digits((completionTokens - 1) / seconds)} per second`] : []
    const cached = cachedTokens > 0 ? `, ${whole(cachedTokens)} cached` : ''
    const tokens = completionTokens === 1 ? '1 token' : `${whole(completionTokens)} tokens`
    return [tokens, ...speed, first, `prompt of ${whole(promptTokens)}${cached}`]
  }

  /** Without white space at the beginning of a part. */
  #append(kind: 'reasoning' | 'content', piece: string): void {
    const text = this.#open?.kind === kind ? piece : piece.trimStart()
    if (text !== '') this.#textOf(kind).appendData(text)
  }

  #textOf(kind: 'reasoning' | 'content'): Text {
    if (this.#open?.kind === kind) return this.#open.text
    this.#closeReasoning()
    const text = document.createTextNode('')
    const shown = element('div', { class: kind === 'content' ? 'text reply-text' : 'text' }, text)
    if (kind === 'content') this.element.append(shown)
    else {
      this.#reasoning = element(
        'details',
        { class: 'reasoning', open: true },
        element('summary', {}, 'Thinking …'),
        shown,
      )
      this.element.append(this.#reasoning)
    }
    this.#open = { kind, text }
    return text
  }

  #closeReasoning(): void {
    if (!this.#reasoning) return
    this.#reasoning.open = false
    this.#reasoning.querySelector('summary')!.textContent = 'Reasoning'
    this.#reasoning = undefined
  }

  #takeCall({ index, name, argumentsText }: CallChunk): void {
    let text = this.#calls.get(index)
    if (!text) {
      this.#closeReasoning()
      this.#open = undefined
      text = document.createTextNode('')
      this.#calls.set(index, text)
      this.element.append(
        element(
          'div',
          { class: 'tool-call' },
          element('p', {}, 'Calls ', element('code', {}, name)),
          element('div', { class: 'text code' }, text),
        ),
      )
    }
    text.appendData(argumentsText)
  }
}
