import type { ReplyPart } from '../service/replies.js'
import {
  CallItem,
  type ItemEvent,
  type ItemStatus,
  MessageItem,
  type OutputItem,
  ReasoningItem,
} from './items.js'
import type { ReasoningDelivery } from './request.js'
import type { FunctionName } from './tools.js'

/** How a reply becomes the output of a response. */
export interface OutputOptions {
  readonly reasoning: ReasoningDelivery
  /** How the response names a function that the model has called. */
  readonly nameOf: (called: string) => FunctionName
  /** The entries of a part's tokens; none if log-probabilities are not wanted. */
  readonly logprobs: (part: ReplyPart) => readonly unknown[]
}

/** The output of a response, put together from the parts of a reply, with the events that report it. */
export class Output {
  readonly #options: OutputOptions
  readonly #items: object[] = []
  #open: OutputItem | undefined

  constructor(options: OutputOptions) {
    this.#options = options
  }

  /** The finished items. */
  get items(): readonly object[] {
    return this.#items
  }

  /** The items, with one that is still being written as a cut one. */
  get itemsSoFar(): readonly object[] {
    return this.#open ? [...this.#items, this.#open.json('incomplete')] : this.#items
  }

  /** Adds a part. */
  *take(part: ReplyPart): Generator<ItemEvent> {
    const { reasoning, content, calls } = part
    if (reasoning !== '') {
      const item =
        this.#open instanceof ReasoningItem ? this.#open : new ReasoningItem(this.#options.reasoning)
      yield* this.#switchTo(item)
      yield this.#of(item.add(reasoning))
    }
    if (content !== '') {
      const item = this.#open instanceof MessageItem ? this.#open : new MessageItem()
      yield* this.#switchTo(item)
      yield this.#of(item.add(content, this.#options.logprobs(part)))
    }
    for (const call of calls) {
      const { begins, index, argumentsText, isLast } = call
      if (begins) yield* this.#switchTo(new CallItem(index, begins.id, this.#options.nameOf(begins.name)))
      const item = this.#open
      // What follows of a call that something else has ended is lost.
      if (!(item instanceof CallItem) || item.index !== index) continue
      if (argumentsText !== '') yield this.#of(item.add(argumentsText))
      if (isLast) yield* this.#close('completed')
    }
  }

  /** Ends the output; a reply without any text is an empty message. */
  *end(status: ItemStatus): Generator<ItemEvent> {
    if (!this.#open && this.#items.length === 0) yield* this.#switchTo(new MessageItem())
    yield* this.#close(status)
  }

  *#switchTo(item: OutputItem): Generator<ItemEvent> {
    if (item === this.#open) return
    yield* this.#close('completed')
    this.#open = item
    yield this.#of({ type: 'response.output_item.added', item: item.json('in_progress') })
    for (const event of item.opened()) yield this.#of(event)
  }

  *#close(status: ItemStatus): Generator<ItemEvent> {
    const item = this.#open
    if (!item) return
    for (const event of item.closed()) yield this.#of(event)
    const json = item.json(status)
    yield this.#of({ type: 'response.output_item.done', item: json })
    this.#items.push(json)
    this.#open = undefined
  }

  /** An event about the item that is being written. */
  #of(event: ItemEvent): ItemEvent {
    return { ...event, output_index: this.#items.length }
  }
}
