import { isRecord } from '../../checks.js'
import { toOpaque } from '../request/opaque.js'
import type { CallPart, ReplyPart } from '../service/replies.js'

/** An event of a stream. Its `type` names it. */
export interface MessageEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** A block while it is written: what it has become so far. */
interface OpenBlock {
  readonly kind: 'thinking' | 'text' | 'call'
  /** The number of a call in its reply. */
  readonly call?: number
  /** As it begins. */
  readonly begin: object
  text: string
}

/** The content of a message, put together from the parts of a reply, with the events that report it. */
export class Blocks {
  readonly #omitsThinking: boolean
  readonly #done: object[] = []
  #open: OpenBlock | undefined

  constructor({ omitsThinking }: { readonly omitsThinking: boolean }) {
    this.#omitsThinking = omitsThinking
  }

  /** The finished blocks. */
  get content(): readonly object[] {
    return this.#done
  }

  /** Adds a part. */
  *take({ reasoning, content, calls }: ReplyPart): Generator<MessageEvent> {
    if (reasoning !== '') {
      if (this.#open?.kind !== 'thinking') yield* this.#begin(thinkingBlock())
      this.#open!.text += reasoning
      if (!this.#omitsThinking) yield this.#delta({ type: 'thinking_delta', thinking: reasoning })
    }
    if (content !== '') {
      if (this.#open?.kind !== 'text') yield* this.#begin(textBlock())
      this.#open!.text += content
      yield this.#delta({ type: 'text_delta', text: content })
    }
    for (const call of calls) yield* this.#call(call)
  }

  /** Ends the last block. */
  *end(): Generator<MessageEvent> {
    const block = this.#open
    if (!block) return
    if (block.kind === 'thinking') {
      yield this.#delta({ type: 'signature_delta', signature: this.#signature(block) })
    }
    yield { type: 'content_block_stop', index: this.#done.length }
    this.#done.push(this.#finished(block))
    this.#open = undefined
  }

  *#call({ begins, index, argumentsText, isLast }: CallPart): Generator<MessageEvent> {
    if (begins) yield* this.#begin(callBlock(index, begins))
    // What follows of a call that something else has ended is lost.
    if (this.#open?.call !== index) return
    this.#open.text += argumentsText
    if (argumentsText !== '') yield this.#delta({ type: 'input_json_delta', partial_json: argumentsText })
    if (isLast) yield* this.end()
  }

  *#begin(block: OpenBlock): Generator<MessageEvent> {
    yield* this.end()
    this.#open = block
    yield { type: 'content_block_start', index: this.#done.length, content_block: block.begin }
  }

  #delta(delta: object): MessageEvent {
    return { type: 'content_block_delta', index: this.#done.length, delta }
  }

  #finished(block: OpenBlock): object {
    const { kind, begin, text } = block
    if (kind === 'text') return { ...begin, text }
    if (kind === 'call') return { ...begin, input: inputOf(text) }
    return { ...begin, thinking: this.#omitsThinking ? '' : text, signature: this.#signature(block) }
  }

  /** A thought that is left out is in its signature, so that it comes back with the next request. */
  #signature({ text }: OpenBlock): string {
    return toOpaque(this.#omitsThinking ? text : '')
  }
}

function thinkingBlock(): OpenBlock {
  return { kind: 'thinking', begin: { type: 'thinking', thinking: '', signature: '' }, text: '' }
}

function textBlock(): OpenBlock {
  return { kind: 'text', begin: { type: 'text', text: '', citations: null }, text: '' }
}

function callBlock(call: number, { id, name }: NonNullable<CallPart['begins']>): OpenBlock {
  const begin = { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } }
  return { kind: 'call', call, begin, text: '' }
}

/** The arguments of a call; none if the reply was cut within them. */
function inputOf(text: string): object {
  try {
    const input: unknown = JSON.parse(text === '' ? '{}' : text)
    return isRecord(input) ? input : {}
  } catch {
    return {}
  }
}
