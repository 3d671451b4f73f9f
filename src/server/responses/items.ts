import { toOpaque } from '../request/opaque.js'
import type { ReasoningDelivery } from './request.js'
import type { FunctionName } from './tools.js'

/** An event about an item. Its `type` names it, also in the stream. */
export interface ItemEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** Whether an item is being written, complete, or was cut. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

/** An item of a response's output while it is written. */
export interface OutputItem {
  readonly kind: 'reasoning' | 'message' | 'call'
  /** The events between the one that adds the item and its first text. */
  opened(): readonly ItemEvent[]
  /** The events between its last text and the one that ends the item. */
  closed(): readonly ItemEvent[]
  /** The item as it is now. */
  json(status: ItemStatus): object
}

/** What the model says. */
export class MessageItem implements OutputItem {
  readonly kind = 'message'
  readonly #at = { item_id: newId('msg'), content_index: 0 }
  readonly #logprobs: unknown[] = []
  #text = ''

  /** `logprobs`: the entries of the tokens of the text; none if they are not wanted. */
  add(delta: string, logprobs: readonly unknown[]): ItemEvent {
    this.#text += delta
    this.#logprobs.push(...logprobs)
    return { type: 'response.output_text.delta', ...this.#at, delta, logprobs }
  }

  opened(): readonly ItemEvent[] {
    return [{ type: 'response.content_part.added', ...this.#at, part: this.#part() }]
  }

  closed(): readonly ItemEvent[] {
    const part = this.#part()
    const { text, logprobs } = part
    return [
      { type: 'response.output_text.done', ...this.#at, text, logprobs },
      { type: 'response.content_part.done', ...this.#at, part },
    ]
  }

  json(status: ItemStatus): object {
    const content = status === 'in_progress' ? [] : [this.#part()]
    return { id: this.#at.item_id, type: 'message', status, role: 'assistant', content }
  }

  #part() {
    return { type: 'output_text', text: this.#text, annotations: [], logprobs: [...this.#logprobs] }
  }
}

/** What the model thinks: the content of the item, or its summary. */
export class ReasoningItem implements OutputItem {
  readonly kind = 'reasoning'
  readonly #id = newId('rs')
  readonly #delivery: ReasoningDelivery
  #text = ''

  constructor(delivery: ReasoningDelivery) {
    this.#delivery = delivery
  }

  add(delta: string): ItemEvent {
    this.#text += delta
    const type = this.#isSummary ? 'response.reasoning_summary_text.delta' : 'response.reasoning_text.delta'
    return { type, ...this.#at, delta }
  }

  opened(): readonly ItemEvent[] {
    const type = this.#isSummary ? 'response.reasoning_summary_part.added' : 'response.content_part.added'
    return [{ type, ...this.#at, part: this.#part() }]
  }

  closed(): readonly ItemEvent[] {
    const [text, part] = this.#isSummary
      ? ['response.reasoning_summary_text.done', 'response.reasoning_summary_part.done']
      : ['response.reasoning_text.done', 'response.content_part.done']
    return [
      { type: text, ...this.#at, text: this.#text },
      { type: part, ...this.#at, part: this.#part() },
    ]
  }

  json(status: ItemStatus): object {
    const parts = status === 'in_progress' ? [] : [this.#part()]
    return {
      id: this.#id,
      type: 'reasoning',
      status,
      summary: this.#isSummary ? parts : [],
      ...(!this.#isSummary && { content: parts }),
      ...(this.#delivery.isPacked && {
        encrypted_content: status === 'in_progress' ? '' : toOpaque(this.#text),
      }),
    }
  }

  get #isSummary(): boolean {
    return this.#delivery.asSummary
  }

  get #at(): object {
    return { item_id: this.#id, ...(this.#isSummary ? { summary_index: 0 } : { content_index: 0 }) }
  }

  #part(): object {
    return { type: this.#isSummary ? 'summary_text' : 'reasoning_text', text: this.#text }
  }
}

/** A call of a function. */
export class CallItem implements OutputItem {
  readonly kind = 'call'
  /** The number of the call in its reply. */
  readonly index: number
  readonly #at = { item_id: newId('fc') }
  readonly #called: FunctionName & { readonly call_id: string }
  #arguments = ''

  /** `index`: the number of the call in its reply. */
  constructor(index: number, callId: string, name: FunctionName) {
    this.index = index
    this.#called = { call_id: callId, ...name }
  }

  add(delta: string): ItemEvent {
    this.#arguments += delta
    return { type: 'response.function_call_arguments.delta', ...this.#at, delta }
  }

  opened(): readonly ItemEvent[] {
    return []
  }

  closed(): readonly ItemEvent[] {
    return [{ type: 'response.function_call_arguments.done', ...this.#at, arguments: this.#arguments }]
  }

  json(status: ItemStatus): object {
    return {
      id: this.#at.item_id,
      type: 'function_call',
      status,
      ...this.#called,
      arguments: this.#arguments,
    }
  }
}

function newId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll('-', '')}`
}
