import type { ReplyEvent } from '../index.js'

/** An event of a reply in which a call begins with its id. */
export type HostedEvent =
  | Exclude<ReplyEvent, { readonly type: 'tool-call-start' }>
  | { readonly type: 'tool-call-start'; readonly index: number; readonly id: string; readonly name: string }

/** Holds back calls whose id is not known when they begin: those whose format has ids of its own behind the name. */
export class CallIds {
  #hasBegun = false
  #held: HostedEvent[] = [];

  *take(event: ReplyEvent): Generator<HostedEvent> {
    switch (event.type) {
      case 'tool-call-start': {
        const { index, name } = event
        const id = 'id' in event && typeof event.id === 'string' ? event.id : undefined
        this.#held = []
        this.#hasBegun = id !== undefined
        if (id !== undefined) yield { type: 'tool-call-start', index, id, name }
        break
      }
      case 'tool-call-delta':
        if (this.#hasBegun) yield event
        else this.#held.push(event)
        break
      case 'tool-call': {
        const { id, name } = event.call
        if (!this.#hasBegun) yield { type: 'tool-call-start', index: event.index, id, name }
        yield* this.#held
        yield event
        this.#end()
        break
      }
      case 'malformed-tool-call':
        yield event
        this.#end()
        break
      default:
        yield event
    }
  }

  #end(): void {
    this.#hasBegun = false
    this.#held = []
  }
}
